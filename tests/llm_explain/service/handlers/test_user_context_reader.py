"""Which moment an answer speaks of, and which events it knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llm_explain import Explainer
from llm_explain.service.handlers.user_context_reader import UserContextReader, history_of
from llm_explain.state import State
from llm_explain.state.users import StoredEvent, StoredUser
from scoring.data.ratings import Ratings
from scoring.data.shop import Shop

SHOP = pd.Timestamp("2017-12-01")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


def _event(item_id: str, *moment: int, order_id: str = "") -> StoredEvent:
    return StoredEvent(item_id, datetime(*moment), 1.0, None, "purchase", "", "", order_id)


@pytest.mark.parametrize(
    ("timestamps", "as_of", "clock", "expected"),
    [
        ([], None, None, "2017-12-01"),
        ([datetime(2017, 11, 3)], None, None, "2017-12-01"),
        ([datetime(2017, 12, 3), datetime(2017, 12, 2)], None, None, "2017-12-03T00:00:00.001"),
        ([datetime(2017, 12, 3)], datetime(2017, 6, 1), None, "2017-06-01"),
        ([], None, datetime(2018, 1, 5, 9, 30, 59), "2018-01-05T09:30"),
        ([datetime(2018, 1, 5, 9, 30, 58)], None, datetime(2018, 1, 5, 9, 30, 59), "2018-01-05T09:30:58.001"),
        ([datetime(2018, 1, 5, 9, 34, 30)], None, datetime(2018, 1, 5, 9, 30, 59), "2018-01-05T09:34:30.001"),
        ([datetime(2018, 1, 6, 9, 0)], None, datetime(2018, 1, 5, 9, 30, 59), "2018-01-05T09:30"),
        ([datetime(2199, 1, 1), datetime(2017, 12, 2)], None, None, "2017-12-02T00:00:00.001"),
    ],
)
def test_the_moment_is_never_before_the_latest_event_that_has_happened_unless_it_is_asked_for(
    explainer: Explainer,
    state: State,
    timestamps: list[datetime],
    as_of: datetime | None,
    clock: datetime | None,
    expected: str,
) -> None:
    reader = UserContextReader(explainer, state, None if clock is None else lambda: clock)
    assert reader.moment(timestamps, as_of) == pd.Timestamp(expected)


def test_a_users_events_are_those_of_the_artifacts_and_of_the_state(explainer: Explainer, state: State) -> None:
    reader = UserContextReader(explainer, state)
    logged = explainer.events.history("u00", SHOP)
    user = StoredUser(events=(_event("31", 2017, 11, 2, 3, 4), _event("32", 2017, 12, 2)))
    context = reader.of_user("u00", user, None)
    assert len(context.history) == len(logged) + 2
    assert context.history.as_of == pd.Timestamp("2017-12-02T00:00:00.001")
    assert (np.diff(context.history.timestamp.astype(np.int64)) >= 0).all()
    assert len(reader.of_user("u00", user, datetime(2017, 12, 1)).history) == len(logged) + 1


@pytest.mark.parametrize(("orders", "n_occasions"), [(("o1", "o1"), 1), (("o1", "o2"), 2), (("", ""), 2)])
def test_the_events_of_one_order_are_one_occasion(
    explainer: Explainer, state: State, orders: tuple[str, str], n_occasions: int
) -> None:
    reader = UserContextReader(explainer, state)
    events = tuple(_event("31", 2017, 12, 2, hour, order_id=order) for hour, order in zip((9, 17), orders, strict=True))
    history = reader.of_user("newcomer", StoredUser(events=events), None).history
    assert len(set(history.occasion.tolist())) == n_occasions


def test_events_before_an_erasure_do_not_count(explainer: Explainer, state: State) -> None:
    reader = UserContextReader(explainer, state)
    erased = StoredUser(erased_at=datetime(2017, 11, 1), events=(_event("31", 2017, 10, 1),))
    history = reader.of_user("u00", erased, None).history
    logged = explainer.events.history("u00", SHOP)
    assert len(history) == int((logged.timestamp >= np.datetime64("2017-11-01")).sum()) + 1


def test_events_of_unknown_items_are_left_out(explainer: Explainer) -> None:
    events = [_event("nope", 2017, 1, 1), _event("00", 2017, 1, 2)]
    found = history_of(events, explainer.shop.catalogue, SHOP, None, shop=explainer.events.shop)
    assert found.item_index.tolist() == explainer.shop.catalogue.index_of(["00"]).tolist()


def test_a_rating_of_the_service_is_a_like_or_a_dislike(explainer: Explainer) -> None:
    shop = Shop(target_kinds=("like",), ratings=Ratings(lowest=1, liked_from=4, highest=5))
    catalogue = explainer.shop.catalogue
    items = [str(item) for item in catalogue.item_ids[:3]]
    events = [
        StoredEvent(item, datetime(2017, 12, 2), 1.0, None, "rate", "", "", "", value)
        for item, value in zip(items, (5.0, 2.0, 50.0), strict=True)
    ]
    found = history_of(events, catalogue, SHOP + pd.Timedelta(days=9), "u", shop=shop)
    kinds = {
        str(catalogue.item_ids[i]): (k, v) for i, k, v in zip(found.item_index, found.kind, found.value, strict=True)
    }
    assert kinds[items[0]] == ("like", 5.0)
    assert kinds[items[1]] == ("dislike", 2.0)
    assert kinds[items[2]][0] == "rate"
    assert np.isnan(kinds[items[2]][1])
