"""The days between purchases of each group: how long they are, and whether one number describes them.

A text that says "about every five days" is right only if the reader finds gaps of about five days. The rule is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from scoring.churn.spending import Floats, Indices, Truths

LEAST_GAPS: Final = 4
"""Gaps from which on a rhythm can be told."""

RECENT_GAPS: Final = 5
"""Latest gaps that must agree with the median of all."""

NEAR: Final = 1.5
LONG: Final = 2.0
SLACK: Final = 1.0
"""A day, so that short gaps are not compared more exactly than days are counted."""


@dataclass(frozen=True, eq=False)
class Rhythm:
    """Gaps in days between the days of each group; all of shape ``(n_groups,)``, NaN without a gap.

    Attributes:
        gaps: Number of gaps.
        median: Median gap.
        mean: Mean gap.
        longest: Longest gap.
        spread: Standard deviation of the gaps; NaN for one gap.
        latest: Last gap.
        recent: Median of the last five gaps.
        recent_longest: Longest of the last five gaps.
    """

    gaps: Indices
    median: Floats
    mean: Floats
    longest: Floats
    spread: Floats
    latest: Floats
    recent: Floats
    recent_longest: Floats

    @classmethod
    def of(cls, group: Indices, day: Floats, n_groups: int) -> Rhythm:
        """Read the gaps.

        Args:
            group: Group of each day, ascending, shape ``(n,)``.
            day: Distinct whole days, ascending in each group, shape ``(n,)``.
            n_groups: Number of groups.

        Returns:
            The gaps of groups 0 to ``n_groups - 1``.
        """
        is_gap = group[1:] == group[:-1]
        gaps = pd.DataFrame({"group": group[1:][is_gap], "gap": np.diff(day)[is_gap]})
        every = gaps.groupby("group")["gap"].agg(["size", "median", "mean", "max", "std", "last"])
        late = gaps.groupby("group").tail(RECENT_GAPS).groupby("group")["gap"].agg(["median", "max"])
        size, *found = every.reindex(range(n_groups)).to_numpy(dtype=np.float64).T
        return cls(np.nan_to_num(size).astype(np.int64), *found, *late.reindex(range(n_groups)).to_numpy().T)

    def take(self, rows: Indices) -> Rhythm:
        """Return the gaps of some groups."""
        return Rhythm(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def is_steady(self) -> Truths:
        """Whether the median describes the gaps, so that it can be called usual.

        There are at least four gaps. Their mean, and the median of the last five, are at most 1.5 times the median
        and a day. The median is at most 1.5 times that of the last five and a day. The last gap is at most twice the
        median and a day.
        """
        return np.asarray(
            (self.gaps >= LEAST_GAPS)
            & (self.mean <= NEAR * self.median + SLACK)
            & (self.recent <= NEAR * self.median + SLACK)
            & (self.median <= NEAR * self.recent + SLACK)
            & (self.latest <= LONG * self.median + SLACK)
        )

    @property
    def slower(self) -> Floats:
        """The longer one of the median and the median of the last five gaps."""
        return np.fmax(self.median, self.recent)
