"""Names as a shop writes them: without markup and noise, and otherwise unchanged."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import babel
import babel.dates

from llm_explain.importers.flat.values import each_value
from llm_explain.text.import_words import word_list, words

if TYPE_CHECKING:
    import pandas as pd

TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,500}>|<!--.*?-->", re.DOTALL)
KEPT: Final = frozenset("\u200c\u200d\u200e\u200f")
"""Invisible characters that scripts need: joiners and marks of direction."""

BEHIND: Final = r", The(?: \(|$)"
LEAST_BEHIND: Final = 0.01
"""Share of names with their article behind, from which on a catalogue writes all articles so."""

SHOUTED_SHARE: Final = 0.7
BARE_NUMBER: Final = re.compile(r"[\W_]*\d*(?:[.,]\d+)*[\W_]*")
HASH: Final = re.compile(r"(?=.*\d)[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Hash or UUID, which stands for a name that the export does not tell."""

UNFINISHED: Final = re.compile(r"\s+[/:;=]$")
"""Mark at the end of a library's titles, behind which the catalogue has another field."""

WORD: Final = re.compile(r"[^\W\d_][\w'’.&/+-]*", re.UNICODE)
VOWEL: Final = re.compile(r"[AEIOUYÄÖÜÀÁÂÃÅÈÉÊËÌÍÎÏÒÓÔÕÙÚÛÝ]")
LONGEST_ACRONYM: Final = 4
COUNTRY: Final = re.compile(r"[A-Z]{2}")


def clean(text: str) -> str | None:
    """Return a name without markup, control characters and repeated spaces.

    Args:
        text: A name as the export has it.

    Returns:
        The name; ``None`` if it stands for no name ("n/a", "null", "Uncategorized", a bare number).
    """
    for _ in range(2):  # some exports escape twice
        text = html.unescape(text)
    text = TAG.sub(" ", text) if "<" in text else text
    kept = (
        c if c in KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} else " " for c in text
    )
    text = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    text = UNFINISHED.sub("", text)
    return None if is_placeholder(text) else text


def is_placeholder(name: str) -> bool:
    """Return whether a text stands for no name.

    Args:
        name: A title, brand or category.

    Returns:
        Whether it is a placeholder of any language, a hash, or nothing but signs and at most one number.
    """
    bare = name.strip().strip("()[]<>{}-–—_.*?!\"' ").casefold()
    has_symbol = any(unicodedata.category(c) == "So" for c in bare)
    is_code = BARE_NUMBER.fullmatch(bare) is not None or HASH.fullmatch(bare) is not None
    return bare in _placeholders() or (is_code and not has_symbol)


@cache
def _placeholders() -> frozenset[str]:
    return frozenset(word.casefold() for word in words().placeholders)


def names(column: pd.Series, locale: str = "en", *, is_brand: bool = False) -> pd.Series:
    """Clean a column of names.

    Args:
        column: Texts.
        locale: Language of the shop.
        is_brand: Whether these are brands, whose capitals are never changed.

    Returns:
        Names; placeholders are missing. A column in capitals is written in sentence case.
    """
    cleaned = each_value(column, clean)
    if is_brand:
        return cleaned
    if is_shouted([str(name) for name in cleaned.dropna().unique()]):
        cleaned = each_value(cleaned, lambda name: sentence_case(name, locale))
    if cleaned.str.contains(BEHIND).mean() >= LEAST_BEHIND:
        inverted = re.compile("|".join(words().inverted), re.IGNORECASE)
        cleaned = each_value(cleaned, lambda name: inverted.sub(r"\1\3 \2", name))
    return each_value(cleaned, lambda name: _written_out(name, locale))


def is_shouted(distinct: list[str]) -> bool:
    """Return whether most of several names are in capitals.

    Args:
        distinct: Different names.

    Returns:
        Whether the column is; never for a script without capitals.
    """
    cased = [name for name in distinct if name.lower() != name.upper()]
    return len(cased) > 0 and sum(_is_capitals(name) for name in cased) >= SHOUTED_SHARE * len(cased)


def _is_capitals(name: str) -> bool:
    letters = "".join(word for word in name.split() if not any(c.isdigit() for c in word))  # "500g" is no shout
    return letters.upper() == letters and sum(c.isupper() for c in letters) > 1


def sentence_case(name: str, locale: str) -> str:
    """Write a name that is in capitals as a sentence would, keeping what is known to be a name or an acronym.

    Args:
        name: A name; one that is not in capitals stays.
        locale: Language of the shop.

    Returns:
        The name with a capital first letter.
    """
    if not _is_capitals(name):
        return name
    proper = _proper_names(locale)
    lowered = WORD.sub(lambda match: _word(match[0], locale), name)
    for phrase, written in proper.items():
        if phrase in lowered.casefold():
            lowered = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", written, lowered, flags=re.IGNORECASE)
    start = next((n for n, c in enumerate(lowered) if c.isalpha()), 0)
    if any(c.isdigit() for c in lowered[:start]):
        return lowered
    return lowered[:start] + lowered[start : start + 1].upper() + lowered[start + 1 :]


def _word(word: str, locale: str) -> str:
    bare = word.strip(".'’-")
    if bare.upper() in _acronyms(locale):
        return word
    if word.casefold() in _stop_words(locale):
        return word.lower()
    is_acronym = "&" in word or "." in word.rstrip(".")
    if len(bare) <= LONGEST_ACRONYM and len(bare) > 1 and bare.isalpha() and not VOWEL.search(bare):
        return word
    if word_list(locale).capitals == "all":
        return word.capitalize()
    if any(c.isdigit() for c in word) or (is_acronym and len(word) <= LONGEST_ACRONYM + 1):
        return word if len(word) <= LONGEST_ACRONYM + 1 else word.lower()
    return word.lower()


@cache
def _stop_words(locale: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in word_list(locale).stop_words)


@cache
def _acronyms(locale: str) -> frozenset[str]:
    return frozenset(word.upper() for word in (*word_list(locale).acronyms, *words().acronyms))


@cache
def _proper_names(locale: str) -> dict[str, str]:
    """Return names with their capitals by their lower case: the locale's own, countries, cities, languages, days."""
    known = babel.Locale.parse(locale.replace("-", "_"))
    territories = [name for code, name in known.territories.items() if COUNTRY.fullmatch(code)]
    cities = [zone.rpartition("/")[2].replace("_", " ") for zone in _time_zones()]
    calendar = [*babel.dates.get_month_names(locale=known).values(), *babel.dates.get_day_names(locale=known).values()]
    capitals = [name for name in (*territories, *cities, *calendar) if name[:1].isupper() and len(name) > 3]
    listed = {name.casefold(): name for name in capitals if name.casefold() not in _common_words()}
    return listed | {name.casefold(): name for name in word_list(locale).proper_names}


@cache
def _common_words() -> frozenset[str]:
    """Return words that are places too, but hardly in a shop: "turkey", "china", "jersey", "nice"."""
    return frozenset({"march", *(word.casefold() for word in words().stop_words)})


def _time_zones() -> list[str]:
    import zoneinfo

    return sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(("Europe/", "America/", "Asia/")))


@cache
def _rewrites(locale: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), word) for pattern, word in word_list(locale).rewritten.items())


def _written_out(name: str, locale: str) -> str:
    for pattern, written in _rewrites(locale):
        name = " ".join(pattern.sub(written, name).split())
    return name[:1].upper() + name[1:] if name[:1].islower() and name.startswith("set of") else name
