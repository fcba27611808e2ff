"""A locale's own words for the products and categories of a shop, from the dictionaries under ``prompts/``."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from babel.core import get_global

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import locale_root, prompts_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SOURCE_LOCALE = "en"
"""Locale whose dictionaries wrote the names that stand in the catalogue."""

_NAME_COLUMNS = ("title", "name", "said")
_PLURAL = "plural"
_SINGULAR = "singular"


@dataclass(frozen=True)
class NameDictionary:
    """Names of products and categories, found by the name that the catalogue has, whatever its case.

    Attributes:
        names: The locale's name.
        plurals: Names, in lower case, that stand for many things.
        singulars: Names, in lower case, that stand for one thing.
        genders: Grammatical gender by name in lower case, where the dictionaries state it.
        common_words: Words that the dictionaries write in lower case, so that they are no proper names.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    plurals: frozenset[str] = frozenset()
    singulars: frozenset[str] = frozenset()
    genders: Mapping[str, str] = field(default_factory=dict)
    common_words: frozenset[str] = frozenset()

    def find(self, name: str) -> str | None:
        """Return the locale's name for one of the catalogue.

        Args:
            name: Title without its label, or category.

        Returns:
            The name; ``None`` where the dictionaries do not have it.
        """
        return self.names.get(name.lower())


@cache
def load_name_dictionary(locale: str, region: str = "") -> NameDictionary:
    """Return the names of a locale, from every ``names/*_types.csv`` and ``names/*_categories.csv``.

    ``names/regional_*.csv`` holds other words for these names, by territory: ``regional_419.csv`` is for Latin America.
    A region has its own file's words, then those of its parent's.

    Args:
        locale: A folder under ``prompts/``.
        region: Babel locale of the region, for example ``es_MX``; empty for the folder's own words.

    Returns:
        The dictionary; empty where the locale has none. A file that lacks a column is refused.
    """
    names: dict[str, str] = {}
    by_number: dict[str, set[str]] = {_PLURAL: set(), _SINGULAR: set()}
    genders: dict[str, str] = {}
    regional = _regional(locale, region)
    for path in _files(locale):
        source = {
            key: name for key, name, _, _ in dictionary_rows(prompts_root() / SOURCE_LOCALE / "names" / path.name)
        }
        for key, *own in dictionary_rows(path):
            name, number, gender = regional.get(own[0], own)
            if key in source:
                names.setdefault(source[key].lower(), name)
                by_number.setdefault(number, set()).add(name.lower())
                if gender:
                    genders.setdefault(name.lower(), gender)
    words = frozenset(word for name in names.values() for word in name.split() if word.islower())
    return NameDictionary(names, frozenset(by_number[_PLURAL]), frozenset(by_number[_SINGULAR]), genders, words)


def territories(region: str) -> tuple[str, str]:
    """Return the territories of a region's parent and of the region: ``("419", "MX")`` of ``es_MX``.

    Args:
        region: Babel locale of the region.

    Returns:
        Both territories; an empty one if the region has no other parent than its language.
    """
    parent = get_global("parent_exceptions").get(region) or ""
    return parent.rpartition("_")[2], region.rpartition("_")[2]


def _regional(locale: str, region: str) -> dict[str, list[str]]:
    """Return the region's name, number and gender for names of the locale."""
    found: dict[str, list[str]] = {}
    for place in territories(region):
        path = locale_root(locale) / locale / "names" / f"regional_{place}.csv"
        if path.is_file():
            found |= {name: said for (name, _), *said in dictionary_rows(path)}
    return found


def _files(locale: str) -> list[Path]:
    folder = locale_root(locale) / locale / "names"
    found = [path for kind in ("types", "categories") for path in sorted(folder.glob(f"*_{kind}.csv"))]
    return [path for path in found if not path.name.startswith("sensitive")]


def dictionary_rows(path: Path) -> Iterator[tuple[tuple[str, str], str, str, str]]:
    """Yield the source's key, the name, its grammatical number and its gender of each row.

    Args:
        path: A CSV file with the columns ``shorthand`` and ``title`` or ``name``.

    Yields:
        tuple[tuple[str, str], str, str, str]: Key of name and category, name, number and gender.

    Raises:
        PromptError: If the file is missing or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            column = next(name for name in _NAME_COLUMNS if name in (reader.fieldnames or ()))
            for row in reader:
                key = (row["shorthand"], row.get("category") or "")
                yield key, row[column], row.get("number") or "", row.get("gender") or ""
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, StopIteration) as error:
        raise PromptError(
            f"{path}: cannot be read as a dictionary ({error!r}) but the columns shorthand and title or name are "
            "needed. Restore the file."
        ) from error
