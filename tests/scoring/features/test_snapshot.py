"""Statistics of the shop: whether its users come back to items."""

from __future__ import annotations

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
