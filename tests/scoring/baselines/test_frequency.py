"""Counting, on seven events."""

from __future__ import annotations

import numpy as np

from scoring.baselines import DecayedFrequency, PersonalFrequency, Popularity, RecentPopularity
from scoring.evaluation.split import Interactions
from tests.scoring.rows import split_of

ITEMS = ["apple", "bread", "cocoa", "dates"]


def rows() -> Interactions:
    """Buyers: apple 2, bread 1, cocoa 2, dates 1; rows of the last 30 days: apple 1, bread 3, cocoa 1."""
    return split_of(
        [
            ("ann", "apple", -120.0),
            ("ann", "bread", -2.0),
            ("ann", "bread", -2.0),
            ("ann", "bread", -1.0),
            ("bob", "apple", -30.0),
            ("bob", "cocoa", -29.0),
            ("cem", "cocoa", -60.0),
            ("cem", "dates", -240.0),
            ("cem", "apple", 1.0),
        ],
        ITEMS,
    ).train


def test_popularity_counts_users() -> None:
    np.testing.assert_array_equal(Popularity().fit(rows())(["ann", "cem"]), [[2, 1, 2, 1]] * 2)


def test_recent_popularity_counts_rows_of_its_window() -> None:
    np.testing.assert_array_equal(RecentPopularity(30.0).fit(rows())(["ann"]), [[1, 3, 1, 0]])


def test_frequency_counts_rows_with_popularity_behind() -> None:
    # behind = buyers / (most buyers + 1) · the smallest own number = [2, 1, 2, 1] / 3 · 1
    behind = np.array([2, 1, 2, 1]) / 3
    expected = np.array([[1, 3, 0, 0], [0, 0, 1, 1]]) + behind
    np.testing.assert_allclose(PersonalFrequency().fit(rows())(["ann", "cem"]), expected, rtol=1e-6)


def test_decay_counts_baskets_and_the_old_ones_less() -> None:
    # ann: apple 120 days ago counts 1/e; bread in two baskets, of 2 rows and of 1
    # behind: the smallest own number of anyone is cem's dates, exp(-2)
    behind = np.array([2, 1, 2, 1]) / 3 * np.exp(-2.0)
    expected = np.array([[np.exp(-1.0), np.exp(-2 / 120) + np.exp(-1 / 120), 0.0, 0.0]]) + behind
    np.testing.assert_allclose(DecayedFrequency(120.0).fit(rows())(["ann"]), expected, rtol=1e-6)
