"""The claim kind ``looks_like``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.picture_kinds.candidates import bought_and_alike
from llm_explain.claims.pictures import LEAST_PICTURES, NEAR_SHARE
from llm_explain.claims.subjects import Subjects

if TYPE_CHECKING:
    from llm_explain.records import Fact


class LooksLike(ClaimKind):
    """The item's picture is among the nearest 1 % of the shop to that of an item that the user bought.

    Rule: ``pictures`` is the number of items with ``embedding_image`` whose title is not the item's, at least 100.
    ``place`` is the place of ``other_item_id`` among them by Euclidean distance to the item's vector (rounded to five
    decimals, equal distances sharing the first place); it holds up to ``pictures`` / 100, rounded down. The other item
    lies in the cited player's category, is not sensitive, and its title makes at least half of the user's occasions in
    that category (counted events as for ``category_affinity``). Of several the nearest one.
    """

    name = "looks_like"
    scope = "any group"
    parts = ("tower",)
    position = 72
    topic = "picture"
    never_with = frozenset({"other purchase"})
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        items, inverse = np.unique(subjects.item, return_inverse=True)
        place = shop.pictures.places(items, shop.title_index)
        pictures = np.isfinite(place).sum(axis=1)
        is_alike = (place <= (pictures // NEAR_SHARE)[:, None]) & (pictures >= LEAST_PICTURES)[:, None]
        if not is_alike.any():
            return NOTHING
        rows, other = bought_and_alike(subjects, is_alike[inverse], place[inverse])
        found = Subjects.of(subjects.evidence, subjects.user[rows], other).of_item
        facts: dict[str, list[Fact]] = {
            "other_item_id": [str(item_id) for item_id in shop.catalogue.item_ids[other]],
            "place": place[inverse[rows], other].astype(int).tolist(),
            "pictures": pictures[inverse[rows]].tolist(),
        }
        return Findings(rows, facts, found, event_kind=kinds_of(subjects, found))
