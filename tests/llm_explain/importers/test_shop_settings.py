"""``shop.yaml`` as the import writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from llm_explain.importers.shop import import_csv
from scoring.data.tables import Tables
from scoring.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = "item_id,title,category\na,A,x\n"


def run(folder: Path, events: str, promotions: str = "", **settings: Any) -> tuple[Tables, tuple[str, ...]]:
    """Import small files and return the tables with the remarks."""
    (folder / "events.csv").write_text(events)
    (folder / "items.csv").write_text(ITEMS)
    (folder / "promotions.csv").write_text(promotions)
    paths = {name: folder / f"{name}.csv" for name in ("events", "items")}
    if promotions:
        paths["promotions"] = folder / "promotions.csv"
    summary = import_csv(**paths, out=folder / "out", settings=settings)
    return Tables.read(folder / "out"), summary.remarks


def test_options_become_settings_and_a_second_import_keeps_them(tmp_path: Path):
    events = "user_id,item_id,timestamp\nu,a,2025-05-10T23:30\n"
    tables, remarks = run(tmp_path, events, time_zone="America/New_York", times="local", currency="EUR", locale=None)
    assert (tables.shop.time_zone, tables.shop.times, tables.shop.currency) == ("America/New_York", "local", "EUR")
    assert tables.shop.locale == "en"
    assert tables.events["timestamp"].tolist() == [pd.Timestamp("2025-05-11T03:30")]
    assert remarks == ()
    again, _ = run(tmp_path, events, currency="USD")
    assert again.shop == tables.shop.model_copy(update={"currency": "USD"})
    assert again.events.equals(tables.events)


def test_a_shop_that_names_no_currency_has_none(tmp_path: Path):
    tables, _ = run(tmp_path, "user_id,item_id,timestamp,price\nu,a,2025-05-10T23:30,2.5\n")
    assert tables.shop.currency is None


def test_the_commonest_kind_is_the_target_of_a_log_without_purchases(tmp_path: Path):
    rows = [("play", 9), ("skip", 10), ("play", 11), ("return", 12), ("return", 13), ("return", 14)]
    events = "user_id,item_id,timestamp,kind\n" + "".join(f"u,a,2025-05-{day},{kind}\n" for kind, day in rows).replace(
        "-9,", "-09,"
    )
    tables, remarks = run(tmp_path, events)
    assert tables.shop.target_kinds == ("play",)
    assert tables.shop.return_kinds == ()
    assert remarks[0].startswith("no event is of the kind purchase: the target kind is 'play', the commonest.")
    chosen, remarks = run(tmp_path, events, target_kinds=("skip",))
    assert chosen.shop.target_kinds == ("skip",)
    assert remarks == ()


def test_an_event_of_another_year_is_pointed_out(tmp_path: Path):
    events = "user_id,item_id,timestamp\nu,a,2025-05-31T10:00\nu,a,2050-01-01T00:00\n"
    _, remarks = run(tmp_path, events)
    assert remarks == (
        "1 event lies in 2050 but the others end on 31 May 2025. Training leaves the late ones out. "
        "Correct them if a clock was wrong.",
    )


def test_promotions_may_have_no_end(tmp_path: Path):
    events = "user_id,item_id,timestamp\nu,a,2025-05-31T10:00\n"
    ends = ("9999-12-31", "", "2099-12-31", "2025-06-10")
    promotions = "item_id,start,end,label\n" + "".join(f"a,2025-05-01,{end},sale\n" for end in ends)
    tables, _ = run(tmp_path, events, promotions)
    assert tables.promotions["end"].isna().tolist() == [True, True, True, False]


def test_a_wrong_setting_is_refused(tmp_path: Path):
    with pytest.raises(TableError, match=r"the shop's settings: currency is 'euro' but"):
        run(tmp_path, "user_id,item_id,timestamp\nu,a,2025-05-31T10:00\n", currency="euro")


def test_the_scale_of_ratings_is_proposed(tmp_path: Path):
    rows = "".join(f"u{n},a,2025-05-{n + 10},rate,{n + 1}\n" for n in range(5))
    tables, remarks = run(tmp_path, f"user_id,item_id,timestamp,kind,value\n{rows}")
    assert tables.events["kind"].tolist() == ["dislike"] * 3 + ["like"] * 2
    assert any("ratings from 4 of 5 tell that a user liked an item" in remark for remark in remarks)
