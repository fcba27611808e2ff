"""The evaluation, on three users and four candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from scoring.errors import ShapeError
from scoring.evaluation.protocol import Ranker, evaluate
from scoring.evaluation.split import Split
from tests.scoring.rows import split_of

ITEMS = ["apple", "bread", "cocoa", "dates"]
ROWS = [
    ("ann", "apple", -3.0),
    ("ann", "bread", -3.0),
    ("bob", "cocoa", -2.0),
    ("cem", "dates", -1.0),
    ("ann", "apple", 1.0),  # ann comes back for apple, and tries dates
    ("ann", "dates", 1.0),
    ("bob", "cocoa", 1.0),  # bob buys only what he knows
    ("cem", "bread", 1.0),
]


@pytest.fixture
def split() -> Split:
    return split_of(ROWS, ITEMS)


def by_table(split: Split, table: np.ndarray) -> Ranker:
    def ranker(user_ids: Sequence[str], /) -> np.ndarray:
        rows: np.ndarray = table[[split.user_ids.index(user) for user in user_ids]]
        return rows

    return ranker


def same_order(split: Split) -> Ranker:
    """Apple, bread, cocoa, dates for everyone."""
    return by_table(split, np.tile([4.0, 3.0, 2.0, 1.0], (3, 1)))


def test_hand_worked_means(split: Split) -> None:
    # k = 2: apple, bread for all. ann: 1 hit of 2, at place 1; bob: none; cem: 1 of 1, at place 2
    means = evaluate(same_order(split), split, k=2)
    second = 1 / np.log2(3)
    assert means["recall@2"] == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert means["ndcg@2"] == pytest.approx((1 / (1 + second) + 0 + second) / 3)
    assert means["n_users"] == 3


def test_hand_worked_means_of_what_is_new(split: Split) -> None:
    # ann: cocoa, dates remain; dates is true, at place 2. bob has no truth left. cem: apple, bread; bread at place 2
    means = evaluate(same_order(split), split, k=2)
    assert means["n_users_new"] == 2
    assert means["recall@2_new"] == 1.0
    assert means["ndcg@2_new"] == pytest.approx(1 / np.log2(3))


def test_whoever_knows_the_truth_gets_one_everywhere(split: Split) -> None:
    means = evaluate(by_table(split, split.relevant.toarray()), split, k=2)
    assert {value for name, value in means.items() if not name.startswith("n_users")} == {1.0}


def test_blocks_do_not_change_the_result(split: Split) -> None:
    table = np.random.default_rng(0).random((3, 4))

    def probability(scores: np.ndarray) -> np.ndarray:
        return scores / 2

    whole = evaluate(by_table(split, table), split, k=3, probability=probability)
    assert evaluate(by_table(split, table), split, k=3, probability=probability, block=1) == pytest.approx(whole)


def test_errors_of_a_promise_that_is_kept_and_of_one_that_is_not(split: Split) -> None:
    # 4 of the 12 pairs happen: a promise of 1/3 for each of them is kept
    def promise(value: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda scores: np.full_like(scores, value)

    kept = evaluate(same_order(split), split, probability=promise(1 / 3))
    broken = evaluate(same_order(split), split, probability=promise(5 / 6))
    assert (kept["ece"], kept["ece_all"]) == pytest.approx((0.0, 0.0), abs=1e-15)
    assert (broken["ece"], broken["ece_all"]) == pytest.approx((1 / 2, 1 / 2))


def test_nobody_with_anything_new_is_said_as_nan(split: Split) -> None:
    loyal = split_of([("bob", "cocoa", -1.0), ("bob", "cocoa", 1.0)], ITEMS)
    means = evaluate(lambda user_ids: np.ones((1, 1)), loyal)
    assert means["recall@10"] == 1.0
    assert means["n_users_new"] == 0
    assert np.isnan(means["recall@10_new"])


def test_a_ranker_that_leaves_candidates_out_is_refused(split: Split) -> None:
    with pytest.raises(ShapeError, match=r"returned shape \(3, 2\) for 3 users and 4 candidates"):
        evaluate(lambda user_ids: np.zeros((len(user_ids), 2)), split)
