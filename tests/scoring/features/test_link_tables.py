"""Link tables against counts done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from rows import log_of

from scoring.features.link_tables import Neighbours, Solved, Transitions

ITEMS = np.arange(4)
COUNTS = Transitions(window=2, step=0.5, backward=0.1, row_power=0.0, column_power=0.0)


def test_transitions_point_forward_in_time() -> None:
    # Steps 0 → 1 → 2: neighbours count 1 forward and 0.1 backward, two steps apart half of that.
    links = COUNTS.fit(log_of([(0, 0, 1.0), (0, 1, 2.0), (0, 2, 3.0)]), ITEMS, 4).toarray()
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 2] = 1.0
    expected[1, 0] = expected[2, 1] = 0.1
    expected[0, 2], expected[2, 0] = 0.5, 0.05
    np.testing.assert_allclose(links, expected)


def test_two_events_at_one_moment_have_no_direction() -> None:
    links = COUNTS.fit(log_of([(0, 0, 1.0), (0, 1, 1.0)]), ITEMS, 4).toarray()
    assert links[0, 1] == links[1, 0] == pytest.approx(0.55)


def test_users_are_not_linked_with_each_other_and_items_not_with_themselves() -> None:
    links = COUNTS.fit(log_of([(0, 0, 1.0), (0, 0, 2.0), (1, 1, 3.0)]), ITEMS, 4)
    assert links.nnz == 0


def test_totals_are_divided_by_their_powers() -> None:
    rows = [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 1.0), (1, 2, 2.0), (2, 3, 1.0), (2, 2, 2.0)]
    links = Transitions(window=1, backward=0.0, row_power=1.0, column_power=0.5).fit(log_of(rows), ITEMS, 4).toarray()
    # Row 0 has 2 in all; column 2 has 2 in all.
    assert links[0, 1] == pytest.approx(1 / 2)
    assert links[0, 2] == pytest.approx(1 / 2 / np.sqrt(2))
    assert links[3, 2] == pytest.approx(1 / np.sqrt(2))


def test_only_candidates_are_linked_to() -> None:
    links = COUNTS.fit(log_of([(0, 0, 1.0), (0, 1, 2.0), (0, 2, 3.0)]), np.array([0, 2]), 4).toarray()
    assert not links[:, 1].any()
    assert links[1, 2] == 1.0


def test_neighbours_are_cosines() -> None:
    rows = [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 1.0), (1, 1, 2.0), (2, 0, 1.0)]
    links = Neighbours(shrink=0.0).fit(log_of(rows), ITEMS, 4).toarray()
    assert links[0, 1] == links[1, 0] == pytest.approx(2 / np.sqrt(3 * 2))
    assert not np.diagonal(links).any()


def test_solved_links_are_the_positive_part_of_ease() -> None:
    rows = [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 1.0), (1, 1, 2.0), (1, 2, 3.0), (2, 2, 1.0), (2, 3, 2.0)]
    X = np.zeros((3, 4))
    for user, item, _ in rows:
        X[user, item] = np.log(2.0)
    P = np.linalg.inv(X.T @ X + 0.5 * np.eye(4))
    ease = -P / np.diag(P)
    np.fill_diagonal(ease, 0.0)
    links = Solved(ridge=0.5).fit(log_of(rows), ITEMS, 4).toarray()
    np.testing.assert_allclose(links, np.maximum(ease, 0.0), atol=1e-6)
