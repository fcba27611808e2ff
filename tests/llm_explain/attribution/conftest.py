"""Fixtures of the tests of attributions."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import pytest

from scoring.data.log import Log
from scoring.features.link_tables import Transitions
from scoring.model.links import Decay, Links, LinkTable

if TYPE_CHECKING:
    from scoring.data.tables import Tables
    from scoring.scorer.scorer import GlassBoxScorer


@pytest.fixture(scope="module")
def linked_scorer(shop_scorer: GlassBoxScorer, shop_tables: Tables) -> GlassBoxScorer:
    """Return the scorer with a table of transitions, whatever validation chose."""
    scorer = copy(shop_scorer)
    log = Log.from_events(shop_tables.events, scorer.catalogue, shop=scorer.shop)
    table = Transitions().fit(log, scorer.candidates, len(scorer.catalogue))
    scorer.item_links = Links(len(scorer.catalogue), (LinkTable("transitions", table, Decay(30.0, 2.0), weight=0.7),))
    return scorer
