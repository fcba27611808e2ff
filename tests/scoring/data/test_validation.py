"""The gate: what passes keeps its rows and gets the contract's types; what does not is named."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.data.tables import Tables
from scoring.data.validation import check, check_history, read_events
from scoring.errors import TableError

DAY = pd.Timestamp("2017-12-01")


def events(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"user_id": ["u1", "u2"], "item_id": ["a", "b"], "timestamp": [DAY, DAY], **columns})


def items(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"item_id": ["a", "b"], "title": ["Tea", "Salt"], "category": ["tea", "salt"], **columns})


def test_good_tables_pass_unchanged_in_the_contracts_order():
    frame = events(price=[1.0, np.nan])[["price", "timestamp", "item_id", "user_id"]]
    checked = check(frame, "events", source="events")
    assert checked.frame.columns.tolist() == ["user_id", "item_id", "timestamp", "price"]
    assert checked.frame["timestamp"].dtype == "datetime64[ns]"
    assert checked.rejects.empty
    assert frame.columns.tolist() == ["price", "timestamp", "item_id", "user_id"]  # the caller's frame is untouched


def test_a_checked_table_passes_again():
    once = check(events(quantity=["1", "2"], timestamp=["2017-12-01", "2017-12-02T10:00"]), "events", source="events")
    twice = check(once.frame, "events", source="events")
    pd.testing.assert_frame_equal(once.frame, twice.frame)


def test_tables_that_were_written_pass_again(tmp_path):
    promotions = pd.DataFrame(
        {"item_id": ["a"], "start": [DAY], "end": [DAY + pd.Timedelta(days=7)], "label": ["mailer"]}
    )
    Tables(events(), items(embedding_image=[[1.0, 2.0], [3.0, 4.0]]), promotions=promotions).write(tmp_path)
    for name, frame in Tables.read(tmp_path):
        assert len(check(frame, name, source=name, item_ids=["a", "b"]).frame) == len(frame)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_time_becomes_one(unit):
    frame = events(timestamp=pd.Series([DAY, DAY]).astype(f"datetime64[{unit}]"))
    assert check(frame, "events", source="events").frame["timestamp"].tolist() == [DAY, DAY]


def test_dates_and_zones_in_objects_are_read():
    zone = dt.timezone(dt.timedelta(hours=1))
    frame = events(timestamp=[dt.date(2017, 12, 1), dt.date(2017, 12, 2)])
    assert check(frame, "events", source="events").frame["timestamp"].tolist() == [DAY, pd.Timestamp("2017-12-02")]
    frame = events(timestamp=pd.Series([dt.datetime(2017, 12, 1, 1, tzinfo=zone)] * 2, dtype=object))
    assert check(frame, "events", source="events").frame["timestamp"].tolist() == [DAY, DAY]


def test_categorical_ids_stay_categorical():
    frame = pd.DataFrame(
        {
            "item_id": pd.Categorical(["a", "b"]),
            "start": [DAY, DAY],
            "end": [DAY + pd.Timedelta(days=1)] * 2,
            "label": pd.Categorical(["mailer", "coupon"]),
            "store_id": pd.Categorical(["s1", None]),
        }
    )
    checked = check(frame, "promotions", source="promotions", item_ids=["a", "b"])
    assert isinstance(checked.frame["item_id"].dtype, pd.CategoricalDtype)
    with pytest.raises(
        TableError, match=r"names items that the items table does not have in 1 row \(first: row 2, 'b'\)"
    ):
        check(frame, "promotions", source="promotions", item_ids=["a"])


def test_a_categorical_id_is_checked_like_any_other():
    frame = events(user_id=pd.Categorical(["u1", " u2"]))
    with pytest.raises(TableError, match=r"'user_id' begins or ends with white space in 1 row \(first: row 2, ' u2'\)"):
        check(frame, "events", source="events")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (events(timestamp=[DAY, pd.NaT]), r"'timestamp' is empty in 1 row \(first: row 2, no value\)"),
        (
            events(timestamp=[1, 2]),
            r"'timestamp' holds something other than dates in 2 rows \(first: row 1, 1; row 2, 2\)",
        ),
        (events(timestamp=["2017-12-01", "2017-12-01Z"]), r"'timestamp' holds times with and without a time zone"),
        (
            events(timestamp=[dt.date(1500, 1, 1), DAY]),
            r"'timestamp' holds dates that cannot be represented in 1 row",
        ),
        (events(timestamp=[DAY, 7]), r"'timestamp' holds something other than dates in 1 row \(first: row 2, 7\)"),
        (events(price=[1.0, np.inf]), r"'price' is infinite in 1 row \(first: row 2, inf\)"),
        (
            events(price=[-1.0, -np.inf]),
            r"breaks 2 rules:\n- column 'price' is infinite .*\n- column 'price' is negative",
        ),
        (events(price=[1j, 2j]), r"'price' holds something other than numbers in 2 rows"),
        (
            events(quantity=["1", True]),
            r"'quantity' holds something other than numbers in 1 row \(first: row 2, True\)",
        ),
        (events(user_id=[1, 2.0]), r"'user_id' holds floating-point numbers in 2 rows"),
        (events(user_id=["u1", 2.5]), r"'user_id' holds floating-point numbers in 1 row \(first: row 2, 2\.5\)"),
        (
            events(user_id=["u1", b"u2"]),
            r"'user_id' holds neither text nor whole numbers in 1 row \(first: row 2, b'u2'\)",
        ),
        (events(kind=["view", None]), r"'kind' is empty in 1 row"),
        (events(kind=["view", " "]), r"'kind' holds an empty text in 1 row"),
        (events(store_id=["s1", "s\t2"]), r"'store_id' holds control characters in 1 row \(first: row 2, 's\\t2'\)"),
        (
            events(user_id=["u1", "x" * 100]).assign(user_id=lambda f: f["user_id"] + "\x00"),
            r"row 1, 'u1\\x00'; row 2, 'x{38}…",
        ),
        (events()[[]], r"column 'user_id', 'item_id', 'timestamp' is missing but is needed; there are \."),
        (events().iloc[:0], r"events: the table has no rows but at least one is needed"),
    ],
)
def test_bad_events_are_refused(frame, message):
    with pytest.raises(TableError, match=message):
        check(frame, "events", source="events")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (items(embedding_a=[[1.0], None]), r"'embedding_a' is empty in 1 row"),
        (items(embedding_a=[[1.0], [[1.0]]]), r"'embedding_a' holds something other than lists of numbers in 1 row"),
        (items(embedding_a=[[1.0], []]), r"'embedding_a' holds something other than lists of numbers in 1 row"),
        (items(embedding_a=[[1.0], ["x"]]), r"'embedding_a' holds something other than lists of numbers in 1 row"),
        (items(embedding_=[[1.0], [1.0]]), r"column 'embedding_' is unknown"),
        (items(first_seen=["2017-12-01", "soon"]), r"'first_seen' holds text that is no date in 1 row"),
        (items(title=["Tea", 7]), r"'title' holds something other than text in 1 row \(first: row 2, 7\)"),
        (items(brand=["Fine", "Fi\u202ene"]), r"'brand' holds control characters in 1 row"),
    ],
)
def test_bad_items_are_refused(frame, message):
    with pytest.raises(TableError, match=message):
        check(frame, "items", source="items")


def test_prose_may_have_lines():
    frame = items(description=["Two\nlines\tand a tab", None])
    assert check(frame, "items", source="items").frame["description"].tolist()[0] == "Two\nlines\tand a tab"
    with pytest.raises(TableError, match=r"'description' holds control characters in 1 row"):
        check(items(description=["ring\x07", None]), "items", source="items")


def test_users_may_have_any_column():
    frame = pd.DataFrame({"user_id": [1, 2], "age": [40, None], "note": ["", "x"]})
    checked = check(frame, "users", source="users").frame
    assert checked["user_id"].tolist() == ["1", "2"]
    assert checked["note"].tolist() == ["", "x"]


@pytest.mark.parametrize("name", ["users", "promotions"])
def test_users_and_promotions_may_be_empty(name):
    empty = dict(Tables(events(), items()))[name]
    assert check(empty, name, source=name).frame.empty


def test_skipped_rows_keep_what_they_held():
    checked = check(events(price=[1.0, -2.0]), "events", source="events", skip_bad=True)
    assert checked.frame["item_id"].tolist() == ["a"]
    assert checked.rejects[["row", "reason", "item_id", "price"]].to_numpy().tolist() == [
        [2, "price is negative but 0 or more is needed", "b", -2.0]
    ]


def test_of_two_equal_ids_the_first_stays():
    frame = items(item_id=["a", "a"])
    checked = check(frame, "items", source="items", skip_bad=True)
    assert checked.frame["title"].tolist() == ["Tea"]
    assert checked.rejects["reason"].tolist() == ["item_id repeats an earlier row but one row each is needed"]


def test_a_table_without_a_good_row_is_refused():
    with pytest.raises(TableError, match="No good row is left but at least one is needed"):
        check(events(price=[-1, -1]), "events", source="events", skip_bad=True)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("2017-12-01"), st.just("u1")
)


@settings(max_examples=30)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), min_size=1, max_size=6))
def test_whatever_comes_no_row_is_lost(rows):
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "price"], dtype=object)
    try:
        checked = check(frame, "events", source="events", item_ids=["u1"], skip_bad=True)
    except TableError:
        return
    assert len(checked.frame) + len(checked.rejects) == len(frame)
    assert check(checked.frame, "events", source="events", item_ids=["u1"]).rejects.empty


def test_a_history_needs_no_user():
    checked = check_history(events()[["item_id", "timestamp"]], ["a", "b"])
    assert checked.columns.tolist() == ["item_id", "timestamp"]
    assert len(checked) == 2


def test_a_history_may_be_empty():
    assert check_history(events().iloc[:0], ["a"]).empty
    assert check_history(pd.DataFrame({"item_id": [], "timestamp": []}), ["a"]).empty


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (events(), r"history: column 'user_id' names 2 users but the events of one are needed"),
        (
            events(user_id="u1", item_id="zz"),
            r"history: column 'item_id' names items that the items table does not have",
        ),
        (events()[["item_id"]], r"history: column 'timestamp' is missing"),
        (events(user_id="u1", extra=1), r"history: column 'extra' is unknown"),
    ],
)
def test_a_bad_history_is_refused(frame, message):
    with pytest.raises(TableError, match=message):
        check_history(frame, ["a", "b"])


def test_events_are_read_from_either_format(tmp_path):
    events().to_csv(tmp_path / "events.csv", index=False)
    events().to_parquet(tmp_path / "events.parquet")
    pd.testing.assert_frame_equal(
        read_events(tmp_path / "events.csv", ["a", "b"]), read_events(tmp_path / "events.parquet", ["a", "b"])
    )
    with pytest.raises(
        TableError, match=r"events\.csv: column 'item_id' names items .* in 1 row \(first: row 2, 'b'\)"
    ):
        read_events(tmp_path / "events.csv", ["a"])


def test_items_need_no_title_and_no_category():
    found = check(items()[["item_id"]], "items", source="items.csv").frame
    assert found[["title", "category"]].isna().all(axis=None)
    assert len(found) == len(items())
