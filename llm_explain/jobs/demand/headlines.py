"""What a sentence states first: an order, a forecast, or stock that is too much. The docstrings are the rules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llm_explain.jobs.brief import Stated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.records import Fact

WEEK_DAYS: Final = 7

RANGE: Final = 80
"""Percent of the range that sentences tell."""

LEAST_IN_CENTS: Final = 0.1
"""A smaller price, such as one of an ounce, has four decimals."""

LEAST_MISSED: Final = 2
"""Sales missed until a delivery from which on they are told."""

LEAST_COVER: Final = 1.5
"""Weeks of stock above which they are told; fewer would be one week, rounded."""

LEAST_SILENT, LEAST_SOLD = 2, 5
"""Weeks without a sale of an item without stock, and usual sales of as many, from which on they are told."""

LEAST_RAISED: Final = 1.1
"""Ratio to the forecast from which on the forecast with a promotion, or the sales of the last quarter, are told."""


def headline(row: Mapping[str, Any]) -> Stated:
    """Return what the sentence about a series states first.

    ``state`` of the order table decides; a series without stock gives ``forecast``.

    Args:
        row: A row of ``DemandScene.coming``.

    Returns:
        ``order``, ``enough``, ``overstock``, ``dead`` or ``forecast`` with its facts.
    """
    state = row.get("state")
    if not isinstance(state, str):
        return Stated("forecast", expectation(row))
    if state == "order":
        return Stated("order", expectation(row) | order(row))
    if state == "overstock":
        return Stated("overstock", named(row) | overstock(row))
    if state == "dead":
        return Stated("dead", named(row) | dead(row))
    return Stated("enough", expectation(row))


def closing(row: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return what an order, or the lack of one, rests on, and what a promotion would change, as the last statements.

    ``need`` is the quantile of sales at the service level, over the days of delivery and a week more, rounded up.
    ``by_pattern`` is 1 if last year's pattern gives it, ``by_recent`` if the best week of the last quarter does; see
    ``_ordinary``.
    """
    if row.get("state") not in {"order", "enough"}:
        return () if row.get("state") in {"overstock", "dead"} else promoted_forecast(row)
    facts: dict[str, Fact] = {name: whole(row[name]) for name in ("on_hand", "on_order", "lead_time_days")}
    facts |= {
        "need": math.ceil(row["need"] - 1e-9),
        "service_percent": whole(100 * row["service_level"]),
    }
    facts |= {name: 1 for name in ("by_pattern", "by_recent") if row[f"is_{name}"]}
    facts |= _ordinary(row) if row["is_by_recent"] else {}
    stock = Stated("shortage" if row["state"] == "order" else "supply", facts)
    return (stock, *missed_sales(row), *stockout(row), *above_recent(row), *long_cover(row), *promoted_order(row))


