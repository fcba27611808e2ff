"""Ratings of an export: their scale, likes and dislikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.importers.flat.vocabulary import kind_of_word, normal
from scoring.data.ratings import as_meant, scale_of

if TYPE_CHECKING:
    import pandas as pd

    from scoring.data.shop import Shop

IS_RATED: Final = "is_rated"
"""Column that says of an event whether its value is a rating."""

OF_ORDERS: Final = 0.95
"""Share of the orders of several items from which on ratings that are the same in an order are those of orders."""

NO_RATINGS: Final = ("play", "watch", "read", "value")
"""Kinds and words whose headers tell that a value is no rating: counts of plays, values of any kind."""


def tells_rating(header: str) -> bool:
    """Return whether the header of a value says that it is a rating."""
    tokens = normal(header).split()
    return not any(token in NO_RATINGS or kind_of_word(token, "event_kinds") in NO_RATINGS for token in tokens)


def with_ratings(events: pd.DataFrame, shop: Shop) -> tuple[pd.DataFrame, Shop]:
    """Return events whose kind says what their rating means, and the shop with the scale.

    Args:
        events: Events with ``kind`` and perhaps ``value`` and ``IS_RATED``.
        shop: Settings; a scale that they state stays.

    Returns:
        Ratings are likes and dislikes. If there are two alone, 1 and 0 or −1, the shop gets no scale. A rating that all
        items of an order share is no rating of an item.
    """
    if IS_RATED not in events:
        return events, shop
    is_rated = events[IS_RATED].eq(True) & ~events["kind"].isin(shop.return_kinds)
    rated = events[is_rated]
    if _are_of_orders(rated):
        return events.drop(columns="value"), shop
    counts = rated["value"].value_counts()
    ratings = shop.ratings or scale_of(counts, rated["kind"].unique())
    if ratings is None:
        return events, shop
    meant = as_meant(events, ratings)
    if shop.ratings is None and len(counts) == 2 and counts.index.max() == 1:
        return meant.assign(value=meant["value"].mask(is_rated)), shop
    return meant, shop.model_copy(update={"ratings": ratings})


def _are_of_orders(rated: pd.DataFrame) -> bool:
    """Return whether ratings are those of whole orders."""
    if "order_id" not in rated:
        return False
    found = rated.groupby("order_id")["value"].agg(["size", "nunique"])
    several = found.loc[found["size"] > 1, "nunique"]
    return len(several) > 0 and bool((several == 1).mean() >= OF_ORDERS)
