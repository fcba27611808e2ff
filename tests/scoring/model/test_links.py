"""Links against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from scoring.model.links import Decay, Links, LinkTable

LINKS = sparse.csr_array(np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [1.0, 0.0, 0.0]]))
HALF_LIFE = Decay(days=1.0, power=1.0)  # 1 / (1 + age)
TERM = Links(3, (LinkTable("transitions", LINKS, HALF_LIFE, weight=0.5), LinkTable("solved", LINKS, Decay(1e9, 1.0))))


def test_a_large_power_is_an_exponential() -> None:
    assert Decay(days=2.0, power=1e6)(np.array([0.0, 2.0])) == pytest.approx([1.0, np.exp(-1.0)], rel=1e-5)


def test_young_events_count_as_the_least_age() -> None:
    assert Decay(days=1.0, power=1.0, least=3.0)(np.array([0.0, 3.0, 7.0])) == pytest.approx([0.25, 0.25, 0.125])


def test_strengths_add_up_over_the_occasions_of_an_item() -> None:
    # Item 0 one and three days ago: 1/2 + 1/4; item 1 now: 1.
    strength = TERM.strengths(np.array([3.0, 1.0, 0.0]), np.array([0, 2]))
    assert strength[:, 0] == pytest.approx([0.5 * 0.75, 0.5])
    assert strength[:, 1] == pytest.approx([2.0, 1.0], rel=1e-6)


def test_the_contributions_of_past_items_sum_to_that_of_the_history() -> None:
    past, strength = np.array([0, 1]), np.array([[0.5, 1.0], [0.25, 2.0]])
    # Item 0 leads to item 1 by 2 · (0.5 + 1), item 1 to item 2 by 3 · (0.25 + 2).
    assert TERM.of_history(past, strength) == pytest.approx([0.0, 3.0, 6.75])
    assert TERM.of_items(past, strength, np.array([2, 1])) == pytest.approx(np.array([[0.0, 6.75], [3.0, 0.0]]))


def test_the_contributions_of_groups_are_those_of_their_past_items() -> None:
    past, strength = np.array([0, 1, 2]), np.array([[0.5, 1.0], [0.25, 2.0], [1.0, 0.0]])
    asked = np.array([2, 0, 1, 2])
    each = TERM.of_items(past, strength, asked)
    groups = TERM.of_groups(past, strength, np.array([1, 0, 1]), 2, asked)
    assert groups == pytest.approx(np.stack([each[:, 1], each[:, 0] + each[:, 2]], axis=1))
    items, added = TERM.reached(past[:2], strength[:2])
    assert items.tolist() == [1, 2]  # item 0 leads to item 1, item 1 to item 2
    assert added == pytest.approx([3.0, 6.75])


def test_links_are_read_back_as_they_were() -> None:
    again = Links.of(3, TERM.settings(), TERM.arrays())
    past, strength = np.array([0, 2]), np.ones((2, 2))
    np.testing.assert_array_equal(again.of_history(past, strength), TERM.of_history(past, strength))
    assert again.settings() == TERM.settings()


def test_tables_without_weight_are_left_out() -> None:
    assert [(table.name, table.weight) for table in TERM.weighted([0.0, 2.0]).tables] == [("solved", 2.0)]


def test_no_history_and_no_table_add_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert not TERM.of_history(nothing, TERM.strengths(np.zeros(0), nothing)).any()
    assert TERM.of_items(nothing, np.zeros((0, 2)), np.array([1])).shape == (1, 0)
    assert TERM.of_items(np.array([1]), np.ones((1, 2)), nothing).shape == (0, 1)
    assert not len(Links(3).reached(np.array([1]), np.zeros((1, 0)))[0])
    assert not Links(3).of_history(np.array([1]), Links(3).strengths(np.zeros(1), np.array([0]))).any()


def test_an_item_with_few_events_has_the_links_of_those_that_it_is_like() -> None:
    # Item 2 is like items 0 and 1 by halves. As a past item it leads to item 1 by (2 + 0) / 2; item 1 leads to it by
    # what it leads to items 0 and 1, by halves: (0 + 0) / 2; item 0 by (0 + 2) / 2. It does not lead to itself.
    alike = sparse.csr_array(np.array([[0.5, 0.5, 0.0]]))
    table = TERM.likened(np.array([2]), alike).tables[0].links.toarray()
    np.testing.assert_allclose(table, [[0.0, 2.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
