"""Which events count, and as how many occasions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from scoring.data.catalogue import Catalogue
from scoring.data.history import EventLog, History
from scoring.data.shop import Shop
from scoring.data.targets import end_of_log, occasions

CATALOGUE = Catalogue(pd.DataFrame({"item_id": ["a", "b", "c"], "title": list("ABC"), "category": list("xyz")}))
AS_OF = pd.Timestamp("2025-06-01")
COLUMNS = ["item_id", "minute", "kind", "quantity", "order_id"]


def history(*rows: tuple[str, float, str, float, str | None], shop: Shop | None = None) -> History:
    """Events from items, minutes, kinds, quantities and orders."""
    events = pd.DataFrame(rows, columns=COLUMNS)
    events["timestamp"] = AS_OF - pd.Timedelta(days=30) + pd.to_timedelta(events.pop("minute"), unit="min")
    events["user_id"] = "u"
    if events["order_id"].isna().all():
        events = events.drop(columns="order_id")
    return History.from_events(events, CATALOGUE, as_of=AS_OF, shop=shop)


def test_views_and_carts_and_empty_purchases_do_not_count():
    found = history(("a", 0, "view", 1, None), ("a", 1, "purchase", 1, None), ("a", 2, "purchase", 0, None))
    assert found.is_target.tolist() == [False, True, False]
    assert found.occasion.tolist() == [-1, 0, -1]


def test_a_shop_may_have_another_target_kind():
    rows = [("a", 0, "play", 1.0, None), ("a", 1, "purchase", 1.0, None)]
    assert history(*rows, shop=Shop(target_kinds=("play",))).is_target.tolist() == [True, False]


def test_returns_take_back_purchases_unless_the_shop_says_otherwise():
    rows = [("a", 0, "play", 1.0, None), ("a", 1, "return", 1.0, None)]
    assert history(*rows, shop=Shop(target_kinds=("play",))).is_target.tolist() == [True, False]
    undone = Shop(target_kinds=("play",), return_kinds=("return",))
    assert history(*rows, shop=undone).is_target.tolist() == [False, False]


def test_a_return_takes_back_the_latest_purchase_of_the_item_that_is_left():
    found = history(
        ("a", 0, "purchase", 1, None),
        ("a", 1, "purchase", 1, None),
        ("b", 2, "purchase", 1, None),
        ("a", 3, "return", 1, None),
        ("a", 4, "purchase", 1, None),
        ("a", 5, "purchase", -1, None),  # a negative quantity is a return
        ("a", 6, "refund", 1, None),
        ("c", 7, "return", 1, None),  # of nothing
        ("c", 8, "purchase", 1, None),
    )
    assert found.is_target.tolist() == [False, False, True, False, False, False, False, False, True]


def test_a_return_with_an_order_takes_back_that_order():
    found = history(
        ("a", 0, "purchase", 1, "o1"),
        ("b", 0, "purchase", 1, "o1"),
        ("a", 1, "purchase", 1, "o2"),
        ("a", 2, "cancelled", 1, "o1"),
    )
    assert found.is_target.tolist() == [False, True, True, False]


def test_a_return_of_an_order_that_the_log_lacks_takes_back_the_latest_purchase():
    found = history(("a", 0, "purchase", 1, "o1"), ("a", 1, "purchase", 1, "o2"), ("a", 2, "return", 1, "r9"))
    assert found.is_target.tolist() == [True, False, False]


def test_a_later_return_takes_nothing_back_yet():
    log = EventLog(
        pd.DataFrame(
            {
                "user_id": "u",
                "item_id": "a",
                "kind": ["purchase", "return"],
                "timestamp": [AS_OF - pd.Timedelta(days=2), AS_OF - pd.Timedelta(days=1)],
            }
        ),
        CATALOGUE,
    )
    assert log.history("u", AS_OF - pd.Timedelta(hours=30)).is_target.tolist() == [True]
    assert log.history("u", AS_OF).is_target.tolist() == [False, False]


def test_rows_of_one_order_are_one_occasion_whatever_their_times():
    found = history(
        ("a", 0, "purchase", 1, "o1"),
        ("b", 5, "purchase", 1, "o2"),
        ("c", 100, "purchase", 1, "o1"),
        ("c", 120, "purchase", 1, None),  # 20 minutes after a row of o1
        ("c", 151, "purchase", 1, None),
    )
    assert found.occasion.tolist() == [0, 1, 0, 0, 2]


def test_without_orders_an_occasion_ends_with_half_an_hour_of_silence():
    minutes = (0, 0.02, 30, 60, 91)
    found = history(*(("a", minute, "purchase", 1, None) for minute in minutes))
    assert found.occasion.tolist() == [0, 0, 0, 0, 1]


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 6).map(lambda hour: 60.0 * hour),
        st.sampled_from(["purchase", "return"]),
        st.just(1.0),
        st.sampled_from([None, "o1", "o2"]),
    ),
    min_size=1,
    max_size=12,
)


@given(ROWS)
def test_other_items_change_nothing_and_a_return_takes_back_no_more_than_it_can(rows: list):
    whole = history(*rows)
    for item in range(3):
        of_item = whole.item_index == item
        alone = whole.select(of_item)
        np.testing.assert_array_equal(whole.is_target[of_item], alone.is_target)
        bought, returned = (alone.role > 0).sum(), (alone.role < 0).sum()
        assert alone.is_target.sum() >= (bought > 0) - returned
        assert alone.is_target.sum() <= bought


def test_one_event_of_another_year_is_not_the_end_of_the_log():
    days = pd.Series(pd.date_range("2025-01-01", "2025-05-31", freq="D"))
    late = pd.Series([*days, pd.Timestamp("2050-01-01")])
    assert end_of_log(late) == (pd.Timestamp("2025-05-31T00:00:01"), 1)
    assert end_of_log(days) == (pd.Timestamp("2025-05-31T00:00:01"), 0)
    a_pause = pd.Series([*days, *(days + pd.Timedelta(days=400))])
    assert end_of_log(a_pause) == (a_pause.max() + pd.Timedelta(seconds=1), 0)
    assert end_of_log(days[:1])[1] == 0
    hours = pd.Series(pd.date_range("2025-01-01", periods=300, freq="h"))
    later = [pd.Timestamp("2031-01-01") + pd.Timedelta(days=n) for n in range(4)]
    assert [end_of_log(pd.Series([*hours, *later[:n]]))[1] for n in (3, 4)] == [3, 0]  # a hundredth of 303 are 3


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["purchase", "return"])), max_size=15))
def test_returns_without_orders_agree_with_a_running_balance(rows: list[tuple[int, str]]):
    # A purchase is taken back if some later balance of purchases minus returns is below the balance at the purchase.
    found = history(*(("a", 60.0 * hour, kind, 1.0, None) for hour, kind in rows))
    in_order = np.lexsort((found.role < 0, found.timestamp))
    balance = np.cumsum(np.where(found.role[in_order] > 0, 1, -1))
    kept = [role > 0 and balance[at:].min() >= balance[at] for at, role in enumerate(found.role[in_order])]
    assert found.is_target[in_order].tolist() == kept


def test_occasions_of_several_users_stay_apart():
    user, order = np.array([0, 0, 1, 1, 2]), np.array([-1, 3, 3, -1, -1])
    minutes = np.array([0, 40, 50, 60, 61])  # the third event opens an order, the fourth belongs to it
    moment = minutes * 60 * 10**9
    found = occasions(np.ones(5, dtype=bool), user=user, order=order, moment_ns=moment)
    assert found.tolist() == [0, 1, 2, 2, 3]
