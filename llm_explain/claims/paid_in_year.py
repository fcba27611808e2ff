"""What all users paid for each item in the year before the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.data.log import Log, to_day

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags, Floats
    from scoring.data.history import EventLog

YEAR_DAYS: Final = 365
PERIOD_DAYS: Final = 30
PERIODS: Final = 12


@dataclass(frozen=True)
class PaidInYear:
    """Unit prices above zero of target events that no return took back, rounded to cents.

    Attributes:
        lowest: Lowest price in the 365 days before the snapshot; NaN without one, shape ``(n_items,)``.
        median: Median of these prices, shape ``(n_items,)``.
        is_covered: Whether each of the twelve periods of 30 days before the snapshot has a price, and a price lies
            before the year, shape ``(n_items,)``.
    """

    lowest: Floats
    median: Floats
    is_covered: Flags

    @classmethod
    def of(cls, events: EventLog | None, as_of: pd.Timestamp, n_items: int) -> PaidInYear:
        """Read every event before a moment.

        Args:
            events: Events of all users; none if not given.
            as_of: The snapshot's moment.
            n_items: Number of items of the catalogue.

        Returns:
            Prices by item.
        """
        lowest, median, is_covered = np.full(n_items, np.nan), np.full(n_items, np.nan), np.zeros(n_items, dtype=bool)
        if events is None:
            return cls(lowest, median, is_covered)
        now = to_day(as_of)
        log = Log.from_events(events.events, events.catalogue, shop=events.shop).between(-np.inf, now).targets()
        price = np.round(log.price, 2)
        is_price = (price > 0) & (log.item_index < n_items)
        item, price, age = log.item_index[is_price], price[is_price], now - log.day[is_price]
        is_recent = age <= YEAR_DAYS
        by_item = pd.Series(price[is_recent]).groupby(item[is_recent])
        lowest[by_item.min().index], median[by_item.median().index] = by_item.min(), by_item.median()
        period = np.ceil(age / PERIOD_DAYS).astype(np.int64) - 1
        is_in = (period >= 0) & (period < PERIODS)
        has = np.zeros((n_items, PERIODS), dtype=bool)
        has[item[is_in], period[is_in]] = True
        is_covered[item[~is_recent]] = True
        return cls(lowest, median, is_covered & has.all(axis=1))
