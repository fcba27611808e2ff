"""Statistics of the shop: whether its users come back to items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log
from scoring.data.shop import Shop
from scoring.features.snapshot import Snapshot


@pytest.mark.parametrize(
    ("n_repeats", "has_repeats"),
    [
        (0, False),
        (1, False),  # 1 of 40 users
        (10, True),
    ],
)
def test_users_come_back_if_enough_of_them_have_an_item_again(n_repeats: int, has_repeats: bool) -> None:
    rows = [(f"u{user}", "a", day) for user in range(40) for day in range(1 + (user < n_repeats))]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day"])
    events["timestamp"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(events.pop("day"), unit="D")
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"], "category": "all"})
    catalogue = Catalogue(items)
    log = Log.from_events(events, catalogue, shop=Shop())
    snapshot = Snapshot.from_log(log, catalogue, pd.Timestamp("2025-02-01"))
    assert snapshot.has_repeats == has_repeats
    assert Snapshot.from_log(log, catalogue, pd.Timestamp("2024-12-01")).has_repeats  # no events


@pytest.mark.parametrize(
    ("crowds", "days"),
    [
        ((10, 0, 0), 30),
        ((9, 10, 0), 90),  # nine of 1,000 items are less than one in a hundred
        ((9, 9, 12), 365),
        ((0, 0, 0), 365),
    ],
)
def test_popularity_is_told_from_the_shortest_window_with_crowds(crowds: tuple[int, ...], days: int) -> None:
    catalogue = Catalogue(pd.DataFrame({"item_id": [f"{n}" for n in range(1000)], "title": "", "category": "all"}))
    empty = Snapshot.from_log(
        Log.from_events(pd.DataFrame({"user_id": ["u"], "item_id": ["0"], "timestamp": [pd.Timestamp("2025-01-01")]}),
                        catalogue, shop=Shop()),
        catalogue, pd.Timestamp("2024-01-01"),
    )  # fmt: skip
    month, quarter, year = (np.where(np.arange(1000) < n, 50, 1) for n in crowds)
    found = replace(empty, days_covered=400.0, users_by_window=np.stack([month, month, quarter], axis=1), buyers=year)
    assert found.popularity_window_days == days
    assert found.users_in_window.tolist() == {30: month, 90: quarter, 365: year}[days].tolist()
    young = replace(found, days_covered=99.5)
    assert young.popularity_window_days == min(days, 100)
    few = replace(found, users_by_window=np.array([[0, 50, 50], [0, 1, 1]]), buyers=np.array([50, 1]))
    assert few.popularity_window_days == 30  # one of two items is one in a hundred


def test_an_item_that_sold_before_its_date_in_the_catalogue_was_there_from_its_first_sale() -> None:
    sold = pd.Timestamp("2025-01-05")
    given = [pd.Timestamp("2025-03-01"), pd.Timestamp("2025-01-01"), pd.NaT, pd.Timestamp("2025-03-01")]
    items = pd.DataFrame({"item_id": [*"abcd"], "title": [*"ABCD"], "category": "all", "first_seen": given})
    catalogue = Catalogue(items)
    events = pd.DataFrame({"user_id": "u", "item_id": [*"abc"], "timestamp": sold})
    snapshot = Snapshot.from_log(Log.from_events(events, catalogue, shop=Shop()), catalogue, pd.Timestamp("2025-03-10"))
    assert pd.to_datetime(snapshot.first_seen).tolist() == [sold, given[1], sold, given[3]]
