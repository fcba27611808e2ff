"""Choose the reasons of one sentence from the claims that hold, or a fact for a text without a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llm_explain.claims.derive import CONTEXT_PREFIX, GROUP_PREFIX, counted, words
from llm_explain.claims.kind import EVENT_KIND
from llm_explain.records import Claim
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.claims.degrees import Degrees
    from llm_explain.claims.kind import ClaimKind, Findings
    from llm_explain.claims.registry import ClaimKinds
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

    MayTell = Callable[[Claim, int], bool]


def select(claims: Sequence[Claim], item_index: int | None, *, shop: ShopEvidence, kinds: ClaimKinds) -> list[Claim]:
    """Choose the reasons of one sentence from the claims that hold.

    Takes the claims by attribution, largest first. It leaves out what is too small, vetoed or sensitive, what yields to
    a more telling claim for the same player, and what does not go with a claim already chosen. All reasons of a
    sentence speak of the same kind of event, because the sentence has one verb.

    Args:
        claims: Claims that ``derive`` found for one subject.
        item_index: The subject's item; ``None`` for a subject without an item.
        shop: The shop, with its policy.
        kinds: Claim kinds in force.

    Returns:
        At most ``max_reasons`` claims, largest attribution first.
    """
    chosen: list[Claim] = []
    for claim in allowed_claims(claims, item_index, shop=shop, kinds=kinds):
        if all(go_together(claim, other, kinds) for other in chosen):
            chosen.append(claim)
    return sorted(chosen[: shop.policy.settings.max_reasons], key=lambda claim: -claim.phi)


def allowed_claims(
    claims: Sequence[Claim], item_index: int | None, *, shop: ShopEvidence, kinds: ClaimKinds
) -> list[Claim]:
    """Return the claims that may be reasons, largest attribution first.

    Args:
        claims: Claims that ``derive`` found for one subject.
        item_index: The subject's item; ``None`` for a subject without an item.
        shop: The shop, with its policy.
        kinds: Claim kinds in force.

    Returns:
        The claims that are large enough, neither vetoed nor sensitive, and replaced by no more telling claim. A claim
        that replaces others counts with the largest attribution of them: it takes their place.
    """
    allowed = [claim for claim in claims if _is_allowed(claim, kinds[claim.kind], item_index, shop)]
    telling = {(kinds[claim.kind].topic, claim.player) for claim in allowed if kinds[claim.kind].is_telling(claim)}
    kept, replaced = [], dict.fromkeys(telling, 0.0)
    for claim in allowed:
        replacing = telling & {(topic, claim.player) for topic in kinds[claim.kind].yields_to}
        replaced |= {key: max(replaced[key], claim.phi) for key in replacing}
        if not replacing:
            kept.append(claim)
    return sorted(kept, key=lambda claim: -max(claim.phi, replaced.get((kinds[claim.kind].topic, claim.player), 0.0)))


def go_together(claim: Claim, other: Claim, kinds: ClaimKinds) -> bool:
    """Return whether two claims can be reasons of one sentence.

    Args:
        claim: A claim.
        other: Another claim about the same subject.
        kinds: Claim kinds in force.

    Returns:
        Whether they speak for different parts, their kinds go together, and they count events of one kind.
    """
    first, second = kinds[claim.kind], kinds[other.kind]
    if (claim.player, claim.part) == (other.player, other.part) or not first.goes_with(second):
        return False
    spoken = {_event_kind(each) for each in (claim, other) if kinds[each.kind].counts_events}
    return len(spoken) <= 1


def may_speak(kind: ClaimKind, item_index: int | None, shop: ShopEvidence) -> bool:
    """Return whether claims of a kind may be said of an item at all.

    Args:
        kind: The claim kind.
        item_index: The item; ``None`` for a subject without an item.
        shop: The shop, with its policy.

    Returns:
        False for a vetoed kind, for a kind that is blocked for the item's category, and for claims about a sensitive
        item that are personal or name its category.
    """
    if item_index is None:
        return shop.policy.may_speak_kind(kind.name)
    category = shop.catalogue.category_names[int(shop.catalogue.category_index[item_index])]
    if not shop.policy.may_speak_kind(kind.name, category):
        return False
    return kind.fits_sensitive_items or not shop.is_sensitive(item_index)


def neutral(
    subjects: Subjects,
    *,
    kinds: ClaimKinds,
    degrees: Degrees,
    may_tell: MayTell,
    among: Sequence[ClaimKind] | None = None,
    rows: Sequence[int] | None = None,
) -> list[Claim | None]:
    """Return a true statement about each subject for a text without a reason, or for a badge.

    Its attribution is given as 0, and a text from it may make no causal statement ("because", "since you", "that is
    why").

    Args:
        subjects: What is explained.
        kinds: Claim kinds in force.
        degrees: When the locale's words of degree are licensed.
        may_tell: Whether a claim may be told of the subject at a place. It is asked for each claim until one may.
        among: Kinds to try, the preferred ones first; the neutral kinds if not given.
        rows: Places of the subjects that are asked for, ascending; all if not given.

    Returns:
        The first kind that holds, that the policy lets be spoken and that may be told; ``None`` where none.
    """
    found: list[Claim | None] = [None] * len(subjects)
    told: list[tuple[list[int], Findings]] = []
    items = [item if item >= 0 else None for item in subjects.item.tolist()]
    asked = range(len(items)) if rows is None else rows
    for kind in kinds.neutral(subjects.type) if among is None else among:
        open_rows = [row for row in asked if found[row] is None and may_speak(kind, items[row], subjects.shop)]
        if not open_rows:
            continue
        findings, row_of = subjects.findings(kind, open_rows)
        is_open, part, places = {*open_rows}, kind.parts[0], list[int]()
        for place, row in enumerate(map(row_of.__getitem__, findings.rows.tolist())):
            if row not in is_open:
                continue
            facts = findings.facts_at(place)
            claim = Claim(kind.name, _player_of(kind, facts, subjects.shop), part, 0.0, 0.0, facts)
            if may_tell(claim, row):
                found[row] = claim
                places.append(place)
                is_open.remove(row)
        if places:
            told.append(([row_of[row] for row in findings.rows[places].tolist()], counted(findings, places)))
    for (of_kind, _), licences in zip(told, words([each for _, each in told], degrees), strict=True):
        for row, licensed in zip(of_kind, licences, strict=True):
            if (claim_told := found[row]) is not None:
                found[row] = replace(claim_told, licences=licensed)
    return found


def _player_of(kind: ClaimKind, facts: Mapping[str, Fact], shop: ShopEvidence) -> str:
    """Return the player that a fact speaks of: the group of the user's purchases, or else a context term."""
    category = facts.get("category") if kind.scope == "own group" else None
    if kind.scope == "past item" and "other_item_id" in facts:
        (other,) = shop.catalogue.index_of([str(facts["other_item_id"])])
        category = shop.catalogue.category_names[int(shop.catalogue.category_index[other])]
    return CONTEXT_PREFIX + kind.parts[0] if category is None else f"{GROUP_PREFIX}{category}"


def _is_allowed(claim: Claim, kind: ClaimKind, item_index: int | None, shop: ShopEvidence) -> bool:
    policy = shop.policy
    least = policy.settings.min_item_share if kind.scope == "past item" else policy.settings.min_share
    return claim.share >= least and may_speak(kind, item_index, shop) and names_allowed_category(claim, shop)


def names_allowed_category(claim: Claim, shop: ShopEvidence) -> bool:
    """Return whether the policy lets a claim name its category.

    Args:
        claim: A claim.
        shop: The shop, with its policy.

    Returns:
        True for a claim that names no category.
    """
    category = claim.facts.get("category")
    return not isinstance(category, str) or (
        shop.policy.may_name_category(category) and shop.policy.may_speak_kind(claim.kind, category)
    )


def _event_kind(claim: Claim) -> Fact:
    return claim.facts.get(EVENT_KIND, PURCHASE)
