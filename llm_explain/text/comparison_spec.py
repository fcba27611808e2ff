"""What the sentence of a contrast or a what-if is to state: the specification that writer and verifier share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.text.sentence_spec import SentenceSpec

BASE = "base"
"""Key of the difference of the base values among the differences of a contrast."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two items of a contrast.

    Attributes:
        spec: Its title, and at most one claim about it: the reason that the sentence gives for it.
        player: Player that the claim speaks for; empty without a claim.
    """

    spec: SentenceSpec
    player: str = ""


@dataclass(frozen=True, slots=True)
class ContrastSpec:
    """Why one item scores above another.

    Attributes:
        item: The item with the higher score.
        other: The other item.
        differences: What each player adds to ``item`` beyond ``other``, in logits; ``base`` is the difference of the
            base values. They sum to the difference of the scores.
    """

    item: Side
    other: Side
    differences: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class WhatIfSpec:
    """The place of an item with and without some players.

    Attributes:
        spec: The item's title, without a claim.
        categories: Categories that are left out of the history.
        terms: Context terms that do not count.
        rank: Place among all candidates, from 1.
        rank_without: The same without the players.
    """

    spec: SentenceSpec
    categories: tuple[str, ...]
    terms: tuple[str, ...]
    rank: int
    rank_without: int
