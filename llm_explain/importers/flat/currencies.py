"""The currency of prices, found in headers such as "Preis (EUR)" and in cells such as "€12.45"."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import pandas as pd
from babel.core import Locale, UnknownLocaleError, get_global
from babel.numbers import get_currency_precision, get_territory_currencies

from llm_explain.importers.flat.values import numbers
from llm_explain.importers.flat.vocabulary import currency_marks, normal, without_minor

if TYPE_CHECKING:
    from collections.abc import Collection

    from llm_explain.importers.flat.columns import Recognised
    from scoring.data.shop import Shop

LEAST_MARKED = 0.5
"""Share of a column's values that have a mark."""

PRICES: Final = frozenset({"price", "amount", "refunded_amount"})
LEAST_DOUBTFUL: Final = 1_000
LEAST_AMOUNTS: Final = 20
MOST_ROUND: Final = 0.5
"""Share of prices that end in 0, from which on whole numbers are taken as they are."""


def minor_units(read: Recognised) -> tuple[float, str]:
    """Return by what to divide the amounts of a table that are whole numbers, and the doubtful column if there is one.

    Amounts are in the smallest unit if `--map` or a header says so. They are doubtful if nothing says it, the currency
    has decimals, and large whole numbers are not round.
    """
    raw = read.source.frame
    columns = [column for column in read.columns if column.name in PRICES]
    present = {column.header: raw[column.header].dropna() for column in columns}
    whole = {header for header, texts in present.items() if texts.str.fullmatch(r"-?\d+").all()}
    codes = {code.strip().upper() for header in read.headers_of("currency") for code in raw[header].dropna().unique()}
    digits = max((get_currency_precision(code) for code in codes), default=2)
    units = {column.unit for column in columns if column.unit}
    said = units or {"minor" for header in whole if without_minor(normal(header)) != normal(header)}
    if said:
        return (10.0**digits if "minor" in said else 1.0), ""
    for header in whole if codes and digits else ():
        values = numbers(present[header]).abs()
        is_round = (values % 10 == 0).mean() >= MOST_ROUND
        if values.median() >= LEAST_DOUBTFUL and values.nunique() >= LEAST_AMOUNTS and not is_round:
            return 1.0, header
    return 1.0, ""


@cache
def _mark() -> re.Pattern[str]:
    """Return a pattern of all marks; a code such as "eur" is a word of its own, and the longest mark counts."""
    marks = sorted(currency_marks(), key=len, reverse=True)
    parts = (rf"(?<![^\W\d_]){re.escape(m)}(?![^\W\d_])" if m[-1].isalpha() else re.escape(m) for m in marks)
    return re.compile("|".join(parts))


def marks_of(header: str, values: pd.Series) -> frozenset[str]:
    """Return the marks of currencies in a header, or else in the values.

    Args:
        header: Header of a column of prices.
        values: Its texts.

    Returns:
        Marks in lower case, for example ``€`` and ``eur``.
    """
    if found := frozenset(_mark().findall(header.casefold())):
        return found
    marks = [_mark().findall(text.casefold()) for text in map(str, values.dropna().unique())]
    is_marked = sum(map(bool, marks)) >= max(1, LEAST_MARKED * len(marks))
    return frozenset(mark for found in marks for mark in found) if is_marked else frozenset()


def without_mark(header: str) -> str:
    """Return a header in normal form without a currency: "betrag eur" is "betrag"."""
    return " ".join(_mark().sub(" ", header).split()) or header


def currency_of(
    codes: Collection[str], marks: Collection[str], shop: Shop, *, has_country: bool
) -> tuple[str | None, str]:
    """Return the currency that an export tells, and a line for the report.

    Args:
        codes: Values of columns of currencies, in capitals.
        marks: Marks of columns of prices.
        shop: The shop, with its language.
        has_country: Whether the country of its ``locale`` was stated, so that it decides what a sign means.

    Returns:
        An ISO 4217 code, or ``None`` if the export tells none or more than one; and what decided, or what is to do.
    """
    told = {mark: currency_marks()[mark] for mark in sorted(marks)}
    possible = [{code} for code in sorted(codes)] + [set(each) for each in told.values()]
    common = set.intersection(*possible) if possible else set()
    shown = ", ".join([*sorted(codes), *(repr(mark) for mark in told)])
    if len(common) == 1:
        (code,) = common
        return code, f"prices are in {code} ({shown})" if told else ""
    own = common & _currencies_of_country(shop)
    if has_country and len(own) == 1:
        (code,) = own
        return code, f"prices are in {code} ({shown}, and the locale {shop.locale})"
    if not possible:
        return None, ""
    if len(codes) > 1:
        return None, (
            f"prices are in {' and '.join(sorted(codes))}: they are written without a sign. Import the rows of each "
            "currency into a folder of its own if texts should name prices"
        )
    listed = [*sorted(own), *(code for each in told.values() for code in each if code in common - own)]
    what = f"of {', '.join(listed[:4])} and others" if listed else "of several currencies"
    return None, (
        f"prices have {shown}, which is the sign {what}: they are written without a sign until shop.yaml has the "
        f"currency, for example `currency: {listed[0] if listed else 'EUR'}`"
    )


def _currencies_of_country(shop: Shop) -> set[str]:
    try:
        name = shop.locale.replace("-", "_")
        country = Locale.parse(name if "_" in name else get_global("likely_subtags").get(name, name)).territory
    except (UnknownLocaleError, ValueError):
        return set()
    return set(get_territory_currencies(country)) if country else set()
