"""What a sentence says: each statement, word, cause and word of degree needs a claim that licenses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.records import Fault
from llm_explain.text.skeleton import ITEM, SLOT, Need
from llm_explain.verifier.compiled_lexicon import Phrase

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from llm_explain.verifier.compiled_lexicon import CompiledLexicon


def statement_faults(lowered: str, claimed: frozenset[str], wording: CompiledLexicon) -> Iterator[Fault]:
    """Yield faults for claims that are not stated and statements without a claim.

    Args:
        lowered: Lower-cased sentence with slots.
        claimed: Claim kinds that it may, and must, state.
        wording: The compiled lexicon.

    Yields:
        Fault: Each fault.
    """
    for kind in claimed & wording.states.keys():
        if not any(pattern.search(lowered) for pattern in wording.states[kind]):
            yield Fault("claim_missing", f"the sentence does not state {kind}")
    for kinds, pattern in wording.statements:
        if not kinds & claimed and (match := pattern.search(lowered)):
            yield Fault("claim_added", f"{match.group(0)!r} states what no claim says", match.span())


def word_faults(phrases: Iterable[Phrase], claimed: frozenset[str], wording: CompiledLexicon) -> Iterator[Fault]:
    """Yield faults for words without a licence.

    Args:
        phrases: Phrases of the sentence.
        claimed: Claim kinds that it may state.
        wording: The compiled lexicon.

    Yields:
        Fault: Each fault.
    """
    for text, start, end in phrases:
        if text in wording.degrees or text in wording.causes or wording.licensing.get(text, frozenset()) & claimed:
            continue
        if text in wording.forbidden:
            yield Fault(wording.forbidden[text], f"{text!r} may not be said", (start, end))
        elif text in wording.licensing:
            yield Fault(f"unlicensed_{wording.groups[text]}", f"no claim licenses {text!r}", (start, end))
        elif text not in wording.vocabulary:
            yield Fault("unknown_word", f"{text!r} is not in the vocabulary", (start, end))


def cause_faults(
    lowered: str, phrases: Iterable[Phrase], wording: CompiledLexicon, *, is_finished: bool = True
) -> Iterator[Fault]:
    """Yield a fault where one reason is said to be the cause of another.

    Args:
        lowered: Lower-cased sentence with slots.
        phrases: Its phrases.
        wording: The compiled lexicon.
        is_finished: Whether the sentence ends here; if not, faults that its end could mend are not yielded.

    Yields:
        Fault: Each fault.
    """
    earlier = -1
    for phrase in phrases:
        direction = wording.causes.get(phrase.text)
        end = wording.form["sentence_end"]
        begin = _sentence_start(lowered, phrase.start, end)
        stop = _sentence_stop(lowered, phrase.end, end)
        before, after = lowered[begin : phrase.start], lowered[phrase.end : stop]
        if direction == "back" and earlier == begin:
            is_wrong = not wording.joins_reasons.search(before)
        elif direction == "back":
            earlier = begin
            _, comma, last_clause = after.rpartition(wording.lexicon.form.comma)
            main_clause = before if before.strip() else last_clause if comma and is_finished else ""
            is_wrong = _says_something(wording, main_clause)
        elif direction == "forward":
            is_wrong = _says_something(wording, after) if is_finished else _has_value(after)
        else:
            is_wrong = False
        if is_wrong:
            span = (phrase.start, phrase.end)
            yield Fault("cause_between_facts", f"{phrase.text!r} makes one reason the cause of another", span)


def _says_something(wording: CompiledLexicon, part: str) -> bool:
    """Return whether a part of a sentence states a claim."""
    if _has_value(part):
        return True
    patterns = [pattern for group in wording.states.values() for pattern in group]
    patterns += [pattern for _, pattern in wording.statements]
    return any(pattern.search(part.strip()) for pattern in patterns)


def _has_value(part: str) -> bool:
    """Return whether a part of a sentence has a slot of a claim."""
    return any(slot != ITEM for slot in SLOT.findall(part))


def degree_needs(
    lowered: str, phrases: Iterable[Phrase], claimed: frozenset[str], wording: CompiledLexicon
) -> tuple[frozenset[Need], list[Fault]]:
    """Return the licences that words of degree need, each bound to the claim of its clause.

    Args:
        lowered: Lower-cased sentence with slots.
        phrases: Its phrases.
        claimed: Claim kinds that it may state.
        wording: The compiled lexicon.

    Returns:
        The licences, and a fault for each word that no claim in its clause could license.
    """
    needs: set[Need] = set()
    faults: list[Fault] = []
    for phrase in phrases:
        if phrase.text not in wording.degrees:
            continue
        kinds = _kinds_of_clause(lowered, phrase, wording) & claimed
        if any(phrase.text in wording.rules.kinds[kind].licences.degrees for kind in kinds):
            continue
        degree = wording.degrees[phrase.text]
        if not kinds:
            faults.append(
                Fault("unlicensed_degree", f"{phrase.text!r} belongs to no claim", (phrase.start, phrase.end))
            )
        needs |= {Need(alike, degree) for alike in _counting_alike(kinds, wording)}
    for degree, pattern in wording.degree_patterns:
        for match in pattern.finditer(lowered):
            phrase = Phrase(match.group(0), match.start(), match.end())
            # Tense belongs to the claim of its clause; where the clause states none, to any claim of the sentence.
            kinds = _kinds_of_clause(lowered, phrase, wording) & claimed
            needs |= {Need(alike, degree) for alike in _counting_alike(kinds, wording)} or {Need(claimed, degree)}
    for kind, degree, pattern in wording.needs:
        if kind in claimed and pattern.search(lowered):
            needs.add(Need(frozenset({kind}), degree))
    return frozenset(needs), faults


def _counting_alike(kinds: Iterable[str], wording: CompiledLexicon) -> set[frozenset[str]]:
    """Return groups of kinds whose occasions are occasions of the same, so that a licence of one is one of all."""
    by_object: dict[str, set[str]] = {}
    for kind in kinds:
        by_object.setdefault(wording.rules.kinds[kind].licences.counts or kind, set()).add(kind)
    return set(map(frozenset, by_object.values()))


def _kinds_of_clause(lowered: str, phrase: Phrase, wording: CompiledLexicon) -> frozenset[str]:
    """Return the claim kinds that the clause around a phrase states."""
    breaks = [
        (0, 0),
        *(match.span() for match in wording.clause_break.finditer(lowered)),
        (len(lowered), len(lowered)),
    ]
    begin = max(stop for _, stop in breaks if stop <= phrase.start)
    end = min(start for start, stop in breaks if start >= phrase.end)
    clause = lowered[begin:end].strip()
    of_slot = wording.rules.kind_of_slot
    kinds = {of_slot[slot] for slot in SLOT.findall(clause) if slot in of_slot}
    kinds |= {kind for kind, patterns in wording.states.items() if any(p.search(clause) for p in patterns)}
    for stated, pattern in wording.statements:
        kinds |= stated if pattern.search(clause) else set()
    return frozenset(kinds)


def _sentence_start(text: str, before: int, sentence_end: re.Pattern[str]) -> int:
    return max((match.end() for match in sentence_end.finditer(text, 0, before)), default=0)


def _sentence_stop(text: str, after: int, sentence_end: re.Pattern[str]) -> int:
    match = sentence_end.search(text, after)
    return match.start() if match else len(text)
