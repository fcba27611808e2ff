"""What a claim kind is: a rule that finds facts in the tables, and the part of the attribution that it speaks for."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.claims.evidence import Evidence
    from llm_explain.records import Claim, Fact

Scope = Literal["own group", "other group", "any group", "context"]
"""Players that a kind can speak for: the item's own category, another single one, either, or a context term."""

SubjectType = Literal["item", "user", "item_in_store", "offer"]
"""What is explained: an item for a user, a user, an item in a store, or an offer for a user."""

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

    A kind knows no other kind: what it may accompany is said by topics.

    Attributes:
        name: The kind's name in records, prompts and policy.
        subject: What its claims are about.
        scope: Players that it can speak for.
        parts: Parts of the player that it can cite; the one with the largest attribution is cited.
        position: Its place in a sentence; kinds with small numbers come first. Breaks ties between attributions too.
        neutral_place: Its place among the facts that a text without a reason may state; ``None`` if it may not.
        topic: What it speaks of; two claims of one topic are never joined.
        never_with: Topics that it is never joined with.
        yields_to: Topics that replace it, whatever the attributions, where they speak for the same player.
        fits_sensitive_items: Whether it may be said of a sensitive item: it tells nothing about the user and does not
            name the category.
        prompts: Folder with the kind's own ``<locale>/claims/<name>.yaml``; the package's prompts if ``None``.
        required_slots: Slots that a skeleton has exactly once.
        optional_slots: Slots that a skeleton has at most once.
    """

    name: ClassVar[str]
    subject: ClassVar[SubjectType] = "item"
    scope: ClassVar[Scope]
    parts: ClassVar[tuple[str, ...]]
    position: ClassVar[int]
    neutral_place: ClassVar[int | None] = None
    topic: ClassVar[str]
    never_with: ClassVar[frozenset[str]] = frozenset()
    yields_to: ClassVar[frozenset[str]] = frozenset()
    fits_sensitive_items: ClassVar[bool] = False
    prompts: ClassVar[Path | None] = None
    required_slots: ClassVar[tuple[str, ...]] = ()
    optional_slots: ClassVar[tuple[str, ...]] = ()

    @property
    def sql(self) -> Path:
        """File with the views that recompute the facts: ``<name>.sql`` next to the class."""
        return Path(inspect.getfile(type(self))).with_name(f"{self.name}.sql")

    def goes_with(self, other: ClaimKind) -> bool:
        """Return whether a sentence may join claims of this kind and another one.

        Args:
            other: Another kind.

        Returns:
            Whether the topics differ and neither kind excludes the topic of the other.
        """
        return self.topic != other.topic and other.topic not in self.never_with and self.topic not in other.never_with

    def is_telling(self, claim: Claim) -> bool:
        """Return whether a claim says enough to replace the claims that yield to its topic.

        Args:
            claim: A claim of this kind.

        Returns:
            True unless a subclass says otherwise.
        """
        del claim
        return True

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
