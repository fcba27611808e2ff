"""The split, on eleven events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scoring.errors import SettingError
from scoring.evaluation.split import Split
from tests.scoring.rows import CUTOFF, catalogue_of, events_of, split_of

ITEMS = ["apple", "bread", "cocoa", "dates"]
ROWS = [
    ("ann", "bread", -40.0),  # ann: bread twice in one basket, then apple
    ("ann", "bread", -40.0),
    ("ann", "apple", -10.0),
    ("bob", "apple", -5.0),
    ("bob", "cocoa", -5.0),  # the only row of cocoa: no candidate
    ("cem", "bread", -1.0),  # cem never comes back
    ("ann", "apple", 0.0),  # the cut-off itself is test
    ("ann", "cocoa", 1.0),
    ("bob", "bread", 2.0),
    ("bob", "bread", 3.0),
    ("dan", "apple", 4.0),  # dan has no training row
]


@pytest.fixture
def split() -> Split:
    return split_of(ROWS, ITEMS, min_rows=2)


def test_candidates_have_enough_training_rows(split: Split) -> None:
    # apple: ann and bob; bread: ann twice and cem; cocoa: once; dates: never
    np.testing.assert_array_equal(split.candidates, [0, 1])


def test_test_users_are_training_users_with_a_test_row_of_a_candidate(split: Split) -> None:
    assert split.train.user_ids == ("ann", "bob", "cem")
    assert split.user_ids == ("ann", "bob")


def test_truth_and_past_are_yes_or_no(split: Split) -> None:
    np.testing.assert_array_equal(split.relevant.toarray(), [[1, 0], [0, 1]])
    np.testing.assert_array_equal(split.bought.toarray(), [[1, 1], [1, 0]])


def test_training_rows_keep_repetitions_and_know_baskets_and_ages(split: Split) -> None:
    train = split.train
    np.testing.assert_array_equal(train.matrix().toarray(), [[1, 2], [1, 0], [0, 1]])
    np.testing.assert_array_equal(train.matrix(train.is_first_of_basket).toarray(), [[1, 1], [1, 0], [0, 1]])
    np.testing.assert_allclose(train.matrix(train.age).toarray(), [[10, 80], [5, 0], [0, 1]])
    np.testing.assert_array_equal(train.rows_of(["cem", "eve", "ann"]), [2, -1, 0])
    assert split.cutoff == CUTOFF


def test_nothing_after_the_cutoff_reaches_training(split: Split) -> None:
    later = pd.concat([events_of(ROWS), events_of([("cem", "dates", 0.0), ("cem", "apple", 9.0)] * 5)])
    other = Split.at(later, catalogue_of(ITEMS), cutoff=CUTOFF, min_rows=2)
    np.testing.assert_array_equal(other.candidates, split.candidates)
    np.testing.assert_array_equal(other.train.matrix().toarray(), split.train.matrix().toarray())


def test_the_order_of_the_rows_does_not_matter(split: Split) -> None:
    shuffled = events_of(ROWS).sample(frac=1.0, random_state=3)
    other = Split.at(shuffled, catalogue_of(ITEMS), cutoff=CUTOFF, min_rows=2)
    np.testing.assert_array_equal(other.relevant.toarray(), split.relevant.toarray())
    np.testing.assert_array_equal(other.train.matrix().toarray(), split.train.matrix().toarray())


@pytest.mark.parametrize("rows", [ROWS[:6], ROWS[6:], []])
def test_a_moment_without_events_on_both_sides_is_refused(rows: list[tuple[str, str, float]]) -> None:
    with pytest.raises(SettingError, match="no test user at the cut-off 2017-12-01 00:00:00"):
        split_of(rows, ITEMS)
