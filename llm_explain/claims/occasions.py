"""Occasions: the distinct moments at which a user did something, counted by day, by window and by month."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

NS_PER_DAY: Final = 86_400 * 10**9
EPOCH: Final = date(1970, 1, 1).toordinal()


def to_date(day: int) -> date:
    """Return the calendar day of a number of days since 1970."""
    return date.fromordinal(EPOCH + day)


@dataclass(frozen=True)
class Occasions:
    """Distinct moments of one user before ``as_of``, oldest first.

    A window of ``n`` days holds the moments ``t`` with ``as_of - n * 24 h <= t < as_of``. Days since and intervals are
    differences of calendar days, as people count them: from yesterday evening to this morning is one day.

    Attributes:
        moments: Nanoseconds since 1970, each once, sorted.
        as_of: Nanoseconds since 1970; every moment lies before it.
    """

    moments: tuple[int, ...]
    as_of: int

    @classmethod
    def of(cls, moments: Iterable[int], as_of: int) -> Occasions:
        """Return the occasions among event moments.

        Args:
            moments: Moments of events, oldest first, possibly repeated.
            as_of: End of the history.

        Returns:
            Each moment once.
        """
        return cls(tuple(dict.fromkeys(moments)), as_of)

    def __len__(self) -> int:
        """Return the number of occasions."""
        return len(self.moments)

    def within(self, window_days: int) -> tuple[int, ...]:
        """Return the moments of the last days.

        Args:
            window_days: Length of the window that ends at ``as_of``.

        Returns:
            Moments, oldest first.
        """
        return self.moments[bisect_left(self.moments, self.as_of - window_days * NS_PER_DAY) :]

    @cached_property
    def days(self) -> tuple[int, ...]:
        """Distinct calendar days, as days since 1970, oldest first."""
        return tuple(dict.fromkeys(moment // NS_PER_DAY for moment in self.moments))

    @property
    def last(self) -> date:
        """Calendar day of the last occasion."""
        return to_date(self.moments[-1] // NS_PER_DAY)

    @property
    def days_since(self) -> int:
        """Calendar days from the last occasion to ``as_of``."""
        return self.as_of // NS_PER_DAY - self.moments[-1] // NS_PER_DAY

    @property
    def intervals(self) -> list[int]:
        """Days between successive calendar days with an occasion; several occasions of a day are one here."""
        return [later - earlier for earlier, later in zip(self.days, self.days[1:], strict=False)]


def months(moments: Iterable[int]) -> int:
    """Return in how many different calendar months moments lie.

    Args:
        moments: Nanoseconds since 1970.

    Returns:
        Number of distinct months.
    """
    return len({_month(moment // NS_PER_DAY) for moment in moments})


@lru_cache(maxsize=20_000)
def _month(day: int) -> tuple[int, int]:
    """Return year and month of a number of days since 1970."""
    on = to_date(day)
    return on.year, on.month
