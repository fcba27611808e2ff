"""Which events are history and which are what was bought, and which items were there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log
from scoring.data.shop import Clock, Shop
from scoring.data.tables import Tables
from scoring.features import windows
from scoring.features.own_history import Buckets
from scoring.features.promotions import PromotionCalendar
from scoring.features.windows import MIN_AVAILABLE, TrainingData

if TYPE_CHECKING:
    from collections.abc import Sequence


def data_of(rows: Sequence[tuple[str, str, str]]) -> TrainingData:
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]).astype({"timestamp": "datetime64[ns]"})
    items = pd.DataFrame({"item_id": ["a", "b", "c"], "title": ["A", "B", "C"], "category": "all"})
    catalogue = Catalogue(items)
    tables = Tables(events, items)
    buckets = Buckets.build(catalogue, np.full(3, np.nan))
    log = Log.from_events(events, catalogue, shop=Shop())
    promotions = PromotionCalendar(tables.promotions, catalogue)
    return TrainingData(catalogue, log, Clock(), promotions, buckets, np.arange(3), 0, 4.0, 10, 0)


def test_an_item_that_was_not_there_is_neither_available_nor_bought() -> None:
    early = [(f"u{u}", "a", f"2017-01-0{day}") for u in range(3) for day in range(1, 1 + MIN_AVAILABLE)]
    late = [("u0", "a", "2017-02-02"), ("u0", "b", "2017-02-03"), ("u1", "b", "2017-02-04")]
    window = data_of([*early, *late]).window(pd.Timestamp("2017-02-01"))
    assert window.is_available.tolist() == [True, False, False]
    assert (window.bought_user.tolist(), window.bought_item.tolist()) == ([0], [0])
    assert window.users.tolist() == [0]


@pytest.mark.parametrize(("n", "bought", "past"), [(0, 2, [0, 1]), (1, 1, [0])])
def test_the_events_before_the_nth_last_one_are_its_history(n: int, bought: int, past: list[int]) -> None:
    rows = [("u0", "a", "2017-01-01"), ("u0", "b", "2017-01-03"), ("u0", "c", "2017-01-07"), ("u1", "a", "2017-01-01")]
    history, asked, now = data_of(rows).log.history_before(n)
    assert asked.item_index[asked.user_index == 0].tolist() == [bought]
    assert history.item_index[history.user_index == 0].tolist() == past
    age = now[0] - history.day[history.user_index == 0]
    assert age.min() == {0: 4.0, 1: 2.0}[n]
    assert 1 not in history.user_index


def test_histories_read_in_blocks_are_those_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"u{u}", "abc"[(u + d) % 3], f"2017-01-0{d}") for u in range(9) for d in range(1, 9) if (u * d) % 5]
    later = [(f"u{u}", "a", "2017-02-02") for u in range(1, 9, 2)]
    data = data_of([*rows, *later])
    whole = data.window(pd.Timestamp("2017-02-01"))
    monkeypatch.setattr(windows, "BLOCK", 2)
    blocks = data.window(pd.Timestamp("2017-02-01"))
    np.testing.assert_array_equal(blocks.own.user, whole.own.user)
    np.testing.assert_array_equal(blocks.own.x, whole.own.x)
    for own, all_ in zip(blocks.own.buckets, whole.own.buckets, strict=True):
        np.testing.assert_array_equal(own.bucket, all_.bucket)
        np.testing.assert_array_equal(own.x, all_.x)


def test_of_many_users_a_sample_of_those_who_bought_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"u{u}", "a", f"2017-01-0{d}") for u in range(9) for d in range(1, 5)]
    later = [(f"u{u}", "a", "2017-02-02") for u in range(1, 9)]
    monkeypatch.setattr(windows, "MAX_USERS", 3)
    window = data_of([*rows, *later]).window(pd.Timestamp("2017-02-01"))
    assert len(window.users) == 3
    assert 0 not in window.users  # bought nothing
    assert window.own.user.tolist() == window.users.tolist()  # one pair each
    assert len(window.bought_user) == 8  # what all users bought still counts
