"""The claim kind ``similar_item``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.subjects import Subjects

if TYPE_CHECKING:
    from llm_explain.records import Fact


MIN_SIMILARITY: Final = 0.1
MIN_GROUP_SHARE: Final = 0.5
MAX_SIMILARITY_AGE_DAYS: Final = 90


class SimilarItem(ClaimKind):
    """The user bought an item whose customers often buy this one too.

    Rule: ``other_item_id`` is, of the ten items most similar to the item, the most similar one that lies in the cited
    player's category, that is not sensitive, whose title is not the item's, and whose title makes at least half of the
    user's occasions in that category (counted events as for ``category_affinity``), so that the model mostly read this
    item there. ``similarity`` is the number of distinct users with a target event of both in the 365 days before
    the snapshot, over the geometric mean of the numbers for each (at least 50 of each, and both at least twice as many
    as by chance), rounded down to two decimals; it holds from 0.10 on, with a snapshot that is at most 90 days older
    than ``as_of`` and not younger, in a shop with one target kind.
    """

    name = "similar_item"
    scope = "any group"
    parts = ("links", "tower")
    position = 70
    topic = "other purchase"
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, evidence = subjects.shop, subjects.evidence
        if shop.crowd_kind is None:
            return NOTHING
        age = subjects.snapshot_age_days
        near = shop.snapshot.neighbour_index[subjects.item]
        similarity = shop.similarity[subjects.item]
        category, title = shop.catalogue.category_index, shop.title_index
        may_be = (near >= 0) & (similarity >= MIN_SIMILARITY) & (category[near] == subjects.group[:, None])
        may_be &= title[near] != title[subjects.item][:, None]
        may_be &= ((age >= 0) & (age <= MAX_SIMILARITY_AGE_DAYS))[:, None]
        row, place = np.nonzero(may_be)
        other = near[row, place]
        key = evidence.title_in_category_key(subjects.user[row], other)
        count = evidence.by_title_in_category.of(key, subjects.as_of[row]).counts
        of_group = subjects.take(row).of_group.counts
        carries = np.flatnonzero((count >= 1) & (count >= MIN_GROUP_SHARE * of_group))
        best: dict[int, int] = {}
        for candidate in carries.tolist():
            if int(row[candidate]) not in best and not shop.is_sensitive(int(other[candidate])):
                best[int(row[candidate])] = candidate
        chosen = np.array([*best.values()], dtype=np.int64)
        rows, other = row[chosen], other[chosen]
        found = Subjects.of(evidence, subjects.user[rows], other).of_item
        facts: dict[str, list[Fact]] = {
            "other_item_id": [str(item_id) for item_id in shop.catalogue.item_ids[other]],
            "similarity": similarity[rows, place[chosen]].tolist(),
        }
        return Findings(rows, facts, found, event_kind=kinds_of(subjects, found))
