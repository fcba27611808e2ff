"""Links from vectors: near items are linked, both ways, and only to candidates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log
from scoring.data.shop import Shop
from scoring.features.near import Near

N = 30
ANGLE = np.pi / 60


def catalogue() -> Catalogue:
    """Thirty items on an arc, three degrees apart; the last one has no vector."""
    vectors: list[list[float] | None] = [[float(np.cos(n * ANGLE)), float(np.sin(n * ANGLE))] for n in range(N)]
    vectors[-1] = None
    ids = [f"i{n:02d}" for n in range(N)]
    return Catalogue(pd.DataFrame({"item_id": ids, "title": ids, "category": "x", "embedding_arc": vectors}))


def log(items: Catalogue, *names: str) -> Log:
    moments = pd.date_range("2025-01-01", periods=len(names), freq="D")
    events = pd.DataFrame({"user_id": "u", "item_id": [*names], "timestamp": moments})
    return Log.from_events(events, items, shop=Shop())


def test_each_past_item_is_linked_to_its_neighbours_on_the_arc() -> None:
    items = catalogue()
    (near,) = Near.of(items)
    assert near.name == "near:embedding_arc"
    table = near.fit(log(items, "i10", "i20"), np.arange(N), N)  # a tenth of 29 vectors: two neighbours each
    assert sorted(table[[10]].indices.tolist()) == [9, 11]
    assert sorted(table[[20]].indices.tolist()) == [19, 21]
    # All links end at one distance, which is σ, so each is exp(−1).
    np.testing.assert_allclose(table[[10]].data, np.exp(-1.0))
    assert table[9, 10] == pytest.approx(np.exp(-1.0))  # the other way too
    assert table[[29]].nnz == 0


def test_links_lead_to_candidates_alone() -> None:
    items = catalogue()
    table = Near.of(items)[0].fit(log(items, "i10"), np.array([3, 11, 25]), N)
    assert set(table.indices.tolist()) <= {3, 11, 25}
    assert table[10, 11] > table[10, 3] > 0.0


def test_a_catalogue_without_vectors_has_no_such_links() -> None:
    items = catalogue().items
    assert Near.of(Catalogue(items.drop(columns="embedding_arc"))) == []
    assert Near.of(Catalogue(items.assign(embedding_arc=None))) == []
