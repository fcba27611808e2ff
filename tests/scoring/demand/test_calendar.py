"""Calendars and prices in files of their own: the M5 shape, long and wide events, and effects that are known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from scoring.demand.calendar import Calendar, merged
from scoring.demand.columns import named
from scoring.demand.effects import _event_effects
from scoring.demand.forecaster import Forecaster
from scoring.demand.holidays import holidays_in
from scoring.demand.model import DemandConfig
from scoring.demand.outlook import Outlook, outlook
from scoring.demand.panel import SalesPanel
from scoring.demand.prices import with_prices
from scoring.demand.reading import panel_of_sales
from scoring.errors import TableError

DAYS = pd.date_range("2015-01-03", periods=21)  # a Saturday, as in the M5 data


def m5_calendar() -> pd.DataFrame:
    """Return three weeks from Saturday to Friday, with an event on the second Monday and one on the third Friday."""
    frame = pd.DataFrame({"date": DAYS, "wm_yr_wk": np.repeat([11101, 11102, 11103], 7)})
    frame["d"] = [f"d_{day}" for day in range(1, 22)]
    frame["event_name_1"] = [{9: "Harvest day", 20: "Eve"}.get(day) for day in range(21)]
    frame["event_name_2"] = [{9: "School day"}.get(day) for day in range(21)]
    frame["snap_CA"] = [day % 3 == 0 for day in range(21)]
    return frame.astype({"snap_CA": int})


def test_days_of_wide_sales_and_weeks_of_prices_come_from_the_calendar() -> None:
    calendar = Calendar.of(m5_calendar())
    wide = pd.DataFrame({"item_id": ["a"], "store_id": ["CA_1"], **{f"d_{day}": [day] for day in range(1, 15)}})
    prices = pd.DataFrame(
        {"store_id": "CA_1", "item_id": ["a", "a", "a", "b"], "wm_yr_wk": [11101, 11102, 11103, 11101]}
    ).assign(sell_price=[2.0, 3.0, 4.0, 9.0])
    panel = panel_of_sales(with_prices(named(wide, days=calendar.day_of), prices, calendar))
    # Sales end on Friday 16 January, so weeks run from Saturday to Friday; the third price is a plan.
    assert panel.weeks == ("2015-01-03", "2015-01-10", "2015-01-17")
    assert panel.n_known == 2
    assert panel.units[:, :2].tolist() == [[28.0, 77.0]]
    assert panel.price.tolist() == [[2.0, 3.0, 4.0]]
    assert panel.series["item_id"].tolist() == ["a"]
    assert calendar.in_weeks(panel) == {
        "Harvest day": {"2015-01-10": 1.0},
        "School day": {"2015-01-10": 1.0},
        "Eve": {"2015-01-17": 1.0},
    }
    assert calendar.left_out == ("snap_CA",)


def test_wide_and_moved_events() -> None:
    flags = pd.DataFrame({"date": DAYS, "independence_day": [0] * 20 + [1], "isChristmas": [1] + [0] * 20})
    assert set(Calendar.of(flags).events["event"]) == {"Independence day", "Christmas"}
    moved = pd.DataFrame({"date": DAYS[:2], "description": ["Founding", "Founding"], "transferred": [True, False]})
    assert Calendar.of(moved).events["date"].tolist() == [DAYS[1]]


def test_prices_of_weekly_sales_hold_from_the_day_that_names_the_week() -> None:
    sales = pd.DataFrame({"item_id": "a", "date": DAYS[[0, 7, 14]], "units": [1.0, 2.0, 3.0]})
    prices = pd.DataFrame({"item_id": "a", "date": DAYS[[3, 8, 20]], "price": [1.0, 2.0, 3.0]})
    panel = panel_of_sales(with_prices(named(sales), named(prices.assign(units=0)).drop(columns="units")))
    assert panel.n_known == 3
    assert panel.price.tolist() == [[1.0, 2.0, 3.0]]
    assert panel.units.tolist() == [[1.0, 2.0, 3.0]]


def test_a_price_without_a_store_holds_in_every_store() -> None:
    sales = pd.DataFrame({"item_id": "a", "store_id": ["1", "2"], "week": 1, "units": [1.0, 2.0]})
    prices = pd.DataFrame({"item_id": ["a"], "week": [1], "price": [2.5]})
    assert panel_of_sales(with_prices(sales, prices)).price.tolist() == [[2.5], [2.5]]


def test_files_that_do_not_fit_are_errors() -> None:
    sales = pd.DataFrame({"item_id": "a", "date": DAYS, "units": 1.0})
    coded = pd.DataFrame({"item_id": ["a"], "week": [11101], "price": [1.0]})
    with pytest.raises(TableError, match=r"prices: the week is '11101' but the sales have dates\. Give a --calendar"):
        with_prices(sales, coded)
    with pytest.raises(TableError, match="prices: the columns are item_id, price but item_id, date or week"):
        with_prices(sales, coded[["item_id", "price"]])
    with pytest.raises(TableError, match="prices: no row has an item and a week of the sales"):
        with_prices(sales, pd.DataFrame({"item_id": ["z"], "date": [DAYS[0]], "price": [1.0]}))
    with pytest.raises(TableError, match="calendar: the columns are event but date or week is needed"):
        Calendar.of(pd.DataFrame({"event": ["x"]}))
    with pytest.raises(TableError, match="calendar: the date is empty or unreadable in 1 rows"):
        Calendar.of(pd.DataFrame({"date": ["soon"], "event": ["x"]}))
    numbered = panel_of_sales(pd.DataFrame({"item_id": "a", "week": range(5), "units": 1.0}))
    with pytest.raises(TableError, match="calendar: it has days but the weeks of the sales are numbers"):
        Calendar.of(m5_calendar()).in_weeks(numbered)
    with pytest.raises(TableError, match="calendar: it has no day 'd_99'"):
        named(
            pd.DataFrame({"item_id": ["a"], "d_1": [1], "d_99": [1], "d_2": [1]}),
            days=Calendar.of(m5_calendar()).day_of,
        )


def test_public_holidays_have_names_and_observed_days_are_theirs() -> None:
    weeks = ["2016-12-26", "2017-01-02", "2017-01-09", "2017-01-16"]
    found = holidays_in(weeks, "us")
    assert found["Christmas Day"] == {"2016-12-26": 1.0}  # 26 December, observed
    assert found["New Year's Day"] == {"2016-12-26": 1.0, "2017-01-02": 1.0}
    assert found["Martin Luther King Jr. Day"] == {"2017-01-16": 1.0}
    assert merged(found, {"Christmas Day": {"2017-01-09": 1.0}})["Christmas Day"] == {
        "2016-12-26": 1.0,
        "2017-01-09": 1.0,
    }


def test_effects_of_events_are_shrunk_by_the_variance_of_quiet_weeks() -> None:
    # Quiet weeks 1, -1, 1, -1: variance 4/3. An event in two weeks with 3 each: 9 - (4/3)/2 = 8.333 lies beyond it, so
    # the effect is 6 / (2 + (4/3)/8.333) = 2.7778. With .5 each nothing lies beyond it.
    on = np.array([[0.0, 0, 0, 0, 1, 1]]).T
    strong, weak = (np.array([[1.0, -1, 1, -1, value, value]]) for value in (3.0, 0.5))
    assert _event_effects(strong, on)[0, 0] == pytest.approx(2.7778, abs=1e-4)
    assert _event_effects(weak, on).tolist() == [[0.0]]
    unknown = np.array([[1.0, -1, 1, -1, np.nan, np.nan]])
    assert _event_effects(unknown, on).tolist() == [[0.0]]


@cache
def feast() -> tuple[SalesPanel, dict[str, dict[str, float]]]:
    """Return three years of six items; the feast of each 20th week doubles sales, and so will the one that comes."""
    random, rows = np.random.default_rng(5), []
    weeks = pd.date_range("2021-01-04", periods=124, freq="7D")
    is_feast = [place % 41 == 1 for place in range(160)]
    for item in range(6):
        for place, week in enumerate(weeks):
            rows.append((f"i{item}", week, random.poisson(50 * (item + 1) * (2 if is_feast[place] else 1))))
    panel = panel_of_sales(pd.DataFrame(rows, columns=["item_id", "date", "units"]))
    later = panel.extended(26).weeks
    return panel, {"Feast": {week: 1.0 for place, week in enumerate(later) if is_feast[place]}}


@cache
def feast_outlook() -> Outlook:
    panel, holidays = feast()
    config = DemandConfig(weeks=2, n_trees=20, validation_weeks=10)
    return outlook(Forecaster.fit(panel, config, holidays=holidays), panel, 2)


def test_an_event_of_the_calendar_raises_its_week_alone() -> None:
    weekly = feast_outlook().weekly
    first, second = weekly[weekly["weeks_ahead"] == 1], weekly[weekly["weeks_ahead"] == 2]
    assert first["week"].iloc[0] == "2023-05-22"
    assert (first["units"] > 1.6 * first["without_holidays"]).all()
    assert second["without_holidays"].isna().all()
    assert (second["units"].to_numpy() < 0.7 * first["units"].to_numpy()).all()
