"""Titles: what the product is, its size where known, and whether it is a private label."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

UNITS: Final = {
    "OZ": ("oz", "oz"), "OZS": ("oz", "oz"), "FL OZ": ("fl oz", "fl oz"), "LB": ("lb", "lb"),
    "ML": ("ml", "ml"), "L": ("l", "l"), "LT": ("l", "l"), "LTR": ("l", "l"), "LRT": ("l", "l"),
    "G": ("g", "g"), "GM": ("g", "g"), "GR": ("g", "g"), "MG": ("mg", "mg"), "KG": ("kg", "kg"),
    "GAL": ("gallon", "gallons"), "GA": ("gallon", "gallons"), "GALON": ("gallon", "gallons"),
    "QT": ("quart", "quarts"), "PT": ("pint", "pints"), "PTS": ("pint", "pints"),
    "CT": ("count", "count"), "DZ": ("dozen", "dozen"), "DZN": ("dozen", "dozen"), "DOZ": ("dozen", "dozen"),
    "PC": ("piece", "pieces"), "PCS": ("piece", "pieces"), "STEM": ("stem", "stems"), "STEMS": ("stem", "stems"),
    "ROLL": ("roll", "rolls"), "ROLLS": ("roll", "rolls"), "SHEET": ("sheet", "sheets"),
    "SHEETS": ("sheet", "sheets"), "LOAD": ("load", "loads"), "LOADS": ("load", "loads"), "LD": ("load", "loads"),
    "LDS": ("load", "loads"), "IN": ("inch", "inch"), "FT": ("ft", "ft"), "YD": ("yd", "yd"), "YDS": ("yd", "yd"),
    "CM": ("cm", "cm"), "MM": ("mm", "mm"), "SQ FT": ("sq ft", "sq ft"), "CU FT": ("cu ft", "cu ft"),
}  # fmt: skip
"""One and many of each unit, by the source's abbreviation."""

CONTAINERS: Final = {
    "BTL": " bottle", "BTLS": " bottle", "CAN": " can", "CN": " can", "BAG": " bag", "BOX": " box", "JAR": " jar",
    "TUBE": " tube", "POUCH": " pouch", "PCH": " pouch", "TUB": " tub", "CUP": " cup", "PET": "", "NR": "",
    "LNNR": "", "PLST": "", "LOOSE": "",
}  # fmt: skip
WORDS: Final = {
    "SMALL": "small", "SML": "small", "MEDIUM": "medium", "MED": "medium", "MED.": "medium", "LARGE": "large",
    "LG": "large", "X-LARGE": "extra large", "X-LG": "extra large", "XLG": "extra large", "MINI": "mini",
    "GAL": "1 gallon", "QT": "1 quart", "PT": "1 pint", "L": "1 l", "DZ": "1 dozen", "DOZ": "1 dozen",
    "HALF GAL": "half gallon", "HLF GAL": "half gallon", "TWIN PK": "2-pack", "ONE SIZE": "one size",
}  # fmt: skip
"""Sizes without a number."""

NUMBER: Final = r"(?:\d+[ -]\d+/\d+|1/\d+|\d*\.?\d+|\d+\.)"
UNIT: Final = "|".join(sorted(UNITS, key=len, reverse=True))
CODE: Final = re.compile(r"(?:(?!OVER|PER)[A-Z](?: ?[A-Z]){0,3} +|\d{5,6} +|\d{3} {3,})(?=[\d.])")
"""Codes that some sizes begin with, such as the "P    " of "P    16 OZ"."""

SINGLE: Final = re.compile(rf"({NUMBER}) ?-?({UNIT})\.?(?: ({'|'.join(CONTAINERS)}))?")
AMBIGUOUS: Final = re.compile(r"(?:2/3|[357]/(?:4|8|16)) ?OZ")
"""Three quarters of an ounce, or three pieces of four ounces: the source writes both this way."""

