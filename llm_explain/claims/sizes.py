"""Sizes that titles state, so that a list knows one product in two sizes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

UNITS: Final = (
    r"fl oz|oz|lbs?|kg|mg|g|ml|cl|dl|l|liters?|litres?|gallons?|gal|quarts?|qt|pints?|pt|dozen|count|ct|packs?|pk|"
    r"pieces|pcs|sheets|rolls|bags|bottles|cans|cups|tablets|capsules|pairs|sq ft|inches|inch|cm|mm|ft|m"
)
SIZE: Final = re.compile(
    rf"\d[\d.,/]*[ -]?(?:{UNITS})\b|\b(?:pack|box|set|bag|case|roll) of \d[\d.,]*|[,(] ?(?:size )?(?:xs|s|m|l|xl|xxl|"
    r"extra[ -]large|small|medium|large|mini)\b"
)
MARK: Final = re.compile(r"\([^()\d]*\)")
"""What stands in parentheses without a figure: "(store brand)" is a mark, "(1999)" tells a film from another one."""

NO_WORD: Final = re.compile(r"[\W_]+")
NUMBER: Final = re.compile(r"\d[\d.,/]*")
DOZEN: Final = 12

LEAST_RATIO: Final = 1.3
"""Least ratio of two sizes that a person would tell apart."""


class Sized(NamedTuple):
    """A title in parts.

    Attributes:
        product: Its words, without sizes and marks.
        name: Its words, without sizes.
        sizes: The sizes, as the title writes them, in small letters.
    """

    product: str
    name: str
    sizes: tuple[str, ...]


@lru_cache(maxsize=1 << 17)
def sized(title: str) -> Sized:
    """Return a title's words and sizes: "large eggs" and "18 count" of "Large eggs, 18 count (store brand)"."""
    low = title.lower()
    rest = SIZE.sub(" ", low)
    sizes = tuple(size.strip(" ,(") for size in SIZE.findall(low))
    product, name = (NO_WORD.sub(" ", each).strip() for each in (MARK.sub(" ", rest), rest))
    return Sized(product, name, sizes)


def other_size(title: str, other: str) -> tuple[str, str] | None:
    """Return the size that one of two titles states in place of the other's, and the other's.

    Args:
        title: A title.
        other: Another title.

    Returns:
        Both sizes; ``None`` unless the titles have the same words, and sizes that differ in one place, by a number of
        the same unit, one of them at least 30 % larger, or by a word. A dozen counts as twelve.
    """
    first, second = sized(title), sized(other)
    if not first.name or first.name != second.name or len(first.sizes) != len(second.sizes):
        return None
    pairs = [pair for pair in zip(first.sizes, second.sizes, strict=True) if pair[0] != pair[1]]
    if len(pairs) != 1:
        return None
    (own, unit), (known, other_unit) = (_measured(size) for size in pairs[0])
    if unit != other_unit or own == known:
        return None
    low, high = sorted((_number(own), _number(known)))
    return pairs[0] if not unit or high >= LEAST_RATIO * low else None


def _measured(size: str) -> tuple[str, str]:
    """Return the number of a size and its unit; no unit for a size in words."""
    found = NUMBER.search(size)
    if found is None:
        return size, ""
    number, unit = found.group().replace(",", ""), NO_WORD.sub("", NUMBER.sub("", size, count=1))
    return (str(DOZEN * int(number)), "count") if unit == "dozen" and number.isdigit() else (number, unit)


def _number(number: str) -> float:
    """Return a number that a title writes, whatever stands around its figures."""
    try:
        return float(number.strip("./"))
    except ValueError:
        return 0.0
