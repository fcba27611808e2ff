"""From a model's exact terms to the claims of one subject: players, kinds that can speak for them, and their order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

import numpy as np

from llm_explain.attribution.values import Attribution
from llm_explain.records import Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llm_explain.claims.kind import Findings
    from scoring.boosting.additive import AdditiveModel, Floats

Effect = Literal["raises", "lowers", "either"]
View = TypeVar("View")

PREFIX = "feature:"

LEAST_OPPOSING = 0.25
"""Least size of an opposing driver, as a share of the largest reason."""


class DriverKind(ABC, Generic[View]):
    """One kind of claim about what drives a score. The docstring of each subclass is its rule.

    Attributes:
        name: The kind's name in records, words and SQL.
        player: Player that it speaks for, without ``feature:``.
        parts: Features of the player that it can cite; the one with the largest attribution is cited.
        effect: Whether it can be told of a feature that raises the score, lowers it, or either.
    """

    name: ClassVar[str]
    player: ClassVar[str]
    parts: ClassVar[tuple[str, ...]]
    effect: ClassVar[Effect]

    @abstractmethod
    def find(self, view: View) -> Findings:
        """Apply the rule.

        Args:
            view: The subjects and what is known of them.

        Returns:
            The subjects for which the rule holds, with their facts.
        """


def attributions(model: AdditiveModel, x: Floats, player_of: Mapping[str, str]) -> list[Attribution]:
    """Return the exact Shapley values of each row's score, by player.

    Args:
        model: The model.
        x: Feature values, shape ``(n, n_features)``.
        player_of: Player of each feature; the parts of a player are its features.

    Returns:
        An attribution for each row; the value of a player is the sum of the terms of its features.
    """
    terms = model.terms(x)
    players: dict[str, list[int]] = {}
    for column, feature in enumerate(model.features):
        players.setdefault(player_of[feature], []).append(column)
    found = []
    for row in terms:
        parts = [{model.features[c]: float(row[c]) for c in columns} for columns in players.values()]
        found.append(
            Attribution(
                players=tuple(PREFIX + player for player in players),
                values=np.array([sum(each.values()) for each in parts]),
                parts=tuple(parts),
                base_value=model.base_value,
                score=model.base_value + float(row.sum()),
                categories=((),) * len(players),
            )
        )
    return found


def by_player(attribution: Attribution) -> dict[str, float]:
    """Return the attribution of each player by its name."""
    return dict(zip(attribution.players, np.asarray(attribution.values).tolist(), strict=True))


def totals(attribution: Attribution) -> dict[int, float]:
    """Return the sum of all positive attributions under 1, and the size of that of the negative ones under −1."""
    values = np.asarray(attribution.values)
    return {1: float(values[values > 0].sum()), -1: float(-values[values < 0].sum())}


def driver_claims(
    found: Iterable[tuple[DriverKind[View], Findings]], attributed: Sequence[Attribution]
) -> list[list[Claim]]:
    """Return every claim that is true and whose feature moves the score as the claim is told.

    A claim needs a feature whose attribution has the sign of its player's, so that it does not contradict the player.

    Args:
        found: Kinds with what they found.
        attributed: Attribution of each subject.

    Returns:
        Claims of each subject, largest attribution first.
    """
    claims: list[list[Claim]] = [[] for _ in attributed]
    values = [by_player(each) for each in attributed]
    parts = [dict(zip(each.players, each.parts, strict=True)) for each in attributed]
    sums = [totals(each) for each in attributed]
    for kind, findings in found:
        player = PREFIX + kind.player
        for place, row in enumerate(findings.rows.tolist()):
            value = values[row].get(player, 0.0)
            sign = 1 if value > 0 else -1
            if value == 0 or kind.effect == ("lowers" if sign > 0 else "raises"):
                continue
            own = parts[row][player]
            part = max(kind.parts, key=lambda name: sign * own.get(name, 0.0))
            phi = own.get(part, 0.0)
            if phi * sign > 0:
                share = abs(phi) / sums[row][sign]
                claims[row].append(Claim(kind.name, player, part, phi, share, findings.facts_at(place)))
    for of_subject in claims:
        of_subject.sort(key=lambda claim: (-abs(claim.phi), claim.kind))
    return claims


def choose(
    claims: Sequence[Claim], direction: int, *, most: int, most_opposing: int, least: float
) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Choose the drivers of one text: the largest in its direction and the largest against it, one for each player.

    An opposing driver is at least twice ``least`` and a quarter of the largest reason.

    Args:
        claims: Claims of one subject, largest attribution first.
        direction: 1 if the headline's drivers raise the score, −1 if they lower it.
        most: Most drivers in that direction.
        most_opposing: Most drivers against it.
        least: Least size of an attribution, in logits.

    Returns:
        Drivers in the direction, and against it.
    """
    chosen: dict[int, list[Claim]] = {1: [], -1: []}
    told: set[str] = set()
    for claim in claims:
        side = 1 if claim.phi * direction > 0 else -1
        limit = most if side > 0 else most_opposing
        strongest = abs(chosen[1][0].phi) if chosen[1] else 0.0
        enough = least if side > 0 else max(2 * least, LEAST_OPPOSING * strongest)
        if abs(claim.phi) >= enough and claim.player not in told and len(chosen[side]) < limit:
            chosen[side].append(claim)
            told.add(claim.player)
    return tuple(chosen[1]), tuple(chosen[-1])