EACH: Final = re.compile(rf"(\d{{1,3}}) ?/ ?({NUMBER}) ?({UNIT})\.?(?: (?:{'|'.join(CONTAINERS)}))?")
PACK: Final = re.compile(rf"(\d{{1,3}}) ?(PK|P|CT|DZ|PC)(?: ?/ ?| )({NUMBER}) ?({UNIT}|Z)\.?")
PACK_LAST: Final = re.compile(rf"({NUMBER}) ?({UNIT})(?: ?/ ?| )(\d{{1,3}}) ?(PK|CT|PC)\.?")
ONLY_PACK: Final = re.compile(r"(\d{1,3}) ?PKS?")
RANGE: Final = re.compile(r"(\d{1,3})-(\d{1,3}) ?(CT|LB|IN)")
AREA: Final = re.compile(rf"({NUMBER}) ?X ?({NUMBER}) ?(IN|FT|CM)")
SIZED: Final = re.compile(r"\b(?:gallon|half-gallon|liter|pint|quart|dozen)\b")
"""Names that tell the size themselves, such as "soft drink in a 2-liter bottle"."""

SHOP_MARK: Final = " (store brand)"


def title(product: str, size: str | None, *, is_private: bool) -> str:
    """Write an item's title, such as ``Shredded cheese, 8 oz (store brand)``.

    Args:
        product: What the product is, in lower case but for proper nouns.
        size: Its size as ``clean_size`` writes it, where known.
        is_private: Whether it is the shop's own brand.

    Returns:
        The title.
    """
    name = product[:1].upper() + product[1:]
    is_told = size is not None and SIZED.search(product) is not None
    return f"{name}{f', {size}' if size and not is_told else ''}{SHOP_MARK if is_private else ''}"


def clean_size(raw: str) -> str | None:
    """Write a package size for a shopper.

    Args:
        raw: The source's text, such as ``16 OZ``, ``2 LTR``, ``1/2 GAL``, ``6 PK/12 OZ`` or ``P    16 OZ``.

    Returns:
        The size, such as ``16 oz``, ``2 l``, ``half gallon`` or ``6-pack, 12 oz``; ``None`` where the text names no
        size that can be trusted (an internal code, a lone container, a single piece).
    """
    text = raw.strip().upper().rstrip("*")
    if text in WORDS:
        return WORDS[text]
    text = " ".join(CODE.sub("", text, count=1).split()) if CODE.match(text) else " ".join(text.split())
    if AMBIGUOUS.fullmatch(text):
        return None
    for pattern, write in PATTERNS:
        if found := pattern.fullmatch(text):
            return write(*found.groups())
    return None


def _single(number: str, unit: str, container: str | None = None) -> str | None:
    size = _measure(number, unit)
    return size + CONTAINERS[container or "PET"] if size else None


def _measure(number: str, unit: str) -> str | None:
    amount = _amount(number)
    one, many = UNITS["OZ" if unit == "Z" else unit]
    if amount == Fraction(1, 2) and one in {"gallon", "pint", "dozen"}:
        return f"half {one}"
    if amount == 0 or (amount == 1 and one == "count"):
        return None
    return f"{float(round(amount, 3)):.10g} {one if amount == 1 else many}"


def _amount(number: str) -> Fraction:
    return sum((Fraction(part.rstrip(".") or "0") for part in re.split(r"[ -]", number)), Fraction(0))


def _each(count: str, number: str, unit: str) -> str | None:
    size = _measure(number, unit)
    return f"{int(count)} x {size}" if size and int(count) > 1 and unit != "IN" else None


def _pack(count: str, kind: str, number: str, unit: str) -> str | None:
    size, pack = _measure(number, unit), _count(count, kind)
    return ", ".join(part for part in (pack, size) if part) or None


def _pack_last(number: str, unit: str, count: str, kind: str) -> str | None:
    return _pack(count, kind, number, unit)


def _count(count: str, kind: str = "PK") -> str | None:
    if int(count) < 2:
        return None
    return f"{int(count)}-pack" if kind in {"PK", "P"} else f"{int(count)} {UNITS[kind][1]}"


def _range(low: str, high: str, unit: str) -> str | None:
    return f"{int(low)}-{int(high)} {UNITS[unit][1]}" if 1 < int(low) < int(high) else None


def _area(width: str, length: str, unit: str) -> str | None:
    sides = [f"{float(round(_amount(side), 3)):.10g}" for side in (width, length)]
    return f"{' x '.join(sides)} {UNITS[unit][1]}"


PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[..., str | None]], ...]] = (
    (SINGLE, _single),
    (EACH, _each),
    (PACK, _pack),
    (PACK_LAST, _pack_last),
    (ONLY_PACK, _count),
    (RANGE, _range),
    (AREA, _area),
)
