"""The days between purchases of each group: how long they are, and whether one number describes them.

A text that says "about every five days" is right only if the reader finds gaps of about five days. The rule is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray

LEAST_GAPS: Final = 4
"""Gaps from which on a rhythm can be told."""

RECENT_GAPS: Final = 5
"""Latest gaps that must agree with the median of all."""

NEAR: Final = 1.5
LONG: Final = 2.0
SLACK: Final = 1.0
"""A day, so that short gaps are not compared more exactly than days are counted."""


def keeps_median(median: FloatArray, recent: FloatArray, latest: FloatArray) -> npt.NDArray[np.bool_]:
    """Return whether the latest gaps of each group agree with the median of all.

    Args:
        median: Median gap in days, shape ``(n_groups,)``.
        recent: Median of the last five gaps, shape ``(n_groups,)``.
        latest: Last gap, shape ``(n_groups,)``.

    Returns:
        Whether ``recent`` is at most 1.5 times ``median`` and a day, the reverse, and ``latest`` is at most twice
        ``median`` and a day. False for NaN. Shape ``(n_groups,)``.
    """
    agrees = (recent <= NEAR * median + SLACK) & (median <= NEAR * recent + SLACK)
    return np.asarray(agrees & (latest <= LONG * median + SLACK))


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

    gaps: IndexArray
    median: FloatArray
    mean: FloatArray
    longest: FloatArray
    spread: FloatArray
    latest: FloatArray
    recent: FloatArray
    recent_longest: FloatArray

    @classmethod
    def of(cls, group: IndexArray, day: FloatArray, n_groups: int) -> Rhythm:
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

    def take(self, rows: IndexArray) -> Rhythm:
        """Return the gaps of some groups."""
        return Rhythm(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def is_steady(self) -> npt.NDArray[np.bool_]:
        """Whether the median describes the gaps, so that it can be called usual.

        There are at least four gaps. Their mean, and the median of the last five, are at most 1.5 times the median
        and a day. The median is at most 1.5 times that of the last five and a day. The last gap is at most twice the
        median and a day.
        """
        is_even = (self.gaps >= LEAST_GAPS) & (self.mean <= NEAR * self.median + SLACK)
        return np.asarray(is_even & keeps_median(self.median, self.recent, self.latest))

    @property
    def slower(self) -> FloatArray:
        """The longer one of the median and the median of the last five gaps."""
        return np.fmax(self.median, self.recent)
