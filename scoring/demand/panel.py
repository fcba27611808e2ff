"""The weekly sales panel: one row a series (an item in a store), one column a week."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pandas as pd

from scoring.errors import SettingError, ShapeError, UnknownItemError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]
    Flags: TypeAlias = npt.NDArray[np.bool_]
    Rows: TypeAlias = npt.NDArray[np.int64]

ITEM, STORE, WEEK, UNITS, PRICE = "item_id", "store_id", "week", "units", "price"
YEAR: Final = 52
"""Weeks in a year."""

QUARTER: Final = 13
"""Weeks in a quarter."""

CALENDAR: Final = re.compile(r"holiday|event|^open$")
"""Names of promotions that no shop runs."""

LEAST_TOLD: Final = 0.1
"""Share of a week, or of the stores, from which a promotion is assumed of a week without a plan."""

_SAME_SHARE: Final = 0.1
"""Difference of two shares of a promotion up to which they count as the same."""

_SAME_PRICE: Final = 0.05
"""Share of a price by which another one may differ and still count as the same."""


@dataclass(frozen=True, eq=False)
class SalesPanel:
    """Weekly sales of every series.

    Weeks after ``n_known`` are the future: their units are unknown, their prices and promotions may be planned.

    Attributes:
        series: ``item_id``, ``store_id`` (empty for a table without stores) and ``title`` of each series, ``n`` rows.
        weeks: Label of each week: a week number, or the first day of the week in ISO 8601, shape ``(n_weeks,)``.
        units: Units sold, NaN where unknown, shape ``(n, n_weeks)``.
        price: Price of one unit, NaN where unknown, shape ``(n, n_weeks)``.
        promotions: Share of the week for which each promotion ran, by column name, each of shape ``(n, n_weeks)``.
        n_known: Number of weeks with sales.
        has_planned_price: Whether prices are plans of the shop, known before the week; False for prices of receipts.
        locale: ``locale`` of the shop; empty if the sales table tells none.
        currency: ISO 4217 code of the prices; ``None`` if unknown.
        unit: What one of the units is, for example ``oz``; empty for pieces.
        begins_on: First weekday, in English, of the weeks of a table of weeks; empty for days and for numbers.
    """

    series: pd.DataFrame
    weeks: tuple[str, ...]
    units: Floats
    price: Floats
    promotions: Mapping[str, Floats]
    n_known: int
    has_planned_price: bool = True
    locale: str = ""
    currency: str | None = None
    unit: str = ""
    begins_on: str = ""

    def __post_init__(self) -> None:
        """Check the shapes and the unit.

        Raises:
            ShapeError: If an array does not have one row a series and one column a week.
            SettingError: If the unit has a digit, which would read as a part of a number.
        """
        if any(each.isdigit() for each in self.unit):
            raise SettingError(f"the unit is {self.unit!r} but a word without digits is needed. Write for example oz.")
        shape = (len(self.series), len(self.weeks))
        for name, array in {UNITS: self.units, PRICE: self.price, **self.promotions}.items():
            if array.shape != shape:
                raise ShapeError(f"{name} has shape {array.shape} but {shape} is needed. Build it from one table.")

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self.series)

    @property
    def has_dates(self) -> bool:
        """Whether weeks are dates."""
        return "-" in self.weeks[0]

    @property
    def as_of(self) -> str:
        """Label of the last known week."""
        return self.weeks[self.n_known - 1]

    @property
    def plan_names(self) -> tuple[str, ...]:
        """What a plan can change: promotions, and ``price`` if prices of the past were known before their week."""
        has_price = self.has_planned_price and bool(np.isfinite(self.price[:, : self.n_known]).any())
        return (PRICE, *self.promotions) if has_price else tuple(self.promotions)

    @property
    def shop_promotions(self) -> dict[str, Floats]:
        """Promotions that the shop runs; the other ones are days of a calendar: holidays, events, opening."""
        return {name: values for name, values in self.promotions.items() if not CALENDAR.search(name)}

    def up_to(self, n_known: int) -> SalesPanel:
        """Return the panel as it was known after a number of weeks; later prices and promotions stay as plans.

        Args:
            n_known: Number of known weeks.

        Returns:
            A panel whose later units are unknown.
        """
        units = self.units.copy()
        units[:, n_known:] = np.nan
        return replace(self, units=units, n_known=n_known)

    def without_plans(self) -> SalesPanel:
        """Return the panel with no price and no promotion planned for any future week."""
        price, promotions = self.price.copy(), {name: values.copy() for name, values in self.promotions.items()}
        for values in (price, *promotions.values()):
            values[:, self.n_known :] = np.nan
        return replace(self, price=price, promotions=promotions)

    def is_planned(self, series: Rows, week: Rows) -> Flags:
        """Return for which rows the plan of the week is known.

        A past week is known. A future week needs a promotion of the plan, or a price where the sales have no promotion.

        Args:
            series: Row number of each series, shape ``(m,)``.
            week: Number of each week, shape ``(m,)``.

        Returns:
            Truth values, shape ``(m,)``; all true if a plan can change nothing.
        """
        plans = list(self.promotions.values()) or ([self.price] if self.plan_names else [])
        if not plans:
            return np.ones(len(series), dtype=bool)
        given = np.any([np.isfinite(values[series, week]) for values in plans], axis=0)
        planned: Flags = given | (week < self.n_known)
        return planned

    def extended(self, n_future: int) -> SalesPanel:
        """Return the panel with at least some future weeks; what is not planned is unknown.

        Args:
            n_future: Weeks after the last known one.

        Returns:
            A panel with ``n_known + n_future`` weeks or more.
        """
        missing = self.n_known + n_future - len(self.weeks)
        if missing <= 0:
            return self
        gap = np.full((len(self), missing), np.nan)
        later = tuple(_later(self.weeks[-1], step) for step in range(1, missing + 1))
        return replace(
            self,
            weeks=self.weeks + later,
            units=np.hstack([self.units, gap]),
            price=np.hstack([self.price, gap]),
            promotions={name: np.hstack([values, gap]) for name, values in self.promotions.items()},
        )

    def take(self, rows: Rows) -> SalesPanel:
        """Return some of the series.

        Args:
            rows: Row numbers, shape ``(m,)``.

        Returns:
            A panel of ``m`` series.
        """
        return replace(
            self,
            series=self.series.iloc[rows].reset_index(drop=True),
            units=self.units[rows],
            price=self.price[rows],
            promotions={name: values[rows] for name, values in self.promotions.items()},
        )

    def with_distinct_titles(self) -> SalesPanel:
        """Return the panel with the item's id behind each title that several items share."""
        series = self.series.copy()
        items = series.drop_duplicates(ITEM)
        shared = series["title"].isin(items.loc[items["title"].duplicated(), "title"])
        series.loc[shared, "title"] += " #" + series.loc[shared, ITEM]
        return replace(self, series=series)

    @cached_property
    def planned(self) -> SalesPanel:
        """Return the panel without gaps in prices and promotions.

        An unknown price of the past is the last known one, and before the first known one that. An unknown promotion of
        a past week counts as 0. A future week without a plan is an ordinary one: each promotion has its median share
        over the known weeks of the last year. A future week without a price has the last one of a week with the same
        promotions. If promotions run, it has the median price of such weeks of the last year, and at most the last
        price without promotions. If there was no such week, it has the price of an ordinary one. A plan above 1 counts
        as 1, or as the largest value of the past.

        Returns:
            A panel whose prices are NaN only for a series without any price.
        """
        price = self.price.copy()
        if not self.has_planned_price:
            price[:, self.n_known :] = np.nan
        past = pd.DataFrame(price[:, : self.n_known]).ffill(axis=1).bfill(axis=1).to_numpy(dtype=np.float64)
        promotions = {}
        for name, values in self.promotions.items():
            shares, future = np.nan_to_num(values[:, : self.n_known]), values[:, self.n_known :]
            given = np.clip(future, 0.0, shares.max(initial=1.0))
            promotions[name] = np.hstack(
                [shares, np.where(np.isfinite(future), given, self.ordinary_share(name)[:, None])]
            )
        filled = replace(self, price=np.hstack([past, price[:, self.n_known :]]), promotions=promotions)
        usual = filled._price_with({name: self.ordinary_share(name) for name in promotions}, past[:, -1])
        for week in range(self.n_known, len(self.weeks)):
            missing, planned = np.isnan(filled.price[:, week]), {name: own[:, week] for name, own in promotions.items()}
            filled.price[missing, week] = filled._price_with(planned, usual)[missing]
        return filled

    def _price_with(self, shares: Mapping[str, Floats], default: Floats) -> Floats:
        """Return the price of a week whose promotions have some shares, of a panel without gaps, shape ``(n,)``."""
        rows, no_share = np.arange(len(self)), np.zeros(len(self))

        def last(weeks: Flags, default: Floats) -> Floats:
            place = self.n_known - 1 - weeks[:, ::-1].argmax(axis=1)
            return np.where(weeks.any(axis=1), self.price[rows, place], default)

        weeks, year = self.weeks_with(shares), slice(max(0, self.n_known - YEAR), self.n_known)
        runs = np.any([shares[name] >= LEAST_TOLD for name in self.shop_promotions] or [rows < 0], axis=0)
        usual = medians(self.price[:, year], weeks[:, year] & np.isfinite(self.units[:, year]))
        without = last(self.weeks_with(dict.fromkeys(shares, no_share)), np.full(len(self), np.nan))
        return np.where(runs & np.isfinite(usual), np.fmin(usual, without), last(weeks, default))

    def weeks_with(self, shares: Mapping[str, Floats]) -> Flags:
        """Return in which known weeks the shop's promotions had some shares, by name, shape ``(n, n_known)``."""
        found: Flags = np.ones((len(self), self.n_known), dtype=bool)
        for name, values in self.shop_promotions.items():
            own = np.nan_to_num(values[:, : self.n_known])
            found &= np.abs(own - shares[name][:, None]) <= _SAME_SHARE
        return found

    @property
    def ordinary_weeks(self) -> Flags:
        """Which known weeks had the promotions that a week without a plan counts with, shape ``(n, n_known)``."""
        return self.weeks_with({name: self.ordinary_share(name) for name in self.shop_promotions})

    def ordinary_share(self, name: str) -> Floats:
        """Return each series' median share of a promotion over the known weeks of the last year, shape ``(n,)``.

        Of two values in the middle, the lower one counts: it is a share that the promotion has had.
        """
        weeks = slice(max(0, self.n_known - YEAR), self.n_known)
        known = np.isfinite(self.units[:, weeks])
        shares = np.sort(np.where(known, np.nan_to_num(self.promotions[name][:, weeks]), np.inf), axis=1)
        middle: Floats = shares[np.arange(len(self)), np.maximum(known.sum(axis=1) - 1, 0) // 2]
        return np.where(np.isfinite(middle), middle, 0.0)

    def is_as_in(self, other: SalesPanel, series: Rows, week: Rows | int) -> Flags:
        """Return which series have the plan of another panel in their week, shape ``(m,)``.

        That is the same promotions, or the same price if the sales have no promotion.
        """
        if self.promotions:
            own = np.nan_to_num([values[series, week] for values in self.promotions.values()])
            shares = np.array([values[series, week] for values in other.promotions.values()])
            same: Flags = (np.abs(own - shares) <= _SAME_SHARE).all(axis=0)
            return same
        base = other.price[series, week]
        differs: Flags = np.abs(self.price[series, week] - base) > _SAME_PRICE * base
        return ~differs

    def rows_of(self, items: Collection[str] = (), stores: Collection[str] = ()) -> Rows:
        """Return the series of some items and stores; empty collections stand for all of them.

        Args:
            items: Item ids.
            stores: Store ids.

        Returns:
            Row numbers, shape ``(m,)``.

        Raises:
            UnknownItemError: If an item is in no series.
            SettingError: If a store is in no series, or no item is sold in it.
        """
        if unknown := set(items) - set(self.series[ITEM]):
            raise UnknownItemError(f"item is {min(unknown)!r} but an item of the sales is needed. Check the id.")
        if unknown := set(stores) - set(self.series[STORE]):
            raise SettingError(f"store is {min(unknown)!r} but a store of the sales is needed. Check the id.")
        chosen = np.ones(len(self), dtype=bool)
        for column, wanted in ((ITEM, items), (STORE, stores)):
            chosen &= self.series[column].isin(list(wanted)).to_numpy() if wanted else True
        if not chosen.any():
            raise SettingError("no such item is sold in such a store but one is needed. Check the ids.")
        return np.flatnonzero(chosen)

    def with_plan(self, changes: Mapping[str, float], rows: Rows | slice = slice(None)) -> SalesPanel:
        """Return the panel with other prices or promotions in the future weeks.

        Args:
            changes: Value by name: one of ``plan_names``.
            rows: Series whose plans change; all of them if not given.

        Returns:
            The changed panel.

        Raises:
            SettingError: If a name is not in ``plan_names``: the forecast would not change.
        """
        price, promotions = self.price.copy(), dict(self.promotions)
        for name, value in changes.items():
            if name not in self.plan_names:
                known = f"only {', '.join(self.plan_names)}" if self.plan_names else "no column"
                raise SettingError(f"the plan changes {name!r} but {known} can be changed. Correct the name.")
            if name == PRICE:
                price[rows, self.n_known :] = value
            else:
                promotions[name] = promotions[name].copy()
                promotions[name][rows, self.n_known :] = value
        return replace(self, price=price, promotions=promotions)

    def selling_weeks(self) -> Rows:
        """Return in how many known weeks each series sold something, shape ``(n,)``."""
        count: Rows = (np.nan_to_num(self.units[:, : self.n_known]) > 0).sum(axis=1)
        return count


def medians(values: Floats, where: Flags) -> Floats:
    """Return the median of some values of each row, NaN if there are none, shape ``(n,)``."""
    return np.asarray(pd.DataFrame(np.where(where, values, np.nan)).median(axis=1), dtype=np.float64)


def _later(week: str, step: int) -> str:
    """Return the label of a week some steps after another one; codes such as 202352 are weeks of ISO 8601."""
    if "-" in week:
        return str((pd.Timestamp(week) + pd.Timedelta(weeks=step)).date())
    if monday := monday_of(week):
        year, number, _ = (monday + dt.timedelta(weeks=step)).isocalendar()
        return f"{year}{number:02}"
    return str(int(week) + step)


def monday_of(week: str) -> dt.date | None:
    """Return the first day of a week that is named by year and number, such as 202352; ``None`` for other names."""
    if not re.fullmatch(r"(19|20)\d{4}", week):
        return None
    try:
        return dt.date.fromisocalendar(int(week[:4]), int(week[4:]), 1)
    except ValueError:
        return None
