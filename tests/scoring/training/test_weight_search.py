"""The search for weights on scores whose right weights are known."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.training import weight_search
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


def test_a_part_may_lower_the_score_where_that_is_allowed(search: WeightSearch) -> None:
    values = search.values * np.array([1, -1, 1, 1, 1], dtype=np.float32)[:, None, None]
    for may_fall in (False, True):
        other = WeightSearch(values, search.asked, np.zeros(5, dtype=bool), 1, np.full(5, may_fall))
        other.compare({"first": np.eye(5)[0]})
        assert (other.best([np.eye(5)[0]])[1] < 0) == may_fall


def test_the_slope_makes_scores_log_odds(search: WeightSearch) -> None:
    weights = np.array([0.0, 2.0, 0.0, 0.0, 0.0])
    once, twice = search.slope(weights), search.slope(2 * weights)
    assert once == pytest.approx(2 * twice, rel=1e-3)


def test_a_later_start_must_be_better_by_more_than_chance(search: WeightSearch) -> None:
    twin = WeightSearch(search.values[[0, 0]] + np.float32(0.0), search.asked, np.zeros(2, dtype=bool), 0)
    first, second = np.eye(2)
    twin.compare({"first": first})
    twin.is_left_out[:] = True  # starts alone, no changes
    assert (twin.best([second, first]) == second).all()
    pair = WeightSearch(search.values[[2, 0]], search.asked, np.zeros(2, dtype=bool), 0)
    pair.compare({"noise": first})
    pair.is_left_out[:] = True
    assert pair.best([first, second])[1] > 0, "evidence beats noise wherever it stands"


N_NOISE = 8
SEEDS = range(12)


def weights_of(seed: int, strength: float) -> np.ndarray:
    """Search from one part that knows the purchases, next to a second one of some strength and parts of pure noise."""
    rng = np.random.default_rng(seed)
    n_parts = 2 + N_NOISE
    values = rng.normal(size=(n_parts, 300, N_ITEMS)).astype(np.float32)
    is_hit = np.arange(N_ITEMS)[None, :] == rng.integers(N_ITEMS, size=300)[:, None]
    values[0] += 1.5 * is_hit
    values[1] += strength * is_hit
    nothing = np.zeros_like(is_hit)
    search = WeightSearch(values, Asked(is_hit, nothing, nothing, only_new=True), np.zeros(n_parts, dtype=bool), 0)
    start = np.eye(n_parts)[0]
    search.compare({"start": start})
    return search.best([start])


@pytest.mark.parametrize(
    ("min_errors", "least", "most"), [(weight_search.MIN_ERRORS, 0, 4), ((3.0,), 0, 1), ((1.5,), 4, 12)]
)
def test_noise_seldom_gets_a_weight(
    monkeypatch: pytest.MonkeyPatch, min_errors: tuple[float, ...], least: int, most: int
) -> None:
    """Ten parts, each tried with several weights, are many chances: smaller thresholds keep noise in many searches."""
    monkeypatch.setattr(weight_search, "MIN_ERRORS", min_errors)
    n_with_noise = sum(bool(weights_of(seed, strength=0.0)[1:].any()) for seed in SEEDS)
    assert least <= n_with_noise <= most


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_part_with_information_gets_a_weight(seed: int) -> None:
    weights = weights_of(seed, strength=1.5)
    assert weights[1] > 2 * np.abs(weights[2:]).max()


@pytest.mark.parametrize(("min_errors", "least", "most"), [(weight_search.MIN_ERRORS, 10, 12), ((3.0,), 0, 7)])
def test_users_left_out_decide_for_a_part_with_little_information(
    monkeypatch: pytest.MonkeyPatch, min_errors: tuple[float, ...], least: int, most: int
) -> None:
    """Three standard errors alone lose such a part in half of the searches."""
    monkeypatch.setattr(weight_search, "MIN_ERRORS", min_errors)
    n_with_part = sum(weights_of(seed, strength=0.45)[1] > 0 for seed in SEEDS)
    assert least <= n_with_part <= most
