"""A user's events before a moment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring.data.catalogue import Catalogue
from scoring.data.history import EventLog, History
from scoring.data.tables import Tables

AS_OF = pd.Timestamp("2017-12-01")


def test_what_the_table_does_not_say_has_a_default_in_a_missing_column_and_in_a_missing_value():
    catalogue = Catalogue(pd.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"], "category": ["x", "y"]}))
    events = pd.DataFrame(
        {"user_id": ["u", "u"], "item_id": ["a", "b"], "timestamp": [AS_OF - pd.Timedelta(days=day) for day in (2, 1)]}
    )
    bare = History.from_events(events, catalogue, as_of=AS_OF)
    holed = events.assign(quantity=[np.nan, 2.0], price=[np.nan, 3.0], store_id=pd.array([None, "s1"], dtype="str"))
    partly = History.from_events(holed, catalogue, as_of=AS_OF)
    assert (bare.quantity[0], bare.kind[0], bare.store_id[0]) == (1.0, "purchase", "")
    assert (partly.quantity.tolist(), partly.store_id.tolist()) == ([1.0, 2.0], ["", "s1"])
    assert np.isnan(bare.price).all()
    assert np.isnan(partly.price[0])
    assert partly.price[1] == 3.0


def test_a_log_hands_out_what_its_rows_say(shop_tables: Tables):
    catalogue = Catalogue(shop_tables.items)
    log = EventLog(shop_tables.events.sample(frac=1.0, random_state=0), catalogue)
    for user_id in ("u00", "u17", "nobody"):
        mine = shop_tables.events[shop_tables.events["user_id"] == user_id]
        for as_of in (AS_OF, mine["timestamp"].max(), pd.Timestamp("2010-01-01"), pd.Timestamp("2100-01-01")):
            moment = AS_OF if pd.isna(as_of) else as_of
            expected = History.from_events(mine, catalogue, as_of=moment, user_id=user_id)
            found = log.history(user_id, moment)
            assert (found.user_id, found.as_of, len(found)) == (user_id, moment, len(expected))
            for name in ("timestamp", "quantity", "kind", "store_id"):
                assert np.array_equal(getattr(found, name), getattr(expected, name))
            assert sorted(found.item_index) == sorted(expected.item_index)


def test_two_histories_join_in_the_order_of_their_moments():
    catalogue = Catalogue(pd.DataFrame({"item_id": ["a", "b", "c"], "title": list("ABC"), "category": list("xyz")}))

    def history(**days: int) -> History:
        moments = [AS_OF - pd.Timedelta(days=day) for day in days.values()]
        events = pd.DataFrame({"item_id": list(days), "timestamp": moments})
        return History.from_events(events, catalogue, as_of=AS_OF, user_id="u")

    joined = history(a=5, b=1).joined(history(c=1))
    assert (joined.user_id, joined.as_of) == ("u", AS_OF)
    assert joined.item_index.tolist() == [0, 1, 2]  # at one moment the first history's event comes first
    assert history(b=1).joined(history(a=5)).item_index.tolist() == [0, 1]


def test_columns_are_packed_without_a_loss():
    """Quantities and rows in half of their bytes, words as numbers; a price keeps every digit."""
    catalogue = Catalogue(pd.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"], "category": ["x", "x"]}))
    rows = pd.DataFrame(
        {
            "user_id": "u",
            "item_id": ["a", "b", "a"],
            "timestamp": pd.to_datetime(["2017-01-01", "2017-01-02", "2017-01-03"]),
            "quantity": [1.0, 2.5, 3.0],
            "price": [0.1, np.nan, 1e9 + 0.01],
            "store_id": ["s", None, "t"],
        }
    )
    history = EventLog(rows, catalogue).history("u", pd.Timestamp("2018-01-01"))
    whole = History.from_events(rows, catalogue, as_of=pd.Timestamp("2018-01-01"), user_id="u")
    for name in ("item_index", "timestamp", "quantity", "price", "kind", "store_id", "order_id", "channel", "role"):
        ours, theirs = getattr(history, name), getattr(whole, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert history.digest == whole.digest


def test_few_different_values_take_few_bytes():
    """1,000 moments and prices of which ten differ are a byte each; every bit of them comes back."""
    catalogue = Catalogue(pd.DataFrame({"item_id": ["a"], "title": ["A"], "category": ["x"]}))
    days = pd.Timestamp("2017-01-01 08:00:00.123456789") + pd.to_timedelta(np.repeat(np.arange(10), 100), unit="D")
    rows = pd.DataFrame({"user_id": "u", "item_id": "a", "timestamp": days})
    rows["price"] = np.tile([0.1, -0.0, 0.0, np.nan, 1e9 + 0.01], 200)
    log, end = EventLog(rows, catalogue), pd.Timestamp("2018-01-01")
    sizes = {log._columns[name].values.itemsize for name in ("timestamp", "price")}  # noqa: PD011  no pandas object
    assert sizes == {1}
    assert log.history("u", end).digest == History.from_events(rows, catalogue, as_of=end, user_id="u").digest
