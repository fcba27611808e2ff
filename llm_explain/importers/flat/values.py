"""Numbers and ids as exports write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

Unit = Literal["minor", "major"]
UNITS: Final[tuple[Unit, Unit]] = ("minor", "major")
"""Whether an amount of 1250 is 12.50 or 1250."""

CURRENCY: Final = re.compile(r"[^\d.,()'+\-eE]|(?<![\d.,])[eE]|[eE](?![+\-\d])")
PLAIN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
WHOLE_FLOAT: Final = re.compile(r"(-?\d+)\.0+")
SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
NO_VALUE: Final = frozenset({"", "(not set)", "null", "none", "nan", "n/a", "<na>", "undefined", "nil"})
"""What programs write where an id is missing."""

FORMULA: Final = re.compile(r'="?([^"]*)"?')
MOST_LETTERS: Final = 4
"""A number may carry a unit or a currency such as "USD" or "kg" of at most this many letters."""


def each_value(column: pd.Series, read: Callable[[str], object]) -> pd.Series:
    """Apply a function to each distinct text once.

    Args:
        column: Texts; missing ones stay missing.
        read: The function.

    Returns:
        Its results, of type ``object``.
    """
    codes, values = pd.factorize(column)
    read_values = np.empty(len(values) + 1, dtype=object)
    read_values[:-1] = [read(str(value)) for value in values]
    read_values[-1] = None
    return pd.Series(read_values[codes], index=column.index, dtype=object)


def numbers(column: pd.Series, *, is_decimal_comma: bool = False) -> pd.Series:
    """Read a column of numbers.

    Args:
        column: Texts such as ``1,234.50``, ``1.234,50 €``, ``(5.00)`` or ``17850.0``.
        is_decimal_comma: How to read a comma before three digits where the column does not tell.

    Returns:
        Numbers; NaN where a text is no number.
    """
    texts = column.dropna()
    if texts.empty:
        return pd.Series(np.nan, index=column.index, dtype="float64")
    has_comma = decimal_comma(texts, otherwise=is_decimal_comma)
    return each_value(column, lambda text: number(text, is_decimal_comma=has_comma)).astype("float64")


def decimal_comma(texts: pd.Series, *, otherwise: bool) -> bool:
    """Return whether a column writes decimals behind a comma.

    Args:
        texts: The column.
        otherwise: What to say where the column does not tell.

    Returns:
        Whether it does.
    """
    values = pd.Series(texts.unique(), dtype="str").str.replace(r"[^\d.,\-]", "", regex=True)
    both = values[values.str.contains(",", regex=False) & values.str.contains(".", regex=False)]
    if len(both):
        return bool((both.str.rfind(",") > both.str.rfind(".")).mean() > 0.5)
    commas = values[values.str.contains(",", regex=False)]
    if commas.empty:
        points = values[values.str.count(r"\.") > 1]
        return len(points) > 0  # 1.234.567 groups by points
    is_decimal = commas.str.fullmatch(r"-?\d*,(?:\d{1,2}|\d{4,})|-?0,\d+")
    is_group = commas.str.fullmatch(r"-?\d{1,3}(?:,\d{3})+")
    if is_decimal.any():
        return True
    return otherwise if is_group.all() and (commas.str.count(",") == 1).all() else not is_group.all()


def number(text: str, *, is_decimal_comma: bool) -> float:
    """Read one number.

    Args:
        text: The text.
        is_decimal_comma: Whether decimals stand behind a comma.

    Returns:
        The number; NaN if the text is not a number.
    """
    if PLAIN.fullmatch(text) and not is_decimal_comma:
        return float(text)
    if sum(character.isalpha() for character in text) > MOST_LETTERS:
        return np.nan
    bare = CURRENCY.sub("", text.replace("\u2212", "-")).strip()
    is_negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()").strip("'")
    if bare.endswith("-"):
        is_negative, bare = True, bare[:-1]
    bare = bare.replace("'", "")
    bare = bare.replace(".", "").replace(",", ".") if is_decimal_comma else bare.replace(",", "")
    bare = bare.strip(".") if bare.count(".") != 1 else bare
    if not PLAIN.fullmatch(bare):
        return np.nan
    return -float(bare) if is_negative else float(bare)


def ids(column: pd.Series) -> pd.Series:
    """Read a column of ids.

    Args:
        column: Texts.

    Returns:
        Trimmed texts. Where the column is numeric and some values went through a float, "17850.0" is "17850".
    """
    texts = each_value(column, _bare).astype("str")
    present = pd.Series(texts.dropna().unique(), dtype="str")
    is_float = present.str.fullmatch(WHOLE_FLOAT)
    is_number = is_float | present.str.fullmatch(r"-?\d+") | present.str.fullmatch(SCIENTIFIC)
    if len(present) and is_number.all() and (is_float.any() or present.str.fullmatch(SCIENTIFIC).any()):
        return each_value(texts, _whole).astype("str")
    return texts


def _bare(text: str) -> str | None:
    """Return an id without the marks that keep spreadsheets from reading it as a number: ``'007`` and ``="007"``."""
    trimmed = " ".join(text.split())
    formula = FORMULA.fullmatch(trimmed)
    bare = formula[1] if formula else trimmed.removeprefix("'")
    return None if bare.casefold() in NO_VALUE else bare


def _whole(text: str) -> str:
    if match := WHOLE_FLOAT.fullmatch(text):
        return match[1]
    return str(int(float(text))) if SCIENTIFIC.fullmatch(text) else text
