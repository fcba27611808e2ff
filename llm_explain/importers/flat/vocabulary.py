"""What headers of exports mean: ``headers.yaml`` and ``formats.yaml``."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from llm_explain.text.import_words import read_words, words

HERE: Final = Path(__file__).parent
STROKES: Final = str.maketrans("łŁıøØđĐ", "lLioOdD")
"""Letters that are no letter with an accent to Unicode."""

JOINING: Final = re.compile(r"(?<=\w) (?:de|del|d|la|el|las|los|do|da|dos|das|du|des|le|les|di|della|dell|dei)(?= \w)")
"""Words that a header may leave out between two others: "fecha de alta" is "fecha alta"."""

CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Headers(_Strict):
    """Headers of one kind of column.

    Attributes:
        names: Whole headers in normal form, best first.
        patterns: Regular expressions of other headers.
        fallbacks: Whole headers that count where no name and no pattern fits, best first.
    """

    names: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Place of each header, from 0; the places of patterns lie between those of names and fallbacks."""
        after = len(self.names) + len(self.patterns)
        placed = [*enumerate(self.names), *enumerate(self.fallbacks, start=after)]
        spaced = {normal(name): rank for rank, name in reversed(placed)}
        return {name.replace(" ", ""): rank for name, rank in spaced.items() if name.isascii()} | spaced

    def rank(self, header: str) -> int | None:
        """Return how good a header is for this kind of column; 0 is best, ``None`` means not at all."""
        header = header.removesuffix(" hash")
        if (known := self.ranks.get(header)) is not None:
            return known
        for number, pattern in enumerate(self.patterns):
            if re.search(pattern, header):
                return len(self.names) + number
        return None


class Format(_Strict):
    """An export that a few headers identify.

    Attributes:
        name: What the report calls it.
        has: Headers that must be there.
        any: Headers of which one must be there; none are needed if empty.
        never: Headers that must not be there.
        only: Whether all other columns are left out.
        kind: Event kind of its rows, if it is known.
        columns: Name by header; an empty name leaves the column out.
        meanings: What values of a column stand for, by header.
    """

    name: str
    has: tuple[str, ...]
    any: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    only: bool = False
    kind: str | None = None
    columns: dict[str, str]
    meanings: dict[str, dict[str, str]] = {}

    def fits(self, headers: set[str]) -> bool:
        """Return whether headers in normal form are those of this format."""
        has = {normal(name) for name in self.has}
        some = {normal(name) for name in self.any}
        never = {normal(name) for name in self.never}
        return has <= headers and (not some or bool(some & headers)) and not never & headers

    @cached_property
    def names(self) -> dict[str, str]:
        """Name by header in normal form."""
        return {normal(header): name for header, name in self.columns.items()}


class _HeaderFile(_Strict):
    version: Literal["1"]
    works: tuple[str, ...]
    creators: tuple[str, ...]
    places: tuple[str, ...]
    deals: dict[str, tuple[str, ...]]
    cities: tuple[str, ...]
    headlines: tuple[str, ...]
    minor: tuple[str, ...]
    currencies: dict[str, tuple[str, ...]]
    columns: dict[str, Headers]


class _FormatFile(_Strict):
    version: Literal["1"]
    formats: tuple[Format, ...]


def normal(header: str) -> str:
    """Return a header in the form in which headers are compared.

    Args:
        header: A header as a file has it.

    Returns:
        Lower case words without accents and with single spaces: "InvoiceNo" and "invoice_no" become "invoice no", and
        "numéro de la commande" becomes "numero commande".
    """
    text = CAMEL.sub(" ", header.strip().replace("#", " no ")).translate(STROKES)
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return JOINING.sub("", " ".join(re.sub(r"[\W_]+", " ", bare).split()))


def kind_of_word(text: str, group: Literal["event_kinds", "statuses", "file_kinds", "channels"]) -> str | None:
    """Return what a word of an export means.

    Args:
        text: The word, in any spelling that `normal` makes equal.
        group: The lists of ``import.yaml`` that may hold it.

    Returns:
        The key of the list that holds the word, such as ``refund``; ``None`` if no list does.
    """
    name = normal(text)
    if name in _kinds(group) or group != "event_kinds":
        return _kinds(group).get(name)
    return _kinds(group).get(" ".join(word for word in name.split() if word not in _event_objects()))


@cache
def _event_objects() -> frozenset[str]:
    """Return words for what an event happens to: "article view" is a view."""
    return frozenset(map(normal, words().event_objects))


@cache
def _kinds(group: str) -> dict[str, str]:
    lists: dict[str, tuple[str, ...]] = getattr(words(), group)
    return {normal(word): kind for kind, names in reversed(lists.items()) for word in names}


@cache
def known_kinds() -> frozenset[str]:
    """Return the event kinds for which exports have words."""
    return frozenset(words().event_kinds)


@cache
def _header_file() -> _HeaderFile:
    return read_words(HERE / "headers.yaml", _HeaderFile)


def headers() -> dict[str, Headers]:
    """Return the known headers by kind of column."""
    return _header_file().columns


@cache
def currency_marks() -> dict[str, tuple[str, ...]]:
    """Return the currencies that each mark may stand for."""
    found: dict[str, tuple[str, ...]] = {}
    for code, marks in _header_file().currencies.items():
        for mark in marks:
            found[mark] = (*found.get(mark, ()), code)
    return found


@cache
def formats() -> tuple[Format, ...]:
    """Return the known formats."""
    return read_words(HERE / "formats.yaml", _FormatFile).formats


def tells(header: str, group: Literal["works", "creators", "places", "cities", "headlines"]) -> bool:
    """Return whether a header tells works, who made them, places, cities or headlines."""
    return not _told(group).isdisjoint(normal(header).split())


def deal_of(header: str) -> str | None:
    """Return what is done at the places that a header names, such as ``order`` for "restaurant id"."""
    deals, tokens = _header_file().deals, normal(header).split()
    return next((kind for kind, names in deals.items() if not set(names).isdisjoint(tokens)), None)


@cache
def _told(group: str) -> frozenset[str]:
    return frozenset(normal(word) for word in getattr(_header_file(), group))


def without_minor(header: str) -> str:
    """Return a header in normal form without a word that tells the smallest unit of a currency, such as "cents"."""
    patterns = "|".join(_header_file().minor)
    return " ".join(re.sub(patterns, " ", header).split())


def is_known_header(header: str) -> bool:
    """Return whether a header names a column that an import can use."""
    name = normal(header)
    return any(name in columns.ranks for columns in headers().values())
