"""The search for weights on scores whose right weights are known."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.training.quality import Asked
from scoring.training.weight_search import WeightSearch

N_USERS, N_ITEMS = 400, 40


@pytest.fixture(scope="module")
def search() -> WeightSearch:
    """Two parts that each tell a half of the truth, and three of noise."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(2, N_USERS, N_ITEMS))
    is_hit = truth.sum(axis=0) >= np.sort(truth.sum(axis=0), axis=1)[:, -1:]
    noise = rng.normal(size=(3, N_USERS, N_ITEMS))
    values = np.concatenate([truth, noise]).astype(np.float32)
    nothing = np.zeros_like(is_hit)
    return WeightSearch(values, Asked(is_hit, nothing, nothing, only_new=True), np.zeros(5, dtype=bool), 1)


def test_parts_that_add_up_are_added_up(search: WeightSearch) -> None:
    starts = list(np.eye(5))
    search.compare({str(place): start for place, start in enumerate(starts)})
    weights = search.best(starts[:2])
    assert 0.5 < weights[0] / weights[1] < 2.0
    assert np.abs(weights[2:]).max() < 0.5 * weights[:2].min(), "noise is not taken for evidence"
    assert search.value(weights) > 1.3


def test_the_best_start_is_never_lost(search: WeightSearch) -> None:
    starts = list(np.eye(5))
    found = search.compare({str(place): start for place, start in enumerate(starts)})
    weights = search.best(starts)
    assert (search.means(weights) >= np.max(list(found.values()), axis=0)).all()


def test_a_part_that_is_left_out_keeps_no_weight(search: WeightSearch) -> None:
    left_out = np.array([False, True, False, False, False])
    other = WeightSearch(search.values, search.asked, left_out, 1)
    other.compare({"first": np.eye(5)[0]})
    assert other.best([np.eye(5)[0]])[1] == 0.0


def test_the_slope_makes_scores_log_odds(search: WeightSearch) -> None:
    weights = np.array([0.0, 2.0, 0.0, 0.0, 0.0])
    once, twice = search.slope(weights), search.slope(2 * weights)
    assert once == pytest.approx(2 * twice, rel=1e-3)
