"""What holds for every baseline."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.baselines import (
    Baseline,
    DecayedFrequency,
    Ease,
    FactorModel,
    HadamardRanker,
    ItemNeighbours,
    PersonalFrequency,
    Popularity,
    RecentPopularity,
    cheap_baselines,
)
from scoring.data.catalogue import Catalogue
from scoring.evaluation.metrics import top_k
from scoring.evaluation.protocol import evaluate
from scoring.evaluation.split import Split
from tests.scoring.baselines.boards import checkerboard
from tests.scoring.shop import CUTOFF, small_shop

ALL: list[Baseline] = [
    *cheap_baselines(),
    RecentPopularity(days=7.0),
    FactorModel(n_factors=4, seed=1),
    HadamardRanker(width=8, batch_size=64, epochs=3),
]
COLLABORATIVE: list[Baseline] = [
    ItemNeighbours(n_neighbours=5),
    FactorModel(n_factors=2),
    Ease(),
    Ease(l2=1.0),
]
OWN_FIRST: list[Baseline] = [PersonalFrequency(), DecayedFrequency()]

every_baseline = pytest.mark.parametrize("baseline", ALL, ids=lambda baseline: repr(baseline))


@pytest.fixture(scope="module")
def split() -> Split:
    tables = small_shop()
    return Split.at(tables.events, Catalogue(tables.items), cutoff=CUTOFF)


@every_baseline
def test_scores_every_candidate_with_a_finite_number(baseline: Baseline, split: Split) -> None:
    scores = baseline.fit(split.train)(split.user_ids)
    assert scores.shape == (len(split.user_ids), len(split.candidates))
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


@every_baseline
def test_rows_follow_the_users_asked(baseline: Baseline, split: Split) -> None:
    ranker = baseline.fit(split.train)
    scores = ranker(split.user_ids)
    np.testing.assert_allclose(ranker(split.user_ids[::-1]), scores[::-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ranker(split.user_ids[2:3]), scores[2:3], rtol=1e-5, atol=1e-6)
    assert ranker([]).shape == (0, len(split.candidates))


@every_baseline
def test_learning_twice_gives_the_same(baseline: Baseline, split: Split) -> None:
    first, second = (baseline.fit(split.train)(split.user_ids) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@every_baseline
def test_a_user_without_a_row_gets_what_is_popular(baseline: Baseline, split: Split) -> None:
    ranker = baseline.fit(split.train)
    scores = ranker(["nobody", split.user_ids[0]])
    np.testing.assert_array_equal(scores[1:], ranker(split.user_ids[:1]))
    popular = RecentPopularity(baseline.days) if isinstance(baseline, RecentPopularity) else Popularity()
    expected = popular.fit(split.train)(["nobody"])
    np.testing.assert_array_equal(top_k(scores[:1], 10), top_k(expected, 10))


@every_baseline
def test_the_training_rows_stay_as_they_were(baseline: Baseline, split: Split) -> None:
    before = split.train.matrix().toarray(), split.train.age.copy()
    baseline.fit(split.train)(split.user_ids)[:] = 0.0
    np.testing.assert_array_equal(split.train.matrix().toarray(), before[0])
    np.testing.assert_array_equal(split.train.age, before[1])
    np.testing.assert_array_equal(baseline.fit(split.train)(split.user_ids).any(axis=1), True)


@every_baseline
def test_what_users_bought_scores_above_what_they_did_not(baseline: Baseline, split: Split) -> None:
    scores, own = baseline.fit(split.train)(split.user_ids), split.bought.toarray() > 0
    assert scores[own].mean() > scores[~own].mean()


@pytest.mark.parametrize("baseline", COLLABORATIVE, ids=lambda baseline: repr(baseline))
def test_finds_the_missing_field_of_a_checkerboard(baseline: Baseline) -> None:
    board = checkerboard()
    assert evaluate(baseline.fit(board.train), board, k=1)["recall@1_new"] == 1.0


@pytest.mark.parametrize("baseline", OWN_FIRST, ids=lambda baseline: repr(baseline))
def test_frequency_ranks_own_items_before_all_others(baseline: Baseline, split: Split) -> None:
    scores = baseline.fit(split.train)(split.user_ids)
    own = split.bought.toarray() > 0
    assert (np.where(own, scores, np.inf).min(axis=1) > np.where(own, -np.inf, scores).max(axis=1)).all()


def test_names_are_different() -> None:
    names = [baseline.name for baseline in cheap_baselines()]
    assert len(set(names)) == len(names)
