"""What one sentence is to state: the request of the pipeline, and the specification that writer and verifier share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from llm_explain.text.skeleton import ITEM

Form = Literal["sentence", "line", "badge", "subject", "heading"]
"""A sentence by itself, a short line under the heading of a section, a badge next to a sentence, the subject line of a
message, or the heading of a shelf."""

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from llm_explain.records import Claim
    from llm_explain.text.skeleton import Need


class ContentPlan(NamedTuple):
    """What one sentence may say, without its names and numbers.

    Attributes:
        kinds: Claim kinds, in the order in which a sentence names them.
        slots: Slots that have a value.
        licences: Words of degree that its claims permit, each with its kind.
        is_neutral: Whether no cause may be claimed.
    """

    kinds: tuple[str, ...]
    slots: frozenset[str]
    licences: frozenset[tuple[str, str]]
    is_neutral: bool

    def permits(self, slots: Iterable[str], needs: Iterable[Need], *, is_causal: bool) -> bool:
        """Return whether a sentence says nothing else.

        Args:
            slots: Its slots.
            needs: Licences that it needs.
            is_causal: Whether it claims to give a reason.

        Returns:
            Whether the plan permits it.
        """
        licensed = (any((kind, need.degree) in self.licences for kind in need.kinds) for need in needs)
        return self.slots.issuperset(slots) and not (is_causal and self.is_neutral) and all(licensed)


@dataclass(frozen=True, slots=True)
class SentenceRequest:
    """What one sentence is to state.

    Attributes:
        claims: Reasons, or one statement about the item; at most one of a kind; empty if there is nothing to say.
        item_index: The recommended item; ``None`` for a subject without an item.
        user_id: The shop's id; ``None`` for a history without a user.
        as_of: The moment that the sentence speaks of.
        is_neutral: Whether the claims are no reasons, so that no cause may be claimed.
        form: Form of the text.
        plain_items: Ids of items that a text may name without size and mark, because no other one of the user and of
            the page has the name.
        alike_items: Ids of the user's other items, of which such a name is plain enough where the text counts nothing.
    """

    claims: tuple[Claim, ...]
    item_index: int | None
    user_id: str | None
    as_of: pd.Timestamp
    is_neutral: bool = False
    form: Form = "sentence"
    plain_items: frozenset[str] = frozenset()
    alike_items: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SentenceSpec:
    """What a sentence is written from and proven against; computed once by ``Realiser.specify``.

    The verifier does not trust ``values``: it reads each back and compares it with the facts of ``claims``.

    Attributes:
        claims: Claims that the sentence may, and must, state.
        title: Title of the recommended item; empty for one that is not named.
        as_of: The day that the sentence speaks of.
        titles: Titles of other items that claims name, by ``item_id``.
        event_kind: Kind of event that the claims count.
        is_neutral: Whether the claims are no reasons, so that no cause may be claimed.
        values: Value of each slot, as the writer writes it.
        is_of_many: Whether the item's title is a common noun of many things, so that the sentence says "they".
        is_feminine: Whether the dictionaries state that the name in the item's title is feminine.
        is_known: Whether the locale knows the number and gender of the item's name, so that words may agree with it.
    """

    claims: tuple[Claim, ...]
    title: str
    as_of: dt.date
    titles: Mapping[str, str] = field(default_factory=dict)
    event_kind: str = "purchase"
    is_neutral: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    is_of_many: bool = False
    is_feminine: bool = False
    is_known: bool = True

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Claim kinds of the sentence."""
        return frozenset(claim.kind for claim in self.claims)

    @cached_property
    def licences(self) -> dict[str, frozenset[str]]:
        """Words of degree that each claim permits, by kind."""
        return {claim.kind: claim.licences for claim in self.claims}

    def plan(self, kinds: tuple[str, ...], *, names_item: bool = False) -> ContentPlan:
        """Return what a sentence may say.

        Args:
            kinds: Claim kinds of the sentence, in the order in which it names them.
            names_item: Whether it may name the item.

        Returns:
            The plan.
        """
        licences = frozenset((kind, degree) for kind, degrees in self.licences.items() for degree in degrees)
        slots = frozenset(slot for slot in self.values if names_item or slot != ITEM)
        return ContentPlan(kinds, slots, licences, self.is_neutral)
