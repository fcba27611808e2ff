"""Each slot once, with a claim behind it, and in its role."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from llm_explain.records import Fault
from llm_explain.text.skeleton import ITEM, SLOT

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from llm_explain.verifier.compiled_lexicon import CompiledLexicon
    from llm_explain.verifier.rules import Rules


def slot_faults(lowered: str, claimed: frozenset[str], rules: Rules) -> tuple[list[Fault], tuple[tuple[str, str], ...]]:
    """Return faults of slots, and twins that stand for a slot left out.

    Args:
        lowered: Lower-cased sentence with slots.
        claimed: Claim kinds that it may, and must, state.
        rules: The claim kinds' rules.

    Returns:
        The faults, and pairs of slots whose values must agree; the first was left out for the second.
    """
    faults: list[Fault] = []
    found: Counter[str] = Counter()
    for match in SLOT.finditer(lowered):
        slot = match.group(1)
        found[slot] += 1
        if slot != ITEM and slot not in rules.kind_of_slot:
            faults.append(Fault("unknown_slot", f"{{{slot}}} is no slot", match.span()))
        elif slot != ITEM and rules.kind_of_slot[slot] not in claimed:
            faults.append(Fault("slot_added", f"{{{slot}}} has no claim", match.span()))
        if found[slot] > 1:
            faults.append(Fault("slot_repeated", f"{{{slot}}} stands more than once", match.span()))
    absent, same = _absent_slots(found, claimed, rules)
    return faults + absent, same


def _absent_slots(
    found: Counter[str], claimed: frozenset[str], rules: Rules
) -> tuple[list[Fault], tuple[tuple[str, str], ...]]:
    """Return faults of slots that should stand in the sentence, and twins that stand for them."""
    faults: list[Fault] = []
    same: list[tuple[str, str]] = []
    for slot in (slot for kind in sorted(claimed) for slot in rules.required.get(kind, ()) if not found[slot]):
        twins = [twin for twin in rules.roles[slot].twins if found[twin]]
        if twins:
            same.append((slot, twins[0]))
        else:
            faults.append(Fault("slot_missing", f"{{{slot}}} is missing"))
    for slot, partner in ((slot, role.partner) for slot, role in rules.roles.items() if role.partner):
        stand_ins = (partner, *rules.roles[partner].twins)
        if found[slot] and not any(found[each] for each in stand_ins):
            faults.append(Fault("slot_alone", f"{{{slot}}} is only true together with {{{partner}}}"))
    return faults, tuple(same)


def role_faults(lowered: str, wording: CompiledLexicon) -> Iterator[Fault]:
    """Yield a fault for each slot that does not stand in its role, and for words that lead to a slot and lack it.

    Args:
        lowered: Lower-cased sentence with slots.
        wording: The compiled lexicon.

    Yields:
        Fault: Each fault.
    """
    for match in SLOT.finditer(lowered):
        slot, span = match.group(1), match.span()
        stands = any(_covers(pattern, lowered, span) for pattern in wording.roles.get(slot, ()))
        if not stands or any(_covers(never, lowered, span) for never in wording.never_around.get(slot, ())):
            yield Fault("slot_role", f"{match.group(0)} may not stand here", span)
    for pattern, slots in wording.leads_to:
        for match in pattern.finditer(lowered):
            if not any(lowered.startswith(f" {{{slot}}}", match.end()) for slot in slots):
                yield Fault("slot_role", f"{match.group(0)!r} lacks what it leads to", match.span())


def _covers(pattern: re.Pattern[str], text: str, span: tuple[int, int]) -> bool:
    """Return whether a match of the pattern covers the span."""
    return any(match.start() <= span[0] and span[1] <= match.end() for match in pattern.finditer(text))
