"""Segments of a ranking, on a shop of four items and two users that can be worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llm_explain.evaluation.ranking import SEGMENTS, rank_lists, ranking_task, summarise
from scoring.data.catalogue import Catalogue
from scoring.evaluation.split import Split

CUTOFF = pd.Timestamp("2017-12-01")
SCORES = np.array([4.0, 3.0, 2.0, 1.0])


@pytest.fixture
def split():
    """Anna bought a and b, then a and c; Ben bought b twice on one day, then d."""
    rows = [("anna", "a", "11-01"), ("anna", "b", "11-08"), ("anna", "a", "12-02"), ("anna", "c", "12-03")]
    rows += [("ben", "b", "11-05"), ("ben", "b", "11-05"), ("ben", "d", "12-09"), ("cleo", "c", "11-01")]
    rows += [("cleo", "d", "11-29")]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    events["timestamp"] = pd.to_datetime("2017-" + events["timestamp"])
    items = pd.DataFrame({"item_id": list("abcd"), "title": list("ABCD"), "category": ["x", "x", "y", "y"]})
    return Split.at(events, Catalogue(items), cutoff=CUTOFF, min_rows=1)


@pytest.fixture
def task(split):
    return ranking_task(split, is_new=np.array([False, False, False, True]), popularity=np.array([9.0, 5.0, 1.0, 1.0]))


def lists(task):
    return rank_lists(lambda user_ids: np.tile(SCORES, (len(user_ids), 1)), task)


def test_who_is_asked(task):
    assert task.user_ids == ["anna", "ben"]
    assert task.is_cold.tolist() == [False, True]  # two baskets and one


def test_segments(task):
    # The list is a, b, c, d. Anna wants a and c: places 1 and 3. Again a, of what she knows: place 1 of a, b.
    # New to her is c: place 1 of c, d. Ben wants d alone: place 4; of what he does not know (a, c, d) place 3; of new
    # items the only one.
    found = lists(task).per_user
    assert set(found) == set(SEGMENTS)
    # One hit at place n gives 1/log2(n + 1). Anna's two give 1 + 1/log2(4), of an ideal 1 + 1/log2(3).
    ndcg = {segment: found[segment]["ndcg@10"] for segment in SEGMENTS}
    np.testing.assert_allclose(ndcg["all"], [1.5 / (1 + 1 / np.log2(3)), 1 / np.log2(5)])
    np.testing.assert_allclose(ndcg["repeat"], [1.0, np.nan])
    np.testing.assert_allclose(ndcg["never bought"], [1.0, 1 / 2])
    np.testing.assert_allclose(ndcg["new items"], [np.nan, 1.0])
    np.testing.assert_allclose(ndcg["cold users"], [np.nan, 1 / np.log2(5)])
    assert found["all"]["recall@10"].tolist() == [1.0, 1.0]


def test_the_section(task):
    mine, same = lists(task), lists(task)
    section = summarise({"ours": mine, "same": same}, task, ours="ours", n_resamples=50, seed=0)
    assert section["users"] == 2
    assert section["users_by_segment"]["repeat"] == 1
    assert section["against"]["same"]["all"]["recall@10"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert section["exposure"]["ours"]["coverage"] == 1.0
    # Really bought: a, c and d, with popularity (9 + 1 + 1) / 3; shown: all four, (9 + 5 + 1 + 1) / 4 = 4.
    assert section["exposure"]["ours"]["popularity_lift"] == pytest.approx(4 / (11 / 3))
    assert "calibration" not in section