def missed_sales(row: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return the sales that are missed until an order of today arrives, as the stock is gone before.

    The median sales of the days of delivery, less the stock on hand and on order, are ``missed``, at least two. ``low``
    and ``high`` are the ends of their 80 % range less that stock, rounded outward; ``low`` is 0 if the stock may last.
    """
    if row["state"] != "order" or whole(row["missed"]) < LEAST_MISSED:
        return ()
    facts: dict[str, Fact] = {name: whole(row[name]) for name in ("on_hand", "on_order", "lead_time_days")}
    ends = {"low": math.floor(row["missed_low"] + 1e-9), "high": math.ceil(row["missed_high"] - 1e-9), "level": RANGE}
    return (Stated("missed_sales", facts | ends | {"missed": whole(row["missed"])}),)


def stockout(row: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return the known ``weeks`` without a sale, at least two, of an item without stock on hand that sold before.

    ``before`` is the mean of the known ones among the eight weeks before. At that mean, chance explains the silence in
    less than 1 % of the cases: all ``weeks`` would sell at least 5.
    """
    weeks, before = int(row["weeks_without_sale"]), row["before_silence"]
    if row["on_hand"] > 0 or weeks < LEAST_SILENT or not weeks * before >= LEAST_SOLD:
        return ()
    return (Stated("stockout", {"weeks": weeks, "before": whole(before)}),)


def above_recent(row: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return the most that the item sold in a week of the last quarter, ``most``, if more may be expected.

    The forecast is above it by more than a unit, or the end of its range at least twice it and two units above it.
    ``known`` of the 13 weeks are on record. Without a plan, weeks as ordinary as assumed count: see ``_ordinary``.
    """
    counted = _ordinary(row)
    most = row["ordinary_most" if counted else "quarter_most"]
    counted = counted or {"known": int(row["quarter_known"])}
    is_above = row["units"] > most + 1 or row[f"high_{RANGE}"] >= max(2 * most, most + 2)
    if not is_above or pd.isna(most):
        return ()
    return (Stated("above_recent", {"most": whole(most), **counted}),)


def _ordinary(row: Mapping[str, Any]) -> dict[str, Fact]:
    """Return how many weeks with the assumed promotions count as recent ones, if not those of the last quarter.

    ``ordinary`` are at most 13, of the last year. ``with_promotions`` is 1 if promotions are assumed.
    """
    counted, plan = int(row["ordinary_known"]), row["unknown_plan"]
    if not counted or plan not in {"no_promotion", "usual_promotions"}:
        return {}
    return {"ordinary": counted, "with_promotions": int(plan == "usual_promotions")}


def long_cover(row: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return the weeks that the stock covers with an order, if they are more than those of overstock.

    Whole packs of a slow item can be more than it needs, at the forecast, the mean of the last quarter and last year's
    pattern. A week counts as in ``overstock``. At the end of a season,
    the stock with the order, ``position``, and what ``season`` returns are told instead.
    """
    if row["state"] != "order":
        return ()
    position = row["position"] + row["order_units"]
    if row["is_season_over"] and position >= row["season_units"] + 1:
        return (Stated("long_cover", {"position": whole(position), **season(row)}),)
    weeks = position / max(row["weekly_units"], 1e-9)
    is_long = position > row["overstock_weeks"] * row["most_weekly"]
    if row["is_season_over"] or not is_long or weeks <= LEAST_COVER:
        return ()
    return (Stated("long_cover", {"cover_weeks": whole(weeks), "horizon_weeks": int(row["horizon_weeks"])}),)


def season(row: Mapping[str, Any]) -> dict[str, Fact]:
    """Return what a quarter sells by last year's pattern: that of a year ago, times the change of the last quarter.

    ``season_units`` follow from ``next_year_ago``, the last ``quarter_units``, and those a year before.
    """
    return {name: whole(row[name]) for name in ("season_units", "next_year_ago", "quarter_units", "quarter_year_ago")}


def promoted_order(row: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return what to order if the usual promotion runs in the coming week, whose promotions are unknown.

    ``order_units`` are more than those of the headline, ``instead_of`` (0 if no order is due). The order is due as in
    ``order``, and arrives in the coming week. ``price`` is the median price of the promotion's weeks, missing if prices
    are not planned. It is at most the price without the promotion.
    """
    units, own = row["promoted_units"], whole(row["order_units"])
    is_late = row["promoted_days"] + row["lead_time_days"] >= WEEK_DAYS
    if pd.isna(units) or whole(units) <= own or _is_dearer(row) or is_late:
        return ()
    facts = _promotion(row) | {"order_units": whole(units), "instead_of": own, "week": str(row["week"])}
    return (Stated("promoted_order", facts | due(row, "promoted_days")),)


def promoted_forecast(row: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return the 80 % range if the usual promotion runs in the coming week, whose promotions are unknown.

    The forecast with it is at least 1.1 times the one without it, and a unit more; the price is not above the one
    without it.
    """
    with_it, units = row["promoted_forecast"], row["units"]
    if pd.isna(with_it) or _is_dearer(row) or with_it < max(LEAST_RAISED * units, units + 1):
        return ()
    ends: dict[str, Fact] = {
        "low": math.floor(row["promoted_low"] + 1e-9),
        "high": math.ceil(row["promoted_high"] - 1e-9),
        "level": RANGE,
    }
    return (Stated("promoted_forecast", _promotion(row) | ends),)


def _is_dearer(row: Mapping[str, Any]) -> bool:
    """Return whether the price of the usual promotion is above that of the coming week without it."""
    return bool(row["promoted_price"] > row["present_price"])  # false for an unknown price


def _promotion(row: Mapping[str, Any]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"promotion": str(row["promotion"])}
    price = float(row["promoted_price"])
    return facts if math.isnan(price) else facts | {"price": told_price(price)}


def named(row: Mapping[str, Any]) -> dict[str, Fact]:
    """Return title and store; the store is empty for a table without stores."""
    return {"title": str(row["title"]), "store_id": str(row["store_id"])}


def expectation(row: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the forecast of the coming week.

    ``low`` is the lower end of the 80 % range, rounded down; ``high`` the upper one, rounded up. ``last_units`` is
    what was sold in the week before; ``last_promoted`` is 1 if a promotion ran then. If that week is unknown,
    ``known`` of the last 13 weeks are told instead.
    ``unknown_plan`` is empty if a plan is given for the week. If not, it says on what condition the range holds:
    ``no_promotion`` runs, ``usual_promotions`` run, ``no_holiday`` falls in the week, for sales with days of a calendar
    alone, or the ``price`` stays, for sales without either. One usual
    ``promotion`` has its median share of the last year, ``usual_percent``; ``times`` of the ``weeks``
    of it that are known had that share, and the assumed one of each other promotion. ``is_alone`` is 1 if there are
    others. Of several, only the number of ``promotions`` is told. ``price`` is the assumed one, if prices are planned
    and that of the week is not.
    """
    facts: dict[str, Fact] = named(row) | {
        "week": str(row["week"]),
        "low": math.floor(row[f"low_{RANGE}"] + 1e-9),
        "high": math.ceil(row[f"high_{RANGE}"] - 1e-9),
        "level": RANGE,
        "unknown_plan": str(row["unknown_plan"]),
    }
    if row["unknown_plan"] == "usual_promotions":
        facts |= _usual(row)
    if not pd.isna(row["assumed_price"]):
        facts["price"] = told_price(row["assumed_price"])
    last = row["last_week_units"]
    if pd.isna(last):
        return facts | {"known": int(row["quarter_known"])}
    return facts | {"last_units": whole(last), "last_promoted": int(row["last_promoted"])}


def _usual(row: Mapping[str, Any]) -> dict[str, Fact]:
    if row["n_usual"] > 1:
        return {"promotions": int(row["n_usual"])}
    return {
        "promotion": str(row["usual"]),
        "usual_percent": whole(100 * row["usual_share"]),
        "times": int(row["usual_times"]),
        "weeks": int(row["usual_weeks"]),
        "is_alone": int(row["n_promotions"] > 1),
    }


def order(row: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the order: units, the packs of several units that they fill, and the day by which it is due.

    The first day of the coming week is day 1; an order with no spare days is due on it.
    """
    facts: dict[str, Fact] = {"order_units": whole(row["order_units"]), **due(row, "days_left")}
    pack = float(row["pack_size"])
    if pack > 1 and pack.is_integer():
        facts |= {"pack_size": int(pack), "packs": whole(row["order_units"] / pack)}
    return facts


def due(row: Mapping[str, Any], spare: str) -> dict[str, Fact]:
    """Return the last day of an order: its number in the coming week, and its date if weeks have dates."""
    facts: dict[str, Fact] = {"order_day": int(row[spare]) + 1}
    if "-" not in str(row["week"]):
        return facts
    return facts | {"order_by": str((pd.Timestamp(row["week"]) + pd.Timedelta(days=int(row[spare]))).date())}


def overstock(row: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the position, the weeks that it covers (rounded), and the units beyond the limit in weeks.

    A week counts as the mean of the next ``horizon_weeks`` weeks. ``quarter_cover`` counts weeks at the mean of the
    last quarter, if one of both is at least a tenth more, and ``pattern_cover`` at last year's pattern, if that is at
    least a tenth above both. The units beyond the limit are at least ``too_many``, at the highest of these paces, and
    at most ``too_many_at_most``, at the lower of the first two. At the end of a season, ``season`` counts instead.
    """
    facts: dict[str, Fact] = {"position": whole(row["position"]), "on_order": whole(row["on_order"])}
    if row["is_season_over"]:
        return facts | {"too_many": int(row["too_many"]), **season(row)}
    if (
        max(row["quarter_mean"], row["weekly_units"])
        >= LEAST_RAISED * min(row["quarter_mean"], row["weekly_units"])
        > 0
    ):
        facts["quarter_cover"] = whole(row["position"] / row["quarter_mean"])
    if row["most_weekly"] >= LEAST_RAISED * np.fmax(row["quarter_mean"], row["weekly_units"]):
        facts["pattern_cover"] = whole(row["position"] / row["most_weekly"])
    return facts | {
        "horizon_weeks": int(row["horizon_weeks"]),
        "cover_weeks": whole(row["cover_weeks"]),
        "too_many": int(row["too_many"]),
        "too_many_at_most": int(row["too_many_at_most"]),
        "limit_weeks": float(row["overstock_weeks"]),
    }


def dead(row: Mapping[str, Any]) -> dict[str, Fact]:
    """Return stock on hand, the known weeks since the last sale, and the units of the last year, ``year_units``.

    ``other_store`` is the store that sold most of the item in the last quarter, ``other_units``, if one did.
    """
    facts: dict[str, Fact] = {name: whole(row[name]) for name in ("on_hand", "weeks_without_sale", "year_units")}
    sold = row["other_units"]
    return facts if not sold else facts | {"other_store": str(row["other_store"]), "other_units": whole(sold)}


def told_price(price: float) -> float:
    """Return a price as texts tell it, in cents; one below ten cents with four decimals."""
    steps = 100 if price >= LEAST_IN_CENTS else 10_000
    return whole(steps * price) / steps


def whole(value: float) -> int:
    """Return the nearest whole number, halves upwards."""
    return math.floor(float(value) + 0.5)
