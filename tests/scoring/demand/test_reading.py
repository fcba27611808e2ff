"""Sales tables of any shape become the weekly panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.demand.columns import id_texts, named
from scoring.demand.effects import week_of_year
from scoring.demand.plans import with_plans
from scoring.demand.reading import panel_of_events, panel_of_sales, read_panel
from scoring.errors import SettingError, TableError


def frame(rows: list[tuple[object, ...]], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def test_days_become_weeks_that_end_on_the_last_day() -> None:
    days = pd.date_range("2024-01-01", periods=16)  # two whole weeks and two days before them
    panel = panel_of_sales(pd.DataFrame({"item_id": "a", "date": days, "units": 1.0}))
    assert panel.weeks == ("2024-01-03", "2024-01-10")
    assert panel.units.tolist() == [[7.0, 7.0]]


def test_a_weekly_table_keeps_its_days_as_names() -> None:
    rows = frame([("a", "2024-01-05", 3), ("a", "2024-01-19", 4)], "item_id", "date", "units")
    panel = panel_of_sales(rows)
    assert panel.weeks == ("2024-01-05", "2024-01-12", "2024-01-19")
    assert np.isnan(panel.units[0, 1])  # the store has no row in that week: unknown, not 0


def test_an_item_without_a_row_sold_nothing_while_its_store_sold_something() -> None:
    sold = [("a", "1", 1, 5), ("b", "1", 1, 2), ("a", "1", 2, 5), ("a", "2", 1, 9)]
    rows = frame(sold, "item_id", "store_id", "week", "units")
    panel = panel_of_sales(rows)
    assert panel.series["item_id"].tolist() == ["a", "a", "b"]
    np.testing.assert_equal(panel.units, [[5, 5], [9, np.nan], [2, 0]])


def test_codes_of_weeks_follow_each_other() -> None:
    panel = panel_of_sales(frame([("a", 202351, 1), ("a", 202352, 2), ("a", 202401, 3)], "item_id", "week", "units"))
    assert (panel.weeks, panel.units.tolist()) == (("202351", "202352", "202401"), [[1.0, 2.0, 3.0]])


def test_a_plan_names_a_coming_week_as_the_sales_do() -> None:
    weeks = [202451, 202452, *range(202501, 202511)]  # 2024 has 52 weeks
    rows = frame([("a", week, 1, 0.0) for week in weeks[:2]], "item_id", "week", "units", "display")
    panel = panel_of_sales(rows)
    assert panel.extended(3).weeks == ("202451", "202452", "202501", "202502", "202503")
    plans = frame([("a", 202502, 1.0), ("a", 202440, 1.0)], "item_id", "week", "display")
    np.testing.assert_equal(with_plans(panel, plans).planned.promotions["display"], [[0, 0, 0, 1]])
    long = panel_of_sales(frame([("a", week, 1) for week in weeks], "item_id", "week", "units"))
    assert week_of_year(long).tolist() == [51, 0, *range(1, 11)]
    with pytest.raises(TableError, match="plans: the week is 'soon' but a number is needed"):
        with_plans(panel, frame([("a", "soon", 1.0)], "item_id", "week", "display"))
    dated = panel_of_sales(frame([("a", "2024-01-05", 3, 0.0)], "item_id", "date", "units", "display"))
    with pytest.raises(TableError, match="plans: the week is 'soon' but a day, such as 2017-12-01, is needed"):
        with_plans(dated, frame([("a", "soon", 1.0)], "item_id", "date", "display"))
    # The day of a time with an offset is the one that is written: in UTC it is the day before.
    plans = frame([("a", "2024-01-12T00:00+08:00", 1.0), ("a", "2024-01-19", 0.0)], "item_id", "date", "display")
    np.testing.assert_equal(with_plans(dated, plans).planned.promotions["display"], [[0, 1, 0]])


def test_the_last_days_of_weeks_name_their_weeks() -> None:
    rows = [("a", "2024-01-12", 5), ("a", "2024-01-05", 6)]
    for header, mapping in (("Week ending", None), ("Date", {"Date": "week_end"})):
        panel = panel_of_sales(named(frame(rows, "item", header, "Units"), mapping))
        assert (panel.weeks, panel.begins_on) == (("2023-12-30", "2024-01-06"), "Saturday")


def test_a_year_and_its_week_are_a_monday() -> None:
    table = named(frame([("a", 2024, 1, 5), ("a", 2024, 2, 6)], "item", "Year", "Week", "Units"))
    assert panel_of_sales(table).weeks == ("2024-01-01", "2024-01-08")


def test_a_table_without_items_has_one() -> None:
    assert panel_of_sales(frame([("1", 1, 5)], "store_id", "week", "units")).series["title"].tolist() == ["*"]


def test_a_title_of_several_items_ends_in_the_id() -> None:
    rows = frame([("1", "Milk", 1, 5), ("2", "Milk", 1, 5), ("3", "Tea", 1, 5)], "item_id", "title", "week", "units")
    assert panel_of_sales(rows).with_distinct_titles().series["title"].tolist() == ["Milk #1", "Milk #2", "Tea"]


def test_stated_zeros_leave_other_gaps_unknown() -> None:
    rows = frame([("a", 1, 5), ("b", 1, 0), ("a", 2, 5)], "item_id", "week", "units")
    np.testing.assert_equal(panel_of_sales(rows).units, [[5, 5], [0, np.nan]])


def test_rows_without_units_are_plans_of_coming_weeks() -> None:
    rows = frame([("a", 7, 5.0, 2.0), ("a", 8, None, 1.5)], "item_id", "week", "units", "price")
    panel = panel_of_sales(rows)
    assert (panel.weeks, panel.n_known, panel.as_of) == (("7", "8"), 1, "7")
    assert panel.planned.extended(3).planned.price.tolist() == [[2.0, 1.5, 2.0, 2.0]]


def test_the_price_of_a_week_is_what_was_paid() -> None:
    rows = frame([("a", 1, 3.0, 2.0), ("a", 1, 1.0, 4.0)], "item_id", "week", "units", "price")
    assert panel_of_sales(rows).price[0, 0] == pytest.approx(2.5)  # (3 × 2 + 1 × 4) / 4


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        (
            "Store DayOfWeek Date Sales Customers Open Promo SchoolHoliday",
            "store_id date units open promo school_holiday",
        ),
        ("id date store_nbr item_nbr unit_sales onpromotion", "item_id store_id date units onpromotion"),
        ("date store item sales", "item_id store_id date units"),
        ("Store Dept Date Weekly_Sales IsHoliday", "item_id store_id date units is_holiday"),
        (
            "store brand week units price price_rel deal feat profit product",
            "item_id store_id week units price deal feat",
        ),
    ],
)
def test_headers_of_known_shapes_are_recognised(headers: str, names: str) -> None:
    values = {"Date": "2024-01-01", "date": "2024-01-01", "Customers": 555, "profit": 31.5, "price_rel": 0.9}
    table = pd.DataFrame([{header: values.get(header, 1) for header in headers.split()}])
    assert set(named(table).columns) == set(names.split())


def test_weeks_side_by_side_become_rows() -> None:
    wide = pd.DataFrame({"item_id": ["a"], "store_id": ["1"], **{f"d_{day}": [day] for day in range(1, 15)}})
    panel = panel_of_sales(named(wide))
    assert panel.units.tolist() == [[28.0, 77.0]]  # 1 + … + 7 and 8 + … + 14


def test_a_mapping_comes_before_the_headers() -> None:
    table = frame([("a", 1, 5, 9)], "item", "week", "units", "sent")
    assert named(table, {"sent": "units"})["units"].tolist() == [9]
    with pytest.raises(SettingError, match="--map names 'gone' but the columns are item, week, units, sent"):
        named(table, {"gone": "units"})
    with pytest.raises(TableError, match="column 'sent' holds 1 different values but a share from 0 to 1"):
        named(table, {"sent": "promotion"})


def test_faults_name_the_column() -> None:
    with pytest.raises(TableError, match="has columns item but one of units is needed"):
        named(frame([("a",)], "item"))
    with pytest.raises(TableError, match="column 'units' holds text in 1 rows \\(first: 'many'\\)"):
        panel_of_sales(frame([("a", 1, "many")], "item_id", "week", "units"))
    with pytest.raises(TableError, match="no row has units"):
        panel_of_sales(frame([("a", 1, None)], "item_id", "week", "units"))
    with pytest.raises(TableError, match="the date is empty or unreadable in 1 rows"):
        panel_of_sales(frame([("a", "soon", 1)], "item_id", "date", "units"))


def test_events_count_purchases_that_were_kept(tmp_path: Path) -> None:
    events = pd.DataFrame(
        {
            "user_id": ["u", "v", "u", "w", "w"],
            "item_id": ["a", "a", "a", "b", "b"],
            "timestamp": pd.to_datetime(["2024-01-01", "2024-01-09", "2024-01-10", "2024-01-08", "2024-01-14"]),
            "quantity": [2.0, 1.0, 2.0, 4.0, 3.0],
            "kind": ["purchase", "view", "return", "purchase", "purchase"],
        }
    )
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ["Apples", "Bread"], "category": ["fruit", "bakery"]})
    runs = pd.DataFrame(
        {
            "item_id": ["b"],
            "start": [pd.Timestamp("2024-01-08")],
            "end": [pd.Timestamp("2024-01-11 12:00")],
            "label": ["on display"],
        }
    )
    panel = panel_of_events(Tables(events, items, promotions=runs, shop=Shop()))
    assert panel.series[["item_id", "title"]].to_numpy().tolist() == [["b", "Bread"]]  # a was returned
    assert panel.promotions["on_display"].tolist() == [[0.5]]  # 3.5 of 7 days
    assert panel.units.tolist() == [[7.0]]
    assert not panel.has_planned_price
    nameless = panel_of_events(Tables(events, items.assign(title=""), shop=Shop()))
    assert nameless.series["title"].tolist() == ["b"]
    with pytest.raises(TableError, match=r"target_kinds is view but sales are purchases"):
        panel_of_events(Tables(events, items, shop=Shop(target_kinds=("view",))))


def test_items_that_sold_in_few_weeks_are_left_out(tmp_path: Path) -> None:
    frame([("a", 1, 5), ("a", 2, 5), ("b", 1, 1), ("b", 2, 0)], "item_id", "week", "units").to_csv(
        tmp_path / "sales.csv", index=False
    )
    assert read_panel(tmp_path, min_selling_weeks=2).series["item_id"].tolist() == ["a"]
    with pytest.raises(TableError, match="no item sold in 3 weeks"):
        read_panel(tmp_path, min_selling_weeks=3)


@pytest.mark.parametrize(
    ("column", "ids"),
    [([2.0, None, 7.0], ["2", "", "7"]), (["2.0", "", "7.0"], ["2", "", "7"]), (["2.0", "2.5"], ["2.0", "2.5"])],
)
def test_ids_of_a_column_with_gaps_are_whole_numbers(column: list[object], ids: list[str]) -> None:
    assert id_texts(pd.Series(column)).tolist() == ids
