"""From an attribution to the claims that may explain it: every rule that holds for a part that raised the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.category import CategoryAffinity, RelatedCategory, SimilarItem
from llm_explain.claims.context import NewArrival, Popular, Promotion, Season
from llm_explain.claims.habit import UsualBrand, UsualPrice
from llm_explain.claims.item import Due, RepeatItem
from llm_explain.records import Claim
from llm_explain.wishes import NO_WISHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.attribution import Attribution
    from llm_explain.claims.base import ClaimKind, Scope
    from llm_explain.claims.evidence import Evidence
    from llm_explain.wishes import Wishes

KINDS: Final[dict[str, ClaimKind]] = {
    kind.name: kind
    for kind in (
        RepeatItem(),
        Due(),
        UsualBrand(),
        UsualPrice(),
        SimilarItem(),
        CategoryAffinity(),
        RelatedCategory(),
        Promotion(),
        Popular(),
        NewArrival(),
        Season(),
    )
}
"""Every claim kind by name, the more telling first: of two claims with equal attribution the earlier one leads."""

NEUTRAL_KINDS: Final = ("popular", "promotion", "new_arrival", "season")
"""Kinds that say something of the item alone, in the order in which a neutral text prefers them."""

GROUP_PREFIX: Final = "group:"
CONTEXT_PREFIX: Final = "context:"

Speaker = tuple[str, "Mapping[str, float]", "Evidence"]
"""A player that a claim can speak for: its name, its parts, and the evidence on the group behind it."""


def derive(evidence: Evidence, attribution: Attribution) -> list[Claim]:
    """Return every claim that is true and speaks for a part that raised the score.

    A claim speaks only for a player whose attribution is positive, by a part of it that is positive: without that
    evidence the score would be lower. ``rest`` has no claims, because it has no name.

    Args:
        evidence: The user, the item and the moment.
        attribution: Exact Shapley values of this user and item.

    Returns:
        Claims, largest attribution first; ties in the order of ``KINDS``, then by player.
    """
    positive = float(attribution.values[attribution.values > 0].sum())
    speakers = _speakers(evidence, attribution)
    claims = []
    for kind in KINDS.values():
        for player, parts, seen in speakers.get(kind.parts[0] if kind.scope == "context" else kind.scope, ()):
            phi, part = max((float(parts.get(part, 0.0)), part) for part in kind.parts)
            finding = kind.find(seen) if phi > 0 else None
            if finding is not None:
                claims.append(Claim(kind.name, player, part, phi, phi / positive, finding.facts, finding.licences))
    order = {name: place for place, name in enumerate(KINDS)}
    return sorted(claims, key=lambda claim: (-claim.phi, order[claim.kind], claim.player))


def _speakers(evidence: Evidence, attribution: Attribution) -> dict[str, list[Speaker]]:
    """Return the players that raised the score and have a name, by scope of group or by context term."""
    found: dict[str, list[Speaker]] = {}
    values = attribution.values.tolist()
    for player, value, parts, categories in zip(
        attribution.players, values, attribution.parts, attribution.categories, strict=True
    ):
        if value > 0 and player.startswith(CONTEXT_PREFIX):
            found.setdefault(player.removeprefix(CONTEXT_PREFIX), []).append((player, parts, evidence))
        elif value > 0 and player.startswith(GROUP_PREFIX):
            seen = evidence.about(categories[0])
            scope: Scope = "own group" if seen.group == seen.category_index else "other group"
            found.setdefault(scope, []).append((player, parts, seen))
            found.setdefault("any group", []).append((player, parts, seen))
    return found


def neutral(evidence: Evidence, wishes: Wishes = NO_WISHES) -> Claim | None:
    """Return a true statement about the item for a text without a reason.

    It is no reason: its attribution is given as 0, and a text from it may make no causal statement ("because",
    "since you", "that is why").

    Args:
        evidence: The user, the item and the moment.
        wishes: What the user does not want to be told.

    Returns:
        The first of ``NEUTRAL_KINDS`` that holds, that the policy lets be spoken of this item and that the user has not
        switched off; ``None`` where none.
    """
    for name in NEUTRAL_KINDS:
        kind = KINDS[name]
        if not evidence.shop.policy.may_speak(name, evidence):
            continue
        finding = kind.find(evidence)
        if finding is not None:
            part = kind.parts[0]
            claim = Claim(name, CONTEXT_PREFIX + part, part, 0.0, 0.0, finding.facts, finding.licences)
            if wishes.allow(claim, evidence.item_id):
                return claim
    return None
