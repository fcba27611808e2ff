"""The claim kind ``rated_item``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.cited_items import first_named, past_pairs
from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.kinds.similar_item import MIN_TELLING_SHARE, SimilarItem
from llm_explain.claims.verdicts import ratings_of

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Floats
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Claim, Fact
    from scoring.data.ratings import Ratings


class RatedItem(ClaimKind):
    """The user gave a high rating to an item that raised this score.

    Rule: the rating of an item is the value of the user's latest event of this very item before ``as_of`` that has a
    value and a kind of ``ratings`` in ``shop.yaml``, ``like`` or ``dislike``. Of several at that moment, it is the
    lowest. A rating is high from three quarters of the scale on. ``other_item_id`` is as for ``similar_item``, among
    the past items that the user rated high. ``rating`` is the rating, which has at most one decimal, and ``highest``
    the highest one of the scale.
    """

    name = "rated_item"
    scope = "past item"
    parts = SimilarItem.parts
    position = 70
    list_place = 0
    fact_place = 3
    needs_visible_link = True
    topic = SimilarItem.topic
    never_with = SimilarItem.never_with
    yields_to = SimilarItem.yields_to

    def is_telling(self, claim: Claim) -> bool:
        """Return whether the item alone is a tenth of what raised the score."""
        return claim.share >= MIN_TELLING_SHARE

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        ratings = subjects.shop.shop.ratings
        if ratings is None or ratings.high_from is None or not any(subjects.past_items):
            return NOTHING
        value = _ratings(subjects, ratings)
        is_high = (value >= max(ratings.high_from, ratings.liked_from)) & (np.round(value, 1) == value)
        cited = first_named(subjects, is_high, with_signals=True)
        rating = value[cited.places]
        facts: dict[str, list[Fact | None]] = {
            "other_item_id": [str(item_id) for item_id in subjects.shop.catalogue.item_ids[cited.other]],
            "rating": [_whole(each) for each in rating.tolist()],
            "highest": [_whole(ratings.highest or 0)] * len(rating),
        }
        return Findings(cited.rows, facts, event_kind=cited.event_kind, cites=cited.past)


def _ratings(subjects: Subjects, ratings: Ratings) -> Floats:
    """Return the user's rating of each of ``past_pairs``, NaN for none, shape ``(n,)``."""
    row, item = past_pairs(subjects)
    users = subjects.user[row]
    known = {user: ratings_of(subjects.evidence.histories[user], ratings) for user in np.unique(users).tolist()}
    found = [known[user].get(other, np.nan) for user, other in zip(users.tolist(), item.tolist(), strict=True)]
    return np.array(found, dtype=np.float64)


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number
