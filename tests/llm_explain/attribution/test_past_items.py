"""Past items of an attribution: what each adds is what the score loses without its rows."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shop import CUTOFF

from llm_explain.attribution.exact import MAX_ITEMS, attribute
from scoring.data.history import EventLog
from scoring.model.links import Links

if TYPE_CHECKING:
    from scoring.data.tables import Tables
    from scoring.scorer.scorer import GlassBoxScorer


def test_a_cited_item_is_what_its_rows_add(linked_scorer: GlassBoxScorer, shop_tables: Tables) -> None:
    history = EventLog(shop_tables.events, linked_scorer.catalogue).history("u03", CUTOFF)
    state, asked = linked_scorer.read(history), np.arange(0, 40, 7)
    found = attribute(linked_scorer, state, asked, max_groups=4)
    n_cited = 0
    for row, attribution in enumerate(found):
        links = linked_scorer.linked(state, asked)[row].sum()
        for player, items in zip(attribution.players, attribution.items, strict=True):
            phi = [item.phi for item in items]
            assert phi == sorted(phi, reverse=True)
            assert len(phi) <= MAX_ITEMS
            for item in items:
                deleted = linked_scorer.read(history.select(history.item_index != item.item_index))
                assert links - linked_scorer.linked(deleted, asked)[row].sum() == pytest.approx(item.phi, abs=1e-12)
                cited = attribution.citing(player, item.part)
                assert cited.parts[cited.players.index(player)][item.part] == item.phi
                n_cited += 1
    assert n_cited > 30


def test_items_stand_with_their_own_group(linked_scorer: GlassBoxScorer, shop_tables: Tables) -> None:
    history = EventLog(shop_tables.events, linked_scorer.catalogue).history("u05", CUTOFF)
    (attribution,) = attribute(linked_scorer, linked_scorer.read(history), np.array([8]), max_groups=4)
    category = linked_scorer.catalogue.category_index
    for items, categories in zip(attribution.items, attribution.categories, strict=True):
        assert {int(category[item.item_index]) for item in items} <= set(categories)
    assert attribution.items[attribution.players.index("rest")]


def test_without_links_no_item_is_known(shop_scorer: GlassBoxScorer, shop_tables: Tables) -> None:
    scorer = copy(shop_scorer)
    scorer.item_links = Links(len(scorer.catalogue))
    history = EventLog(shop_tables.events, scorer.catalogue).history("u05", CUTOFF)
    (attribution,) = attribute(scorer, scorer.read(history), np.array([8]))
    assert attribution.items == ()
