"""POS, CDCG, INS and DEL on a scorer that can be worked by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from cases import Case, Target, best_targets
from curves import curves
from explainers import first_and_last, leave_one_out, within_groups

from scoring.data.history import History

N_ITEMS = 6


@dataclass(frozen=True)
class Linear:
    """Item 0 scores the sum of 4, 2 and 1 for items 1, 2 and 3 in the history; the others' scores are fixed."""

    name: str = "linear"

    @property
    def candidates(self):
        return np.arange(N_ITEMS)

    def __call__(self, histories, item_index):
        weight = np.array([0.0, 4.0, 2.0, 1.0, 0.0, 0.0])
        rest = np.array([0.0, 0.5, 0.4, 0.3, 2.5, 1.5])
        rows = [np.where(np.arange(N_ITEMS) == 0, weight[history.item_index].sum(), rest) for history in histories]
        return np.array(rows)[:, item_index]

    def worth(self, scores):
        return scores


def history(items):
    n = len(items)
    moments = np.array([f"2017-01-{day:02d}" for day in range(1, n + 1)], dtype="datetime64[ns]")
    blank = np.full(n, "", dtype=object)
    role = np.ones(n, dtype=np.int8)
    return History(
        None,
        pd.Timestamp("2017-02-01"),
        np.array(items),
        moments,
        np.ones(n),
        np.ones(n),
        np.full(n, np.nan),
        *[blank] * 4,
        role,
    )


@pytest.fixture
def case():
    return Case(Linear(), history([1, 2, 3]), 0, [np.array([1]), np.array([2]), np.array([3])], is_new=False)


def test_the_right_order(case):
    # Full score 7. Keeping 1, 2, 3 units: 4/7, 6/7, 1. Deleting them: 3/7, 1/7, 0, against rivals 2.5 and 1.5:
    # score 3 is first, score 1 third, score 0 sixth (all five others score more).
    found = curves(case, np.array([3.0, 2.0, 1.0]))
    assert found["INS"] == pytest.approx([4 / 7, 6 / 7, 1, 1, 1])
    assert found["DEL"] == pytest.approx([3 / 7, 1 / 7, 0, 0, 0])
    assert found["CDCG"] == pytest.approx([1, 1 / np.log2(4), *[1 / np.log2(7)] * 3])
    assert found["POS@5"] == [1.0, 1.0, 0.0, 0.0, 0.0]


def test_the_wrong_order_is_worse(case):
    right, wrong = curves(case, np.array([3.0, 2.0, 1.0])), curves(case, np.array([1.0, 2.0, 3.0]))
    assert wrong["INS"][0] == pytest.approx(1 / 7)
    assert wrong["DEL"][0] == pytest.approx(6 / 7)
    assert np.mean(right["INS"]) > np.mean(wrong["INS"])
    assert np.mean(right["CDCG"]) < np.mean(wrong["CDCG"])


def test_a_linear_score_is_attributed_exactly(case):
    np.testing.assert_allclose(leave_one_out(case), [4, 2, 1])
    np.testing.assert_allclose(first_and_last(case), [4, 2, 1])


def test_items_add_up_to_their_groups(case):
    # Groups {1, 2} and {3} have 8 and 1: the two items miss 8 - 6 = 2, half each.
    found = within_groups(case, np.array([0, 0, 1]), np.array([8.0, 1.0]))
    np.testing.assert_allclose(found, [5, 3, 1])


def test_the_best_targets_are_of_everything_and_of_what_is_new():
    # With 1 in the history item 0 scores 4, the most, and is not in it; with 0 in it too, item 4 is the best new one.
    assert best_targets(Linear(), history([1, 2])) == [Target(0, True)]
    assert best_targets(Linear(), history([0, 1])) == [Target(0, False), Target(4, True)]


def test_each_coalition_is_scored_once(case):
    everything = np.ones((3, 3), dtype=bool)
    np.testing.assert_array_equal(case.scores(everything), [7, 7, 7])
    assert len(case.cache.scores) == 1
