"""Times that stand for no time are set aside, and each number is read in the unit that its size tells."""

from __future__ import annotations

import pandas as pd
import pytest

from llm_explain.errors import TableError
from llm_explain.importers.flat.run import import_flat
from scoring.data.shop import Shop
from scoring.data.validation import check


def imported(tmp_path, times: list[str]):
    path = tmp_path / "orders.csv"
    path.write_text("user_id,item_id,ts,price\n" + "".join(f"u{n},i{n},{time},1\n" for n, time in enumerate(times)))
    return import_flat([path], out=tmp_path / "out")


@pytest.mark.parametrize("zero", ["0", "", "-1"])
def test_a_number_before_1980_is_no_time(tmp_path, zero) -> None:
    done = imported(tmp_path, ["1700000000", "1700000001", zero])
    assert done.tables.events["timestamp"].dt.year.tolist() == [2023, 2023]
    assert done.set_aside == {"orders.csv: no readable time": 1}


def test_seconds_among_milliseconds_are_read_as_seconds(tmp_path) -> None:
    done = imported(tmp_path, ["1700000000123", "1700000001000", "1700000002"])
    assert done.tables.events["timestamp"].tolist() == [
        pd.Timestamp("2023-11-14 22:13:20.123"),
        pd.Timestamp("2023-11-14 22:13:21"),
        pd.Timestamp("2023-11-14 22:13:22"),
    ]
    (how,) = [column.how for column in done.columns if column.name == "timestamp"]
    assert how == "header; milliseconds since 1970, 1 rows in seconds"


def test_a_date_of_1970_is_set_aside(tmp_path) -> None:
    done = imported(tmp_path, ["2023-01-01 10:00:00", "2023-01-02 10:00:00", "1970-01-01 00:00:00"])
    assert len(done.tables.events) == 2
    assert done.set_aside == {"orders.csv: a time of 1970, which stands for no time": 1}


def test_typed_times_of_1970_are_refused() -> None:
    events = pd.DataFrame(
        {"user_id": ["u", "u"], "item_id": ["i", "i"], "timestamp": pd.to_datetime([1700000000, 1700000001], unit="ms")}
    )
    with pytest.raises(TableError, match="'timestamp' holds times of 1970 in 2 rows"):
        check(events, "events", source="events.parquet")
    assert len(check(events, "events", source="events.parquet", shop=Shop(times="order")).frame) == 2
