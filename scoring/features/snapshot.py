"""Global statistics of the shop at one moment: what every user's score may share.

A snapshot is built by training, kept with the artifacts and never moved by a request, so one user's rows never change
anyone else's answer (docs/design.md §11).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.log import Log, to_day
from scoring.data.shop import Clock
from scoring.data.tables import FIRST_SEEN, PRICE
from scoring.features.channels import Channels
from scoring.features.item_pairs import PAIR_DAYS, ItemPairs, companions, followers
from scoring.features.own_history import occasions

if TYPE_CHECKING:
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray
    from scoring.data.tables import Tables

POPULARITY_WINDOWS: Final = (7, 30, 90)
"""Days of the windows in which distinct users are counted, as columns of ``users_by_window``."""

CROWD: Final = 50
CROWD_ITEMS: Final = 10
"""Popularity is told from the shortest window in which so many items have ``CROWD`` users."""

SEASON_MONTHS: Final = 12
SEASON_MIN_DAYS: Final = 90
SEASON_MIN_ROWS: Final = 100
PRICE_DAYS: Final = 90
MIN_REPEATS: Final = 0.05
"""Share of pairs of user and item with two events instead of one, from which on users come back to items."""

REBUY_PRIOR: Final = 5.0
"""Buyers of the average item that every item is given."""


@dataclass(frozen=True)
class Snapshot:
    """Statistics of all target events before ``as_of`` that no return before it took back.

    Attributes:
        as_of: End of every window.
        days_covered: Days from the first target event to ``as_of``.
        users_by_window: Distinct users of each item in the last ``POPULARITY_WINDOWS`` days, shape ``(n_items, 3)``.
        season_month: The last complete calendar month of the shop's clock; ``None`` where the log holds none.
        season_lift: Share of each category in the rows of that month over its share in the 12 months that end with it;
            NaN where the log is shorter than 90 days or the category has fewer than 100 rows in the month, shape
            ``(n_categories,)``.
        price: Price of one unit: the catalogue's, or the median paid in the last 90 days, or ever; NaN where no user
            paid, shape ``(n_items,)``.
        first_seen: The catalogue's, or an earlier target event; NaT without one, shape ``(n_items,)``.
        n_events: Rows of each item, shape ``(n_items,)``.
        rebuy: How often its buyers bought each item, as a mean logarithm, shape ``(n_items,)``.
        buyers: Distinct users of each item in the last 365 days, shape ``(n_items,)``.
        followers: For each item, what its users bought later in these days (``scoring.features.item_pairs``).
        companions: For each item, what was bought in the same occasion in these days.
        channels: Users of each item in each channel of the log.
    """

    as_of: pd.Timestamp
    days_covered: float
    users_by_window: IndexArray
    season_month: int | None
    season_lift: FloatArray
    price: FloatArray
    first_seen: npt.NDArray[np.datetime64]
    n_events: IndexArray
    rebuy: FloatArray
    buyers: IndexArray
    followers: ItemPairs
    companions: ItemPairs
    channels: Channels

    @cached_property
    def has_repeats(self) -> bool:
        """Whether users come back to items, as they do to groceries but not to the films that they rated.

        A shop without events is not known to differ from one whose users do.
        """
        n_events = self.n_events.sum()
        return bool(not n_events or self.n_events @ self.rebuy > MIN_REPEATS * math.log(2) * n_events)

    def span(self, days: int) -> int:
        """Return the length of a window of ``days``; that of the log where it is shorter."""
        return min(days, max(1, math.ceil(self.days_covered)))

    @cached_property
    def _popularity_window(self) -> tuple[int, IndexArray]:
        """The shortest of 30, 90 and 365 days in which enough items have a crowd; the longest if none has."""
        short = [(self.span(days), self.users_by_window[:, place]) for place, days in enumerate(POPULARITY_WINDOWS)][1:]
        year = (self.span(PAIR_DAYS), self.buyers)
        return next((window for window in short if _has_crowds(window[1])), year)

    @property
    def popularity_window_days(self) -> int:
        """Days in which ``users_in_window`` counts."""
        return self._popularity_window[0]

    @property
    def users_in_window(self) -> IndexArray:
        """Distinct users of each item in the last ``popularity_window_days``, shape ``(n_items,)``."""
        return self._popularity_window[1]

    def with_items(self, n_new: int, n_new_categories: int) -> Snapshot:
        """Return the statistics with items behind the others of which there are no events.

        Args:
            n_new: Number of new items.
            n_new_categories: Number of new categories.

        Returns:
            The statistics; price and first moment of the new items are unknown.
        """
        no_buyers = self.rebuy[self.n_events == 0]
        rebuy = float(no_buyers[0]) if len(no_buyers) else float(self.rebuy.mean()) if len(self.rebuy) else 0.0
        return replace(
            self,
            users_by_window=_extended(self.users_by_window, n_new, 0),
            season_lift=_extended(self.season_lift, n_new_categories, np.nan),
            price=_extended(self.price, n_new, np.nan),
            first_seen=_extended(self.first_seen, n_new, np.datetime64("NaT")),
            n_events=_extended(self.n_events, n_new, 0),
            rebuy=_extended(self.rebuy, n_new, rebuy),
            buyers=_extended(self.buyers, n_new, 0),
            followers=self.followers.with_items(n_new),
            companions=self.companions.with_items(n_new),
            channels=self.channels.with_items(n_new),
        )

    @classmethod
    def build(cls, tables: Tables, catalogue: Catalogue, as_of: pd.Timestamp) -> Snapshot:
        """Count the tables' events before a moment.

        Args:
            tables: The shop's tables; later events may be there and do not count.
            catalogue: The shop's items.
            as_of: End of every window.

        Returns:
            The statistics.
        """
        log = Log.from_events(tables.events, catalogue, shop=tables.shop)
        return cls.from_log(log, catalogue, as_of, clock=tables.shop.clock)

    @classmethod
    def from_log(
        cls, log: Log, catalogue: Catalogue, as_of: pd.Timestamp, *, clock: Clock | None = None, pairs: bool = True
    ) -> Snapshot:
        """Count a log's events before a moment.

        Args:
            log: Events, possibly with later ones, which do not count.
            catalogue: The shop's items.
            as_of: End of every window.
            clock: The shop's clock, which months follow; UTC if not given.
            pairs: Whether to count pairs of items, which training windows do not need.

        Returns:
            The statistics.
        """
        now = to_day(as_of)
        past = log.between(-np.inf, now).targets()
        month, lift = season_lift(past, catalogue, as_of, clock or Clock())
        year = past.between(now - PAIR_DAYS if pairs else now, now)
        follow, buyers = followers(year, len(catalogue))
        return cls(
            as_of=as_of,
            days_covered=float(now - past.day.min()) if len(past) else 0.0,
            users_by_window=np.stack(
                [past.between(now - days, now).distinct_users(len(catalogue)) for days in POPULARITY_WINDOWS], axis=1
            ),
            season_month=month,
            season_lift=lift,
            price=typical_price(past, catalogue, now),
            first_seen=first_seen(past, catalogue),
            n_events=np.bincount(past.item_index, minlength=len(catalogue)).astype(np.int64),
            rebuy=rebuy(past, len(catalogue)),
            buyers=buyers,
            followers=follow,
            companions=companions(year, len(catalogue)),
            channels=Channels.count(past, now, len(catalogue)),
        )


def _has_crowds(users: IndexArray) -> bool:
    """Return whether ten items, or one in a hundred of those with a user, have ``CROWD`` users."""
    crowds = int((users >= CROWD).sum())
    return crowds > 0 and crowds >= min(CROWD_ITEMS, (users > 0).sum() / 100)


def _extended(values: npt.NDArray[Any], n: int, value: Any) -> npt.NDArray[Any]:
    """Return an array with ``n`` rows of one value behind the others."""
    return np.concatenate([values, np.full((n, *values.shape[1:]), value, dtype=values.dtype)])


def rebuy(log: Log, n_items: int) -> FloatArray:
    """Return the mean over an item's buyers of the logarithm of how often they bought it.

    Args:
        log: Events.
        n_items: Number of items.

    Returns:
        Means, drawn towards the mean of all pairs by ``REBUY_PRIOR`` buyers, shape ``(n_items,)``.
    """
    if not len(log):
        return np.zeros(n_items)
    _, item, age, start = occasions(log.user_index, log.item_index, -log.day, log.order)
    times = np.log(np.diff(np.r_[start, len(age)]))
    buyers = np.bincount(item, minlength=n_items)
    total = np.bincount(item, times, minlength=n_items)
    return np.asarray((total + REBUY_PRIOR * times.mean()) / (buyers + REBUY_PRIOR))


def season_lift(log: Log, catalogue: Catalogue, as_of: pd.Timestamp, clock: Clock) -> tuple[int | None, FloatArray]:
    """Return the last complete calendar month and each category's lift in it.

    Args:
        log: Events before ``as_of``.
        catalogue: The shop's items.
        as_of: The moment.
        clock: The shop's clock.

    Returns:
        The month (1 to 12; ``None`` without a complete month in the log) and the lifts, shape ``(n_categories,)``.
    """
    n_categories = len(catalogue.category_names)
    unknown = np.full(n_categories, np.nan)
    this_month = clock.local(as_of).to_period("M").start_time
    month_start = this_month - pd.DateOffset(months=1)
    begins = (this_month - pd.DateOffset(months=SEASON_MONTHS), month_start, this_month)
    year_start, start, end = (to_day(clock.utc(wall)) for wall in begins)
    in_month = log.between(start, end)
    if not len(in_month):
        return None, unknown
    if to_day(as_of) - log.day.min() < SEASON_MIN_DAYS:
        return int(month_start.month), unknown
    in_year = log.between(year_start, end)
    month_rows = np.bincount(catalogue.category_index[in_month.item_index], minlength=n_categories)
    year_rows = np.bincount(catalogue.category_index[in_year.item_index], minlength=n_categories)
    lift = (month_rows / len(in_month)) / np.maximum(year_rows / len(in_year), 1e-12)
    return int(month_start.month), np.where(month_rows >= SEASON_MIN_ROWS, lift, np.nan)


def typical_price(log: Log, catalogue: Catalogue, now: float) -> FloatArray:
    """Return the price of one unit of each item, NaN where it is not known, shape ``(n_items,)``."""
    price = _median_price(log, len(catalogue))
    recent = _median_price(log.between(now - PRICE_DAYS, now), len(catalogue))
    price = np.where(np.isnan(recent), price, recent)
    if PRICE in catalogue.items:
        given = catalogue.items[PRICE].to_numpy(dtype=np.float64)
        price = np.where(np.isnan(given), price, given)
    return price


def _median_price(log: Log, n_items: int) -> FloatArray:
    paid = np.isfinite(log.price) & (log.price > 0)
    medians = pd.Series(log.price[paid]).groupby(log.item_index[paid]).median()
    price = np.full(n_items, np.nan)
    price[medians.index.to_numpy()] = medians.to_numpy()
    return price


def first_seen(log: Log, catalogue: Catalogue) -> npt.NDArray[np.datetime64]:
    """Return when each item was there first, by the catalogue or an earlier sale, else NaT, shape ``(n_items,)``."""
    first = np.full(len(catalogue), np.inf)
    np.minimum.at(first, log.item_index, log.day)
    seconds = np.where(np.isfinite(first), first, 0.0) * 86_400
    seen = np.where(np.isfinite(first), np.round(seconds).astype("datetime64[s]"), np.datetime64("NaT"))
    if FIRST_SEEN in catalogue.items:
        given = catalogue.items[FIRST_SEEN].to_numpy().astype("datetime64[s]")
        seen = np.fmin(seen, given)  # a catalogue may list an old item again
    return seen.astype("datetime64[s]")
