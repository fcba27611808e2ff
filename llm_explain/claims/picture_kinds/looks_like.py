"""The claim kind ``looks_like``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.cited_items import first_named, past_pairs
from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.pictures import LEAST_PICTURES, MOST_DISTANCE, NEAR_SHARE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


class LooksLike(ClaimKind):
    """The item's picture is among the nearest 1 % of the shop to that of a past item that raised this score.

    Rule: ``pictures`` is the number of items with ``embedding_image`` whose title is not the item's. Distances are
    Euclidean and rounded to five decimals. ``place`` is the place of ``other_item_id`` among these items by distance to
    the item's vector; equal distances share the first place. The claim holds if

    - ``pictures`` is at least 100, and ``place`` at most ``pictures`` / 100, rounded down;
    - the distance is at most 0.5: the nearest picture of a mixed shop may be quite unlike;
    - the user has no counted target event of the item's title, else the purchase says more.

    ``other_item_id`` is one of the past items that raised the score. The user has a counted target event of it (as for
    ``repeat_item``), its title has a letter, and it is not sensitive. Of several, those with at least half of the
    largest attribution remain. ``other_item_id`` is the one with the smallest distance, ties by attribution. The claim
    cites it.
    """

    name = "looks_like"
    scope = "past item"
    parts = ("links", "item")
    position = 69
    list_place = -1  # it says what the past item has to do with the item
    topic = "past item"
    never_with = frozenset({"item", "rhythm", "category", "other purchase", "brand", "price"})
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if not any(subjects.past_items):
            return NOTHING
        items, inverse = np.unique(subjects.item, return_inverse=True)
        place = shop.pictures.places(items, shop.title_index)
        pictures = np.isfinite(place).sum(axis=1)
        is_alike = (place <= (pictures // NEAR_SHARE)[:, None]) & (pictures >= LEAST_PICTURES)[:, None]
        distance = shop.pictures.distances(items)
        is_alike &= distance <= MOST_DISTANCE
        row, other = past_pairs(subjects)
        may_cite = is_alike[inverse[row], other] & (subjects.of_item.counts[row] == 0)
        rows, other, past, occasions, *_ = first_named(subjects, may_cite, distance=distance[inverse[row], other])
        facts: dict[str, list[Fact]] = {
            "other_item_id": [str(item_id) for item_id in shop.catalogue.item_ids[other]],
            "place": place[inverse[rows], other].astype(int).tolist(),
            "pictures": pictures[inverse[rows]].tolist(),
        }
        return Findings(rows, facts, occasions, event_kind=kinds_of(subjects, occasions), cites=past)
