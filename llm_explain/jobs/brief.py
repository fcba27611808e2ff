"""What one text for a manager is to state: a headline, drivers in its direction, drivers against it, closing facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from llm_explain.records import Claim, Fact

Direction = Literal[1, -1]
"""1 if the headline's drivers raise the score, −1 if they lower it."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement that is no driver: the headline, or a closing sentence.

    Attributes:
        kind: Its name in the job's file.
        facts: Its facts, by name.
    """

    kind: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Brief:
    """The content of one text.

    Attributes:
        headline: What is expected of the subject.
        direction: Whether the drivers of ``reasons`` raise the score or lower it.
        reasons: Drivers in that direction, largest attribution first.
        opposing: Drivers against it, largest attribution first.
        closing: Statements at the end.
        as_of: The day that the text speaks of.
        key: Chooses among equal sentences: two subjects rarely share one.
    """

    headline: Stated
    direction: Direction
    reasons: tuple[Claim, ...]
    as_of: dt.date
    opposing: tuple[Claim, ...] = ()
    closing: tuple[Stated, ...] = ()
    key: str = ""

    def shorter(self) -> Iterator[Brief]:
        """Yield the same brief, then with fewer and fewer drivers, the weakest left out first."""
        yield self
        opposing, reasons = self.opposing, self.reasons
        while opposing or len(reasons) > 1:
            opposing, reasons = (opposing[:-1], reasons) if opposing else (opposing, reasons[:-1])
            yield replace(self, reasons=reasons, opposing=opposing)
