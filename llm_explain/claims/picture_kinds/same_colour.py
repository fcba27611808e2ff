"""The claim kind ``same_colour``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.cited_items import first_named, past_pairs
from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.pictures import MOST_DIFFERENCE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


class SameColour(ClaimKind):
    """The item has the main colour of a past item that raised this score.

    Rule: the colour of an item is L, a, b in ``embedding_colour`` (divided by 100). ``other_item_id`` is chosen by the
    distance of the colours and cited as for ``looks_like``, and its title is not the item's. The claim holds if

    - the colours of both items differ by a Euclidean distance of at most 0.04 (rounded to five decimals);
    - both fall into one named range of hue, lightness and chroma (``llm_explain.claims.pictures.COLOURS``), whose name
      is ``colour``;
    - at least 60 % of each foreground has that colour;
    - the user has no counted target event of the item's title.
    """

    name = "same_colour"
    scope = "past item"
    parts = ("links", "item")
    position = 68
    list_place = -1  # it says what the past item has to do with the item
    topic = "past item"
    never_with = frozenset({"item", "rhythm", "category", "other purchase", "brand", "price"})
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if not any(subjects.past_items):
            return NOTHING
        colours, names = shop.pictures.colours[:, :3], np.array(shop.pictures.colour_names, dtype=object)
        own = subjects.item
        difference = np.round(np.linalg.norm(colours[own][:, None, :] - colours[None, :, :], axis=2), 5)
        is_alike = (difference <= MOST_DIFFERENCE) & (names[own] != "")[:, None] & (names[own][:, None] == names)
        row, other = past_pairs(subjects)
        may_cite = is_alike[row, other] & (subjects.of_item.counts[row] == 0)
        rows, other, past, occasions, *_ = first_named(subjects, may_cite, distance=difference[row, other])
        facts: dict[str, list[Fact]] = {
            "other_item_id": [str(item_id) for item_id in shop.catalogue.item_ids[other]],
            "colour": [str(name) for name in names[own[rows]]],
        }
        return Findings(rows, facts, occasions, event_kind=kinds_of(subjects, occasions), cites=past)
