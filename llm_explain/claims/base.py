"""What a claim kind is: a rule that finds facts in the tables, and the part of the attribution that it speaks for."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from scoring.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.claims.evidence import Evidence
    from llm_explain.records import Fact

Scope = Literal["own group", "other group", "any group", "context"]
"""Players that a kind can speak for: the item's own category, another single one, either, or a context term."""

EVENT_KIND = "event_kind"
"""Fact of a claim about events that are no purchases: which kind they are, so that the verb can follow."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        facts: Values from the tables, by name.
        licences: Words of degree that the facts permit.
    """

    facts: Mapping[str, Fact]
    licences: frozenset[str] = frozenset()


class ClaimKind(ABC):
    """One kind of claim. The docstring of each subclass is its rule, in words that plain SQL can repeat.

    Attributes:
        name: The kind's name in records, prompts and policy.
        scope: Players that it can speak for.
        parts: Parts of the player that it can cite; the one with the largest attribution is cited.
        required_slots: Slots that a skeleton has exactly once.
        optional_slots: Slots that a skeleton has at most once.
    """

    name: ClassVar[str]
    scope: ClassVar[Scope]
    parts: ClassVar[tuple[str, ...]]
    required_slots: ClassVar[tuple[str, ...]] = ()
    optional_slots: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule.

        Args:
            evidence: The user, the item, the moment and the history group to speak of.

        Returns:
            The facts, or nothing where the rule does not hold.
        """


def with_kind(facts: dict[str, Fact], event_kind: str) -> dict[str, Fact]:
    """Return facts that say which kind of event they count, unless it is purchases.

    Args:
        facts: What the rule found.
        event_kind: Kind of the events that it counted.

    Returns:
        The facts, with ``event_kind`` where it is needed.
    """
    return facts if event_kind == PURCHASE else {**facts, EVENT_KIND: event_kind}


def round_down(value: float, digits: int) -> float:
    """Return a number that never overstates, after rounding the noise of single precision away.

    Args:
        value: A number that is not negative.
        digits: Decimals to keep.

    Returns:
        The largest number with so many decimals that is not above the value rounded to six decimals.
    """
    scale = 10**digits
    return float(math.floor(round(value, 6) * scale + 1e-9) / scale)
