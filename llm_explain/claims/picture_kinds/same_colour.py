"""The claim kind ``same_colour``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings, kinds_of
from llm_explain.claims.picture_kinds.candidates import bought_and_alike
from llm_explain.claims.pictures import MOST_DIFFERENCE
from llm_explain.claims.subjects import Subjects

if TYPE_CHECKING:
    from llm_explain.records import Fact


class SameColour(ClaimKind):
    """The item has the main colour of an item that the user bought.

    Rule: L, a, b in ``embedding_colour`` (divided by 100) of both items differ by a Euclidean distance of at most 0.04
    (rounded to five decimals), and both fall into one named range of hue, lightness and chroma
    (``llm_explain.claims.pictures.COLOURS``), with at least 60 % of the foreground in that colour. ``colour`` is the
    name. The other item, ``other_item_id``, is chosen as for ``looks_like``; its title is not the item's.
    """

    name = "same_colour"
    scope = "any group"
    parts = ("tower",)
    position = 71
    topic = "picture"
    never_with = frozenset({"other purchase"})
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        colours, names = shop.pictures.colours[:, :3], np.array(shop.pictures.colour_names, dtype=object)
        own = subjects.item
        difference = np.round(np.linalg.norm(colours[own][:, None, :] - colours[None, :, :], axis=2), 5)
        is_alike = (difference <= MOST_DIFFERENCE) & (names[own] != "")[:, None] & (names[own][:, None] == names)
        is_alike &= shop.title_index[own][:, None] != shop.title_index[None, :]
        rows, other = bought_and_alike(subjects, is_alike, difference)
        found = Subjects.of(subjects.evidence, subjects.user[rows], other).of_item
        facts: dict[str, list[Fact]] = {
            "other_item_id": [str(item_id) for item_id in shop.catalogue.item_ids[other]],
            "colour": [str(name) for name in names[own[rows]]],
        }
        return Findings(rows, facts, found, event_kind=kinds_of(subjects, found))
