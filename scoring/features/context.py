"""Context of an item at a moment, the same for every user (docs/design.md §4, f_c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.data.log import to_day, to_days

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot

TERMS: Final = ("promotion", "popularity", "season", "novelty", "price")
"""Names of the context terms."""

WARM_UP_DAYS: Final = 60
"""An item first seen this soon after the log begins may be an old one."""

NEW_DAYS: Final = 180


def context_columns(labels: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the term and the name of each column of ``context_features``, by the labels of the promotions table."""
    return (
        *(("promotion", label) for label in labels),
        ("popularity", "users_7"),
        ("popularity", "users_30"),
        ("popularity", "users_90"),
        ("popularity", "rows"),
        ("season", "lift"),
        ("novelty", "age"),
        ("price", "level"),
        ("price", "rank"),
    )


def context_features(
    snapshot: Snapshot, promotions: PromotionCalendar, catalogue: Catalogue, as_of: pd.Timestamp
) -> FloatArray:
    """Return what the shop's tables say of every item at a moment.

    Args:
        snapshot: Global statistics.
        promotions: What runs when.
        catalogue: The shop's items.
        as_of: The moment.

    Returns:
        Features, columns as ``context_columns``, NaN where one says nothing, shape ``(n_items, n_columns)``.
    """
    price = pd.Series(snapshot.price)
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.log(snapshot.season_lift)[catalogue.category_index]
        level = np.log(price.to_numpy())
    return np.column_stack(
        [
            np.sqrt(promotions.level(as_of)),
            np.log1p(snapshot.users_by_window),
            np.log1p(snapshot.n_events),
            np.where(np.isfinite(lift), lift, np.nan),
            novelty(snapshot, as_of),
            np.where(np.isfinite(level), level, np.nan),
            price.groupby(catalogue.category_index).rank(pct=True).to_numpy(),
        ]
    )


def can_be_new(snapshot: Snapshot) -> npt.NDArray[np.bool_]:
    """Return which items were first seen late enough in the log to be new ones, shape ``(n_items,)``."""
    log_start = to_day(snapshot.as_of) - snapshot.days_covered
    is_late: npt.NDArray[np.bool_] = to_days(snapshot.first_seen) >= log_start + WARM_UP_DAYS
    return is_late


def novelty(snapshot: Snapshot, as_of: pd.Timestamp, item_index: IndexArray | slice = slice(None)) -> FloatArray:
    """Return the logarithm of days since items were first there; NaN for old items and unknown ones.

    Args:
        snapshot: Global statistics.
        as_of: The moment.
        item_index: Items, shape ``(n,)``; all if not given.

    Returns:
        ``log(1 + days)``, shape ``(n,)``.
    """
    first = to_days(snapshot.first_seen[item_index])
    age = to_day(as_of) - first
    log_start = to_day(snapshot.as_of) - snapshot.days_covered
    is_new = (age >= 0) & (age <= NEW_DAYS) & (first >= log_start + WARM_UP_DAYS)
    return np.where(is_new, np.log1p(np.maximum(age, 0.0)), np.nan)
