"""Own-history features: occasions, signals, and independence of other categories."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from scoring.data.catalogue import Catalogue
from scoring.data.history import History
from scoring.data.log import Log
from scoring.features.own_history import Buckets, OwnEvidence, occasions, own_evidence

AS_OF = pd.Timestamp("2025-06-01")
CATALOGUE = Catalogue(
    pd.DataFrame(
        {
            "item_id": list("abcd"),
            "title": ["A", "B", "A", "D"],
            "category": ["x", "x", "x", "y"],
            "brand": ["p", "q", "p", "p"],
            "price": [1.0, 2.0, 3.0, 4.0],
        }
    )
)
BUCKETS = Buckets.build(CATALOGUE, np.arange(4.0), ("view",))
STATS = np.ones((4, 5))


def test_an_occasion_is_an_order_or_half_an_hour():
    # Ages in days of one user and key; the first two rows are of one order, the fourth follows the third in 20 minutes.
    age = np.array([9.0, 3.0, 2.0, 2.0 - 20 / 1440, 1.0])
    order = np.array([7, 7, -1, -1, 8])
    zeros = np.zeros(5, dtype=np.int64)
    user, key, found, start = occasions(zeros, zeros, age, order)
    assert (user.tolist(), key.tolist(), start.tolist()) == ([0], [0], [0])
    assert found.tolist() == [9.0, 2.0, 1.0]


def test_exactly_half_an_hour_is_one_occasion_whatever_the_rounding():
    days = pd.Timestamp("2025-05-01").value / 86_400e9 + np.array([0.0, 30 / 1440, 60 / 1440, 91 / 1440])
    zeros = np.zeros(4, dtype=np.int64)
    *_, found, _ = occasions(zeros, zeros, 20_300 - days, zeros - 1)
    assert len(found) == 2


def test_users_and_keys_have_occasions_of_their_own():
    user, key = np.array([0, 0, 1]), np.array([5, 6, 5])
    found = occasions(user, key, np.array([1.0, 1.0, 1.0]), np.array([3, 3, 3]))
    assert (found[0].tolist(), found[1].tolist(), found[3].tolist()) == ([0, 0, 1], [5, 6, 5], [0, 1, 2])


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 400).map(lambda quarter: 15.0 * quarter),
        st.sampled_from(["purchase", "purchase", "view", "return"]),
        st.sampled_from([0.0, 1.0, 2.0]),
        st.sampled_from([None, "o1", "o2", "o3"]),
    ),
    min_size=1,
    max_size=20,
)


def evidence(events: pd.DataFrame) -> OwnEvidence:
    history = History.from_events(events, CATALOGUE, as_of=AS_OF)
    return own_evidence(Log.from_histories([history], BUCKETS.signals), 0.0, BUCKETS, STATS)


@given(ROWS)
def test_deleting_another_category_changes_no_feature(rows: list):
    events = pd.DataFrame(rows, columns=["item_id", "minute", "kind", "quantity", "order_id"])
    events["timestamp"] = AS_OF - pd.Timedelta(days=30) + pd.to_timedelta(events.pop("minute"), unit="min")
    events["order_id"] = events["order_id"].astype("str")
    whole, rest = evidence(events), evidence(events[events["item_id"] != "d"])
    inside = whole.item != 3
    np.testing.assert_array_equal(whole.item[inside], rest.item)
    np.testing.assert_array_equal(whole.x[inside], rest.x)
    for kind, (both, alone) in enumerate(zip(whole.buckets, rest.buckets, strict=True)):
        kept = both.bucket != BUCKETS.of_item[kind, 3]
        np.testing.assert_array_equal(both.bucket[kept], alone.bucket)
        np.testing.assert_array_equal(both.x[kept], alone.x)


@given(ROWS)
def test_what_is_neither_bought_nor_kept_is_no_habit(rows: list):
    events = pd.DataFrame(rows, columns=["item_id", "minute", "kind", "quantity", "order_id"])
    events["timestamp"] = AS_OF - pd.Timedelta(days=30) + pd.to_timedelta(events.pop("minute"), unit="min")
    events["order_id"] = events["order_id"].astype("str")
    history = History.from_events(events, CATALOGUE, as_of=AS_OF)
    found = evidence(events)
    assert found.item.tolist() == np.unique(history.item_index[history.is_target]).tolist()
    viewed = (history.kind == "view") & (history.quantity > 0)
    assert found.buckets[4].bucket.tolist() == np.unique(history.item_index[viewed]).tolist()
