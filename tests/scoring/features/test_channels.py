from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log, to_day
from scoring.data.shop import Shop
from scoring.features.channels import Channels

AS_OF = pd.Timestamp("2026-03-01")
CATALOGUE = Catalogue(pd.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"], "category": "all"}))


def counted(rows: list[tuple[str, str, str, str | None]]) -> Channels:
    """Count rows of user, item, day and channel."""
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "channel"])
    log = Log.from_events(events.astype({"timestamp": "datetime64[ns]"}), CATALOGUE, shop=Shop())
    return Channels.count(log.targets(), to_day(AS_OF), len(CATALOGUE))


def test_users_are_counted_once_in_each_channel_and_window() -> None:
    channels = counted(
        [
            ("u", "a", "2026-02-20", "app"), ("u", "a", "2026-02-21", "app"), ("u", "a", "2026-02-21", "web"),
            ("v", "a", "2025-12-01", "app"), ("v", "b", "2026-02-20", None), ("w", "b", "2024-01-01", "web"),
            ("w", "b", "2026-03-01", "web"),
        ]
    )  # fmt: skip
    assert channels.names == ("app", "web")  # three rows each: by name
    assert channels.users_by_window.tolist() == [[[1, 0], [1, 0]], [[2, 0], [1, 0]]]


def test_log_ratios_are_shrunken_and_centred() -> None:
    # 900 of 1,000 users of the app buy a, and 100 of 1,000 of the website. Each item has 1,000 users in all, so 500 are
    # expected in each cell. Every ratio n / e is 1.8 or 0.2, so the prior is wide and little shrinks.
    users = np.array([[900, 100], [100, 900]])
    ratios = Channels(("app", "web"), np.stack([users, users])).log_ratios[0]
    assert ratios[0, 0] - ratios[0, 1] == pytest.approx(np.log(9.0), rel=0.05)
    assert (users * ratios).sum(axis=1) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert ratios[0] == pytest.approx(ratios[1, ::-1])


def test_channels_that_sell_alike_have_no_ratios() -> None:
    users = np.random.default_rng(0).poisson(40.0, size=(2, 500))
    ratios = Channels(("app", "web"), np.stack([users, users])).log_ratios
    assert np.abs(ratios).max() < 0.1


def test_an_item_that_no_user_was_expected_to_buy_has_the_centre() -> None:
    channels = Channels(("app", "web"), np.array([[[90, 10], [10, 90]]] * 2)).with_items(1)
    found = channels.log_ratios[0]
    assert found[0, 2] == pytest.approx(found[0, :2].mean(), abs=0.6)
    assert np.isfinite(found).all()


def test_a_log_without_channels_has_none() -> None:
    assert counted([("u", "a", "2026-02-20", None)]).users_by_window.shape == (2, 0, 2)
    assert Channels.none(3).with_items(2).users_by_window.shape == (2, 0, 5)
