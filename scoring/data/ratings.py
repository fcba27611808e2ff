"""What ratings mean: the scale of a log, and the events whose rating says that the user disliked the item."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable

RATE: Final = "rate"
LIKE: Final = "like"
"""Kind of an event whose rating is high. "You rated films 12 times" would be false of these alone."""

DISLIKE: Final = "dislike"
"""Kind of an event whose rating is low. No locale has words for it, and no scorer predicts it."""

UNRATED: Final = "interaction"
"""Kind of a rating below the scale: a 0 that stands for no rating."""

TOPS: Final = (5.0, 10.0, 100.0)
"""Highest ratings of scales that a text may name. The highest rating of a log may be below that of another scale."""

LIKED: Final = 0.65
"""Share of a scale from which on a rating tells that the user liked the item: 4 of 5, 3.5 of 5 in halves, 7 of 10."""

HIGH: Final = 0.75
"""Share of a scale from which on a rating is high: 4 of 5, 8 of 10."""


class Ratings(BaseModel):
    """What the ratings of a log mean.

    Attributes:
        kinds: Kinds of event whose ``value`` is a rating.
        lowest: Lowest rating; a value below it is no rating.
        liked_from: Lowest rating of an item that the user liked. Items with a lower one are not cited.
        highest: Highest rating that the scale permits; ``None`` if it is not known, so that no text names a rating.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[str, ...] = Field(default=(RATE,), min_length=1)
    lowest: float
    liked_from: float
    highest: float | None = None

    @property
    def high_from(self) -> float | None:
        """Lowest rating that a text may give as a reason; ``None`` without a known scale."""
        return None if self.highest is None else self.lowest + HIGH * (self.highest - self.lowest)

    @property
    def told(self) -> str:
        """Return what ratings mean, for reports."""
        top = f" of {self.highest:g}" if self.highest else ""
        lower = " Lower ones are dislikes, and no target events." if RATE in self.kinds else ""
        return (
            f"ratings from {self.liked_from:g}{top} tell that a user liked an item.{lower} Edit `ratings` in shop.yaml "
            "to change that."
        )


def scale_of(counts: pd.Series, kinds: Iterable[str] = (RATE,)) -> Ratings | None:
    """Return what ratings mean, from those that a log has.

    Args:
        counts: Number of events by rating.
        kinds: Kinds of event that have the ratings.

    Returns:
        The scale; ``None`` for fewer than two different ratings. 0 stands for no rating if it is more common than the
        next rating and none lies between 0 and 1. The next rating of whole ones is 1, even if a log has none.
    """
    seen = counts.sort_index()
    if len(seen) > 2 and seen.index[0] == 0 and seen.index[1] >= 1:
        is_by_ones = bool((np.diff(seen.index[1:].to_numpy(dtype=float)) == 1).all())
        seen = seen.iloc[1:] if seen.iloc[0] > (seen.get(1, 0) if is_by_ones else seen.iloc[1]) else seen
    if len(seen) < 2:
        return None
    found = seen.index.to_numpy(dtype=float)
    highest = float(found[-1])
    lowest = min(float(found[0]), 1.0) if highest in TOPS else float(found[0])
    liked_from = math.ceil(2 * (lowest + LIKED * (highest - lowest))) / 2  # scales have steps of a half or more
    top = highest if highest in TOPS and lowest >= 0 else None
    return Ratings(kinds=tuple(sorted(kinds)), lowest=lowest, liked_from=liked_from, highest=top)


def as_meant(events: pd.DataFrame, ratings: Ratings | None) -> pd.DataFrame:
    """Return events whose kind says what their rating means.

    Args:
        events: Rows of the events table.
        ratings: The scale; ``None`` for a log without ratings.

    Returns:
        The events. Ratings become likes and dislikes. Events of other kinds stay what they are: a film that was watched
        was watched, whatever the user thought of it.
    """
    if ratings is None or RATE not in ratings.kinds or not {"kind", "value"} <= set(events):
        return events
    kind, value = events["kind"], events["value"]
    is_rating = kind == RATE
    if not is_rating.any():
        return events
    is_none, is_liked = is_rating & (value < ratings.lowest), is_rating & (value >= ratings.liked_from)
    is_low = is_rating & ~is_none & (value < ratings.liked_from)
    return events.assign(kind=kind.mask(is_low, DISLIKE).mask(is_liked, LIKE).mask(is_none, UNRATED))
