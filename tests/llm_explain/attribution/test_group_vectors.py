"""Group vectors: weights before the last linear maps, and single precision with an exact sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.group_vectors import VectorCache, group_vectors
from llm_explain.attribution.partition import partition
from llm_explain.attribution.shapley import all_coalitions, shapley_values

if TYPE_CHECKING:
    from scoring.data.history import EventLog
    from scoring.data.tables import Tables
    from scoring.scorer.scorer import GlassBoxScorer


def _log(scorer: GlassBoxScorer, tables: Tables) -> EventLog:
    from scoring.data.history import EventLog

    return EventLog(tables.events, scorer.catalogue, scorer.shop)


def test_weighted_embeddings_are_the_shapley_values_of_all_embeddings(
    shop_scorer: GlassBoxScorer, shop_tables: Tables
) -> None:
    log = _log(shop_scorer, shop_tables)
    for user_id in log.user_ids[:5]:
        state = shop_scorer.read(log.history(user_id, shop_scorer.snapshot.as_of))
        groups = partition(state.history, shop_scorer.catalogue)
        sums = state.group_sums(groups.group_of(state.categories), len(groups))
        embeddings = state.embed(all_coalitions(len(groups)).astype(np.float64) @ sums)
        found = group_vectors(state, groups)
        np.testing.assert_allclose(found.added, shapley_values(embeddings), atol=1e-12)
        np.testing.assert_allclose(found.empty + found.added.sum(axis=0), state.user_embedding_all, atol=1e-12)


def test_single_precision_keeps_the_sum_and_each_value_to_a_millionth(
    shop_scorer: GlassBoxScorer, shop_tables: Tables
) -> None:
    log = _log(shop_scorer, shop_tables)
    cache = VectorCache(is_single=True)
    largest = 0.0
    for user_id in log.user_ids[:20]:
        state = shop_scorer.read(log.history(user_id, shop_scorer.snapshot.as_of))
        groups = partition(state.history, shop_scorer.catalogue)
        exact, found = group_vectors(state, groups), cache.get(state, groups)
        largest = max(largest, float(np.abs(exact.added - found.added).max()))
        np.testing.assert_allclose(found.empty + found.added.sum(axis=0), state.user_embedding_all, atol=1e-12)
    assert 0 < largest < 1e-6
