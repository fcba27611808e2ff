"""Orders by hand: quantiles over the lead time, whole packs, days left, too much and dead stock."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from scoring.demand.outlook import Outlook
from scoring.demand.stock import StockPolicy, orders, read_stock
from scoring.errors import SettingError, TableError

EMPTY = pd.DataFrame()


def outlook(
    weeks_without_sale: int = 0, *, deal: float = 0.0, mean: float = 70.0, after: float = float("nan")
) -> Outlook:
    """Return a forecast of 70 a week; the upper ends of n weeks together are 70 n + 10, 20, 25 and 30.

    The lower end of their 80 % range is 70 n - 20.

    A deal in the coming week adds ``deal`` to each of them; there is none if it adds nothing. The last quarter sold
    ``mean`` a week, that of a year ago 65, and the one after it ``after`` in all.
    """
    rows = [("a", "1", n, 70.0 * n, 70.0 * n + 10, 70.0 * n + 20, 70.0 * n + 25, 70.0 * n + 30) for n in (1, 2, 3, 4)]
    together = pd.DataFrame(
        rows, columns=["item_id", "store_id", "weeks", "units", "high_50", "high_80", "high_90", "high_95"]
    )
    together["low_80"] = together["units"] - 20
    weekly = pd.DataFrame(
        {"item_id": ["a"] * 4, "store_id": "1", "is_intermittent": False, "weeks_ahead": [1, 2, 3, 4]}
    )
    weekly = weekly.assign(unknown_plan="", year_ago=float("nan"), year_ago_promoted=False)
    weekly = weekly.assign(
        low_80=[20.0, 30, 20, 30], units=62.5, high_80=[120.0, 130, 130, 120]
    )  # mean .3 × 150 + .4 × 62.5 = 70
    series = pd.DataFrame(
        {"item_id": ["a"], "store_id": ["1"], "title": ["A"], "weeks_without_sale": [weeks_without_sale]}
    ).assign(
        quarter_mean=mean,
        ordinary_most=mean,
        quarter_units=13 * mean,
        quarter_year_ago=13 * 65.0,
        next_year_ago=after,
        change=mean / 65.0,
    )
    ends = ["units", "high_50", "high_80", "high_90", "high_95"]
    promoted = together.assign(**{name: together[name] + deal for name in ends})[: 4 if deal else 0]
    return Outlook(weekly, together, promoted, series, EMPTY, EMPTY)


def stock(**columns: object) -> pd.DataFrame:
    return read_stock(pd.DataFrame({"item_id": ["a"], "store_id": ["1"], **{k: [v] for k, v in columns.items()}}))


def test_an_order_fills_the_position_up_to_the_need() -> None:
    # 3 days of lead time and a review week are 10/7 weeks. At .90, one week is 90 and two are 160: 90 + 3/7 × 70 = 120.
    # The position is 50 + 10, so 60 are missing: 3 packs of 24. If it is ordered in a day, 4 days must be covered:
    # 4/7 × 70 + √(4/7) × 20 = 55.1. In two days it is 5/7 × 70 + √(5/7) × 20 = 66.9, more than there is.
    row = orders(
        outlook(), stock(on_hand=50, on_order=10, lead_time_days=3, pack_size=24), StockPolicy(service_level=0.9)
    ).iloc[0]
    assert row["need"] == pytest.approx(120)
    assert (row["order_units"], row["days_left"], row["state"], row["missed"]) == (72, 1, "order", 0)


@pytest.mark.parametrize(("on_hand", "days_left"), [(0, 0), (69, 5), (89, 6)])
def test_an_order_is_due_while_its_delivery_still_comes_in_time(on_hand: int, days_left: int) -> None:
    # Without a lead time, 5 days need 50 + √(5/7) × 20 = 66.9, 6 days need 78.5 and a week needs 90.
    row = orders(outlook(), stock(on_hand=on_hand, lead_time_days=0), StockPolicy(service_level=0.9)).iloc[0]
    assert row["days_left"] == days_left


def test_sales_that_the_stock_does_not_cover_until_the_delivery_are_missed() -> None:
    # 3 days sell 30, from 30 - √(3/7) × 20 = 16.9 to 43.1; there are 10. 10 days sell 100, from 80 to 120.
    row = orders(outlook(), stock(on_hand=6, on_order=4, lead_time_days=3), StockPolicy()).iloc[0]
    assert [row[each] for each in ("missed", "missed_low", "missed_high")] == pytest.approx(
        [20, 6.907, 33.093], abs=1e-3
    )
    row = orders(outlook(), stock(on_hand=90, lead_time_days=10), StockPolicy()).iloc[0]
    assert [row[each] for each in ("missed", "missed_low", "missed_high")] == pytest.approx([10, 0, 30])


def test_a_promotion_that_is_not_planned_is_ordered_apart() -> None:
    # As above, and a deal of 100: the need is 220, so 160 are missing: 7 packs of 24.
    held = stock(on_hand=50, on_order=10, lead_time_days=3, pack_size=24)
    row = orders(outlook(deal=100.0), held, StockPolicy(service_level=0.9)).iloc[0]
    assert (row["order_units"], row["promoted_units"]) == (72, 168)
    assert (row["days_left"], row["promoted_days"]) == (1, 0)  # with the deal, 3 days sell more than there is
    assert pd.isna(orders(outlook(), held, StockPolicy()).iloc[0]["promoted_units"])


def test_the_level_between_two_ends_is_linear() -> None:
    # .96 lies two fifths of the way from .95 to .975: 95 + 2/5 × 5
    row = orders(outlook(), stock(on_hand=1, lead_time_days=0), StockPolicy(service_level=0.96)).iloc[0]
    assert row["need"] == pytest.approx(97)
    row = orders(outlook(), stock(on_hand=1, lead_time_days=0), StockPolicy()).iloc[0]
    assert (row["order_units"], row["days_left"]) == (94, 0)  # .95: 95 - 1


def test_costs_choose_the_service_level_if_the_value_of_what_is_left_over_is_known() -> None:
    # A unit too few loses 4 - 1, one too many 1 - 0: 3 / 4.
    money = {"unit_cost": 1.0, "price": 4.0}
    row = orders(outlook(), stock(on_hand=1, lead_time_days=0, salvage_value=0, **money), StockPolicy()).iloc[0]
    assert row["service_level"] == 0.75
    assert row["need"] == pytest.approx(80)
    row = orders(outlook(), stock(on_hand=1, lead_time_days=0, **money), StockPolicy()).iloc[0]
    assert row["service_level"] == 0.95  # what is left over can be sold later


@pytest.mark.parametrize(
    ("on_hand", "silence", "state", "too_many"),
    [
        (200, 0, "enough", 0),
        (840, 0, "enough", 0),
        (900, 0, "enough", 60),  # less than a week too many
        (910, 0, "overstock", 70),
        (900, 13, "dead", 60),
        (0, 13, "dead", 0),
    ],
)
def test_states(on_hand: int, silence: int, state: str, too_many: int) -> None:
    row = orders(outlook(silence), stock(on_hand=on_hand), StockPolicy(overstock_weeks=12)).iloc[0]
    assert (row["state"], row["too_many"]) == (state, too_many)


def test_overstock_is_judged_by_promoted_weeks_and_by_the_season_too() -> None:
    def state_of(on_hand: int, **past: float) -> tuple[str, int]:
        row = orders(outlook(**past), stock(on_hand=on_hand), StockPolicy()).iloc[0]
        return row["state"], row["too_many"]

    assert state_of(1000, mean=80.0) == ("enough", 40)  # 12.5 weeks of a quarter with promotions
    assert state_of(1000, after=1300.0) == ("enough", 0)  # 1300 × 70 / 65 = 1400 in the coming quarter
    row = orders(outlook(mean=80.0), stock(on_hand=1100), StockPolicy()).iloc[0]
    assert tuple(row[["state", "too_many", "too_many_at_most"]]) == ("overstock", 140, 260)
    assert state_of(200, after=26.0) == ("overstock", 172)  # 26 × 70 / 65 = 28: the season is over
    assert state_of(27, after=26.0)[0] == "order"


def test_recent_weeks_and_the_same_weeks_of_last_year_bound_a_need_without_a_plan() -> None:
    # Two weeks at .95 are 165. With 12 a week lately, and 30 × 12 / 65 a week by last year's pattern, they are at most
    # 24 + 2 √24 = 33.8. Last year's 200 × 60 / 65 for two weeks, 369, are more than 1.5 × 165, unless a promotion ran.
    # A promotion a year ago is no ordinary week, so it raises no bound. Without a quarter of a year ago there is none.
    def row_of(on_hand: int, mean: float, year_ago: float, **columns: object) -> pd.Series:
        found = outlook(mean=mean)
        found = replace(found, series=found.series.assign(change=columns.pop("change", mean / 65.0)))
        weekly = found.weekly.assign(**{"unknown_plan": "no_promotion", "year_ago": year_ago, **columns})
        return orders(replace(found, weekly=weekly), stock(on_hand=on_hand), StockPolicy()).iloc[0]

    falling = row_of(300, 12.0, 30.0)
    assert falling["need"] == pytest.approx(33.798, abs=1e-3)
    assert (falling["state"], falling["too_many"], bool(falling["is_by_recent"])) == ("overstock", 156, True)
    assert row_of(300, 12.0, 30.0, unknown_plan="")["state"] == "enough"
    coming = row_of(100, 60.0, 200.0)
    assert (coming["need"], bool(coming["is_by_pattern"])) == (pytest.approx(400 * 60 / 65), True)
    assert row_of(100, 60.0, 200.0, year_ago_promoted=True)["need"] == pytest.approx(120 + 2 * 120**0.5)
    promoted = row_of(300, 12.0, 300.0, year_ago_promoted=True)  # the number is that of recent weeks, and is told so
    assert promoted["need"] == pytest.approx(33.798, abs=1e-3)
    assert (bool(promoted["is_by_recent"]), bool(promoted["is_by_pattern"])) == (True, False)
    assert row_of(300, 12.0, 30.0, change=float("nan"))["need"] == pytest.approx(165)


def test_stock_that_is_not_counted_is_unknown() -> None:
    table = read_stock(pd.DataFrame({"item_id": ["a", "b"], "on_hand": [None, 2], "on_order": [3, None]}))
    assert table[["item_id", "on_hand", "on_order", "lead_time_days", "pack_size"]].to_numpy().tolist() == [
        ["b", 2.0, 0.0, 7.0, 1.0]
    ]


def test_faults_of_stock_tables() -> None:
    with pytest.raises(TableError, match="stock: the columns are item_id but item_id and on_hand are needed"):
        read_stock(pd.DataFrame({"item_id": ["a"]}))
    with pytest.raises(TableError, match=r"stock: column 'on_hand' holds text .* in 1 rows \(first: item 'a'\)"):
        stock(on_hand=-1)
    with pytest.raises(TableError, match="a pack size is 0"):
        stock(on_hand=1, pack_size=0)
    with pytest.raises(TableError, match="item 'a' comes twice for store '1'"):
        read_stock(pd.DataFrame({"item_id": ["a", "a"], "store_id": ["1", "1"], "on_hand": [1, 2]}))
    with pytest.raises(SettingError, match="a lead time is 40 days but 21 fit a forecast of 4 weeks"):
        orders(outlook(), stock(on_hand=1, lead_time_days=40), StockPolicy())
    with pytest.raises(
        SettingError, match=r"the stock table has item .* but the forecasts are of items such as 'a' in store '1'"
    ):
        orders(outlook(), read_stock(pd.DataFrame({"item_id": ["b"], "on_hand": [1]})), StockPolicy())
