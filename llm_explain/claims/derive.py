"""From an attribution to the claims that may explain it: every rule that holds for a part that raised the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.registry import ClaimKinds
from llm_explain.records import Claim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.attribution.values import Attribution
    from llm_explain.claims.evidence import Evidence
    from llm_explain.claims.kind import Scope

GROUP_PREFIX: Final = "group:"
CONTEXT_PREFIX: Final = "context:"

Speaker = tuple[str, "Mapping[str, float]", "Evidence"]
"""A player that a claim can speak for: its name, its parts, and the evidence on the group behind it."""


def derive(evidence: Evidence, attribution: Attribution, kinds: ClaimKinds | None = None) -> list[Claim]:
    """Return every claim that is true and speaks for a part that raised the score.

    A claim speaks only for a player whose attribution is positive, by a part of it that is positive: without that
    evidence the score would be lower. ``rest`` has no claims, because it has no name.

    Args:
        evidence: The user, the item and the moment.
        attribution: Exact Shapley values of this user and item.
        kinds: Claim kinds in force; the installed ones if not given.

    Returns:
        Claims, largest attribution first; ties in the order of a sentence, then by player.
    """
    positive = float(attribution.values[attribution.values > 0].sum())
    speakers = _speakers(evidence, attribution)
    claims = []
    kinds = kinds or ClaimKinds.installed()
    for kind in kinds.values():
        for player, parts, seen in speakers.get(kind.parts[0] if kind.scope == "context" else kind.scope, ()):
            phi, part = max((float(parts.get(part, 0.0)), part) for part in kind.parts)
            finding = kind.find(seen) if phi > 0 else None
            if finding is not None:
                claims.append(Claim(kind.name, player, part, phi, phi / positive, finding.facts, finding.licences))
    return sorted(claims, key=lambda claim: (-claim.phi, kinds[claim.kind].position, claim.player))


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
