"""What a claim kind is: a rule that finds facts in the tables, and the part of the attribution that it speaks for."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np

from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.attribution.values import PastItem
    from llm_explain.claims.occasions import Floats, Occasions
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Claim, Fact, SubjectType
    from scoring.data.catalogue import IndexArray

Scope = Literal["own group", "other group", "any group", "past item", "context", "feature"]
"""What a kind can speak for: the item's own category, another one, either, a past item, a context term, a feature."""

EVENT_KIND = "event_kind"
"""Fact of a claim about events that are not purchases: their kind, so that the verb can follow."""


@dataclass(frozen=True)
class Findings:
    """Where a rule holds, and what it found there, as columns.

    Attributes:
        rows: Subjects for which the rule holds, ascending, shape ``(n_found,)``.
        facts: Values by name, one for each row; ``None`` in a column means that the row lacks the fact.
        occasions: Occasions that words of degree would speak of, a group for each row; ``None`` for a claim without.
        share: Share that the claim states, shape ``(n_found,)``; ``None`` if it states no share.
        event_kind: Kind of the events that the claim counts, one for each row; ``None`` for a claim about no events.
        cites: The past item whose attribution each row cites, instead of the largest of the kind's parts.
    """

    rows: IndexArray
    facts: Mapping[str, Sequence[Fact | None]]
    occasions: Occasions | None = None
    share: Floats | None = None
    event_kind: Sequence[str] | None = None
    cites: Sequence[PastItem] | None = None

    def facts_at(self, place: int) -> dict[str, Fact]:
        """Return the facts of one row.

        Args:
            place: Place among ``rows``.

        Returns:
            Values by name, with ``event_kind`` if the claim counts events that are not purchases.
        """
        found = {name: column[place] for name, column in self.facts.items()}
        facts = {name: value for name, value in found.items() if value is not None}
        if self.event_kind is not None and self.event_kind[place] != PURCHASE:
            facts[EVENT_KIND] = self.event_kind[place]
        return facts


NOTHING: Final = Findings(np.array([], dtype=np.int64), {})
"""Findings of a rule that holds for no subject."""


class ClaimKind(ABC):
    """One kind of claim. The docstring of each subclass is its rule, in words that plain SQL can repeat.

    A kind knows no other kind: what it may accompany is said by topics.

    Attributes:
        name: The kind's name in records, prompts and policy.
        subject: What its claims are about.
        scope: Players that it can speak for.
        parts: Parts of the player that it can cite; the one with the largest attribution is cited.
        position: Its place in a sentence; kinds with small numbers come first, those of one number in the order
            of their names. Breaks ties between attributions too.
        neutral_place: Its place among the facts that a text without a reason may state; ``None`` if it may not.
        again_place: Its place among the claims that a line of an *again* card may state; ``None`` if it may not.
        new_place: Its place among the claims that a line of a *new* card may state, which say what is new about a
            product that the user knows; ``None`` if it may not.
        badge_place: Its place among the claims that a badge may state; ``None`` if it may not.
        fact_place: Its place among the facts about the user that join a reason which holds of many items; ``None`` if
            it is not one of them.
        is_reason: Whether a sentence may give it as a reason; ``False`` for a kind that only badges state.
        is_scarce: Whether many items have it: no badge in *again* states it, and a second card of a page does so last.
        most_badges: A badge, or a card without a reason, states it only while fewer cards of the page than this speak
            of its topic; ``None`` for any number.
        stands_alone: Whether it may be all that a card states.
        list_place: Its place among the reasons of a composed list, whatever the attributions: -1 tells what a past
            item has to do with it, 0 names one, 1 a category, 2 speaks of the item, 3 and 4 say the same of many items;
            ``None`` if a list does not give it.
        needs_visible_link: Whether a composed list gives it only if a person would see the link with the item.
        states_link: Whether it tells why the past item has to do with the item, so that a text needs nothing else.
        tells_category: Whether it speaks of the item's category. A composed list then gives it only if the title says
            more than that.
        topic: What it speaks of; two claims of one topic are never joined.
        never_with: Topics that it is never joined with.
        yields_to: Topics that replace it, whatever the attributions, where they speak for the same player.
        counts_events: Whether its claims speak of events, so that two of them in a sentence need one event kind.
        fits_sensitive_items: Whether it may be said of a sensitive item: it tells nothing about the user and does not
            name the category.
        prompts: Folder with the kind's own ``<locale>/claims/<name>.yaml``; the package's prompts if ``None``.
    """

    name: ClassVar[str]
    subject: ClassVar[SubjectType] = "item"
    scope: ClassVar[Scope]
    parts: ClassVar[tuple[str, ...]]
    position: ClassVar[int]
    neutral_place: ClassVar[int | None] = None
    again_place: ClassVar[int | None] = None
    new_place: ClassVar[int | None] = None
    badge_place: ClassVar[int | None] = None
    fact_place: ClassVar[int | None] = None
    is_reason: ClassVar[bool] = True
    is_scarce: ClassVar[bool] = False
    most_badges: ClassVar[int | None] = None
    stands_alone: ClassVar[bool] = True
    list_place: ClassVar[int | None] = 2
    needs_visible_link: ClassVar[bool] = False
    states_link: ClassVar[bool] = False
    tells_category: ClassVar[bool] = False
    topic: ClassVar[str]
    never_with: ClassVar[frozenset[str]] = frozenset()
    yields_to: ClassVar[frozenset[str]] = frozenset()
    counts_events: ClassVar[bool] = True
    fits_sensitive_items: ClassVar[bool] = False
    prompts: ClassVar[Path | None] = None

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
        """Return whether a claim says enough to replace those that yield to its topic.

        Args:
            claim: A claim of this kind.

        Returns:
            True unless a subclass says otherwise.
        """
        del claim
        return True

    @abstractmethod
    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule.

        Args:
            subjects: Users, items and history groups to speak of.

        Returns:
            The subjects for which the rule holds, with their facts.
        """


def kinds_of(subjects: Subjects, occasions: Occasions) -> list[str]:
    """Return the kind of the events that each group of occasions counts."""
    names = subjects.shop.shop.target_kinds
    return [names[kind] for kind in occasions.event_kind.tolist()]
