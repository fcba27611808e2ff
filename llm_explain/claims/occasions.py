"""Occasions of many groups of events at once, counted by window, by day and by month.

An occasion is one order, or the events that follow each other within minutes; ``scoring`` numbers them. Everything here
is counted on the shop's clock: days, months and windows are those that a customer of the shop reads on the wall.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from scoring.features.rhythm import RECENT_GAPS, keeps_median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import IndexArray

NS_PER_DAY: Final = 86_400 * 10**9

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def to_dates(days: IndexArray) -> list[str]:
    """Return days since 1970 as ISO dates."""
    return [str(day) for day in days.astype("datetime64[D]").tolist()]


@dataclass(frozen=True)
class Occasions:
    """Occasions of groups of events, such as those of a user with a category.

    The moment of an occasion is that of its latest event in the group. A window of ``n`` days holds the moments ``t``
    with ``as_of - n * 24 h <= t``. Days since and intervals are differences of calendar days, as people count them:
    from yesterday evening to this morning is one day.

    Attributes:
        moment: Local moment of each occasion in nanoseconds since 1970, oldest first in each group, shape
            ``(n_occasions,)``.
        bounds: Place of the first occasion of each group, and the number of occasions, shape ``(n_groups + 1,)``.
        as_of: Local end of each group's history, shape ``(n_groups,)``.
        event_kind: Kind of the events of each group, an index into the shop's target kinds, shape ``(n_groups,)``.
    """

    moment: IndexArray
    bounds: IndexArray
    as_of: IndexArray
    event_kind: IndexArray

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.as_of)

    @cached_property
    def counts(self) -> IndexArray:
        """Number of occasions of each group, shape ``(n_groups,)``."""
        return self.bounds[1:] - self.bounds[:-1]

    @cached_property
    def group(self) -> IndexArray:
        """Group of each occasion, shape ``(n_occasions,)``."""
        return np.arange(len(self)).repeat(self.counts)

    @cached_property
    def as_of_day(self) -> IndexArray:
        """Day on which each history ends, as days since 1970, shape ``(n_groups,)``."""
        return self.as_of // NS_PER_DAY

    @cached_property
    def day(self) -> IndexArray:
        """Day of each occasion, as days since 1970, shape ``(n_occasions,)``."""
        return self.moment // NS_PER_DAY

    def take(self, groups: IndexArray) -> Occasions:
        """Return the occasions of some groups.

        Args:
            groups: Groups, possibly repeated; none may be empty of meaning, so each is at least 0, shape ``(n,)``.

        Returns:
            Occasions of ``n`` groups, in the order given.
        """
        rows, bounds = spans(self.bounds, groups)
        return Occasions(self.moment[rows], bounds, self.as_of[groups], self.event_kind[groups])

    @classmethod
    def joined(cls, several: Sequence[Occasions]) -> Occasions:
        """Return the groups of several objects, one after the other."""
        offsets = np.cumsum([0, *(len(each.moment) for each in several)])
        bounds = [each.bounds[:-1] + offset for each, offset in zip(several, offsets.tolist(), strict=False)]
        return cls(
            np.concatenate([each.moment for each in several]),
            np.concatenate([*bounds, offsets[-1:]]),
            np.concatenate([each.as_of for each in several]),
            np.concatenate([each.event_kind for each in several]),
        )

    def within(self, window_days: int | None) -> IndexArray:
        """Return how many occasions of each group lie in the days before ``as_of``.

        Args:
            window_days: Length of the window; the whole history if ``None``.

        Returns:
            Counts, shape ``(n_groups,)``.
        """
        return self.counts if window_days is None else self._count(self._is_within(window_days))

    def months(self, window_days: int | None) -> IndexArray:
        """Return in how many different calendar months of the days before ``as_of`` each group has an occasion.

        Args:
            window_days: Length of the window; the whole history if ``None``.

        Returns:
            Counts, shape ``(n_groups,)``.
        """
        is_within = np.ones(len(self.moment), dtype=bool) if window_days is None else self._is_within(window_days)
        month = self.moment[is_within].astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
        group = self.group[is_within]
        return np.bincount(group[_is_first(group, month)], minlength=len(self))

    @cached_property
    def last_day(self) -> IndexArray:
        """Day of each group's last occasion; 0 for a group without one, shape ``(n_groups,)``."""
        last = np.zeros(len(self), dtype=np.int64)
        has_one = self.counts > 0
        last[has_one] = self.day[self.bounds[1:][has_one] - 1]
        return last

    @cached_property
    def days_since(self) -> IndexArray:
        """Calendar days from each group's last occasion to ``as_of``; of no meaning without one, ``(n_groups,)``."""
        return self.as_of_day - self.last_day

    @cached_property
    def days(self) -> Spans:
        """Distinct days of each group, oldest first."""
        is_first = _is_first(self.group, self.day)
        return Spans.of(self.day[is_first], self.group[is_first], len(self))

    @cached_property
    def intervals(self) -> Spans:
        """Days between successive days with an occasion, smallest first; several occasions of a day are one here."""
        days = self.days
        gap, is_same = days.values[1:] - days.values[:-1], days.group[1:] == days.group[:-1]
        gap, group = gap[is_same], days.group[1:][is_same]
        order = np.lexsort((gap, group))
        return Spans.of(gap[order], group[order], len(self))

    @cached_property
    def rhythm(self) -> Floats:
        """Median of each group's intervals; NaN for fewer than two days, shape ``(n_groups,)``."""
        return self.intervals.medians()

    @cached_property
    def keeps_rhythm(self) -> Flags:
        """Whether the latest intervals of each group agree with its median (``keeps_median``), ``(n_groups,)``."""
        days = self.days
        is_gap = days.group[1:] == days.group[:-1]
        gaps, group = np.diff(days.values)[is_gap], days.group[1:][is_gap]
        bounds = np.searchsorted(group, np.arange(len(self) + 1))
        is_recent = np.arange(len(gaps)) >= bounds[1:][group] - RECENT_GAPS
        order = np.lexsort((gaps[is_recent], group[is_recent]))
        recent = Spans.of(gaps[is_recent][order], group[is_recent][order], len(self)).medians()
        latest = np.full(len(self), np.nan)
        has_one = bounds[1:] > bounds[:-1]
        latest[has_one] = gaps[bounds[1:][has_one] - 1]
        return keeps_median(self.rhythm, recent, latest)

    def _is_within(self, window_days: int) -> Flags:
        is_within: Flags = self.moment >= (self.as_of - window_days * NS_PER_DAY)[self.group]
        return is_within

    def _count(self, flags: Flags) -> IndexArray:
        return np.bincount(self.group[flags], minlength=len(self))


