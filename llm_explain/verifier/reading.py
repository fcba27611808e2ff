"""Read a text back into slots: find where values stand, and say which slot each may stand for."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice, permutations, product
from typing import TYPE_CHECKING

from llm_explain.text.skeleton import ITEM
from llm_explain.text.word_boundaries import CURRENCY_SIGNS, LETTER, STOPS, WORD_BEGINS, WORD_ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MOST_READINGS = 24

_BEFORE = rf"(?<![{CURRENCY_SIGNS}%.-]){WORD_BEGINS}"
_AFTER = rf"{WORD_ENDS}(?!%|[.,-]{LETTER})"
_MAY_BEGIN, _MAY_END = re.compile(_BEFORE), re.compile(_AFTER)
_BEGINS = re.compile(rf"(?:^|[{STOPS}] ?)$")
"""What stands before the first word of a sentence."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of the text that reads as a slot value."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its values read back into slots.

    Attributes:
        skeleton: The text with slots.
        segments: Start in the skeleton and start in the text of each piece that both share.
        found: Slots that stand in the text.
    """

    skeleton: str
    segments: tuple[tuple[int, int], ...]
    found: frozenset[str]

    def to_text(self, position: int) -> int:
        """Return the place in the text of a place in the skeleton."""
        begin = max(segment for segment in self.segments if segment[0] <= position)
        return begin[1] + position - begin[0]


def readings(text: str, by_value: Mapping[str, Sequence[str]]) -> Iterator[Reading]:
    """Yield ways to read a text back; equal values may stand for either of their slots.

    Args:
        text: The text.
        by_value: Slots by the value that they have.

    Yields:
        Reading: At least one; a value that stands more often than it has slots repeats the last of them.
    """
    places = _find(text, by_value)
    counts = Counter(place.value for place in places)
    orders = [permutations(by_value[value], min(count, len(by_value[value]))) for value, count in counts.items()]
    for chosen in islice(product(*orders), _MOST_READINGS):
        left = {value: [*order[:-1], *[order[-1]] * counts[value]] for value, order in zip(counts, chosen, strict=True)}
        yield _reading(text, places, [left[place.value].pop(0) for place in places])


def occurrence(value: str) -> str:
    """Return a pattern of a value that stands by itself."""
    return f"{_BEFORE}{re.escape(value)}{_AFTER}"


def spans(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Yield where a value stands by itself, in any case, without compiling a pattern for each value.

    Args:
        text: The text.
        value: The value.

    Yields:
        tuple[int, int]: Its first character and the one after its last.
    """
    text_low, value_low = text.lower(), value.lower()
    if not value or len(text_low) != len(text) or len(value_low) != len(value):  # a letter that is two in lower case
        yield from (match.span() for match in re.finditer(occurrence(value), text, re.IGNORECASE))
        return
    yield from _standing(text, _starts(text_low, value_low), len(value))


def _starts(text: str, part: str) -> Iterator[int]:
    """Yield where a part begins, at every place, overlapping ones too."""
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def _standing(text: str, starts: Iterable[int], length: int) -> Iterator[tuple[int, int]]:
    """Yield the places, leftmost first and without overlap, at which something may begin and end."""
    free = 0
    for start in starts:
        end = start + length
        if start >= free and _MAY_BEGIN.match(text, start) and _MAY_END.match(text, end):
            free = end
            yield start, end


def _find(text: str, by_value: Mapping[str, Sequence[str]]) -> list[_Place]:
    """Return where values stand, the longest first at each place, without overlap, in order."""
    places: list[_Place] = []
    for value in sorted((each for each in by_value if each[1:] in text), key=len, reverse=True):
        heads = {value[:1], *(value[:1].upper() if value[:1].isalpha() else "")}
        starts = sorted(start for head in heads for start in _starts(text, head + value[1:]))
        for start, end in _standing(text, starts, len(value)):
            is_capital = text[start:end] != value
            if is_capital and not _BEGINS.search(text, 0, start):
                continue
            if all(end <= place.start or place.end <= start for place in places):
                places.append(_Place(start, end, value))
    return sorted(places, key=lambda place: place.start)


def _reading(text: str, places: Sequence[_Place], assignment: Sequence[str]) -> Reading:
    """Return the text with slots at the places."""
    skeleton, position = "", 0
    segments: list[tuple[int, int]] = [(0, 0)]
    for place, slot in zip(places, assignment, strict=True):
        skeleton += text[position : place.start]
        segments.append((len(skeleton), place.start))
        skeleton += f"{{{slot}}}"
        segments.append((len(skeleton), place.end))
        position = place.end
    return Reading(skeleton + text[position:], tuple(segments), frozenset(assignment) - {ITEM})
