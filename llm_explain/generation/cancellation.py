"""A deadline that somebody else can bring forward to now."""

from __future__ import annotations


class Deadline(float):
    """A moment of ``time.monotonic()`` that can be cancelled: from then on every comparison finds it in the past.

    It goes wherever a plain number goes, so a generator that asks ``time.monotonic() >= deadline`` between two tokens
    stops at the next one. Python asks the subclass first, so the comparison works from either side.
    """

    __slots__ = ("_is_cancelled",)

    def __init__(self, moment: float = float("inf")) -> None:  # noqa: ARG002  float takes it in __new__
        self._is_cancelled = False

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._is_cancelled

    def cancel(self) -> None:
        """Bring it forward to now; from any thread."""
        self._is_cancelled = True

    def __le__(self, moment: float) -> bool:
        return self._is_cancelled or float(self) <= moment

    def __lt__(self, moment: float) -> bool:
        return self._is_cancelled or float(self) < moment

    def __ge__(self, moment: float) -> bool:
        return not self < moment

    def __gt__(self, moment: float) -> bool:
        return not self <= moment

    __hash__ = float.__hash__
    __eq__ = float.__eq__