@dataclass(frozen=True)
class Spans:
    """Values of groups that lie together.

    Attributes:
        values: Values, group by group, shape ``(n,)``.
        group: Group of each value, ascending, shape ``(n,)``.
        bounds: Place of the first value of each group, and the number of values, shape ``(n_groups + 1,)``.
    """

    values: IndexArray
    group: IndexArray
    bounds: IndexArray

    @classmethod
    def of(cls, values: IndexArray, group: IndexArray, n_groups: int) -> Spans:
        """Return values whose groups are known, ascending."""
        return cls(values, group, np.searchsorted(group, np.arange(n_groups + 1)))

    @cached_property
    def counts(self) -> IndexArray:
        """Number of values of each group, shape ``(n_groups,)``."""
        return self.bounds[1:] - self.bounds[:-1]

    def medians(self) -> Floats:
        """Return the median of each group's values, which lie in ascending order; NaN for none, ``(n_groups,)``."""
        median = np.full(len(self.counts), np.nan)
        (some,) = self.counts.nonzero()
        low = self.bounds[some] + (self.counts[some] - 1) // 2
        high = self.bounds[some] + self.counts[some] // 2
        median[some] = (self.values[low] + self.values[high]) / 2
        return median


def spans(bounds: IndexArray, groups: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Return the places of the values of some groups, and where each of these groups begins among them.

    Args:
        bounds: First place of each group, and the number of values, shape ``(n_groups + 1,)``.
        groups: Groups, possibly repeated, shape ``(n,)``.

    Returns:
        Places, and bounds of shape ``(n + 1,)``.
    """
    counts = bounds[groups + 1] - bounds[groups]
    new_bounds = np.zeros(len(groups) + 1, dtype=np.int64)
    counts.cumsum(out=new_bounds[1:])
    return np.arange(new_bounds[-1]) + (bounds[groups] - new_bounds[:-1]).repeat(counts), new_bounds


def _is_first(group: IndexArray, value: IndexArray) -> Flags:
    """Return where a value begins, among values that lie together by group and ascend in it."""
    is_first = np.ones(len(group), dtype=bool)
    is_first[1:] = (group[1:] != group[:-1]) | (value[1:] != value[:-1])
    return is_first


def round_down(values: Floats, digits: int) -> Floats:
    """Return numbers that never overstate, after rounding the noise of single precision away.

    Args:
        values: Numbers that are not negative, shape ``(n,)``.
        digits: Decimals to keep.

    Returns:
        The largest numbers with so many decimals that are not above the values rounded to six decimals, ``(n,)``.
    """
    scale = 10**digits
    return np.asarray(np.floor(np.round(values, 6) * scale + 1e-9) / scale, dtype=np.float64)
