"""The claim kind ``repeat_item``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings, kinds_of
from llm_explain.claims.occasions import to_dates

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Claim, Fact


MIN_REPEATS: Final = 2
"""Occasions from which on a claim about the item says more than one about its category."""


class RepeatItem(ClaimKind):
    """The user bought this very item before.

    Rule: a counted event is a target event before ``as_of`` that no return took back. ``count`` is the number of the
    user's occasions with a counted event of an item that has the item's title; it holds from one on, so that a new
    customer hears more than nothing. ``last`` is the local day of the latest of these events; a log whose times only
    order the events gives no ``last``. Of several target kinds, only events of the first kind that occurs among them
    count; ``event_kind`` names it if it is not ``purchase``.
    """

    name = "repeat_item"
    scope = "own group"
    parts = ("times_bought",)
    position = 10
    again_place = 30
    topic = "item"
    never_with = frozenset({"category", "other purchase", "brand"})

    def is_telling(self, claim: Claim) -> bool:
        """Return whether the user bought the item more than once."""
        count = claim.facts["count"]
        return isinstance(count, int) and count >= MIN_REPEATS

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        occasions = subjects.of_item
        rows = np.flatnonzero(occasions.counts)
        found = occasions.take(rows)
        facts: dict[str, list[Fact]] = {"count": found.counts.tolist()}
        if subjects.shop.has_dates:
            facts["last"] = [*to_dates(found.last_day)]
        return Findings(rows, facts, found, event_kind=kinds_of(subjects, found))
