"""Names that a shopper can read, from the reviewed dictionaries under ``prompts/<locale>/names``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llm_explain.errors import PromptError
from llm_explain.importers.shorthand import ShorthandCleaner
from llm_explain.text.prompt_files import prompts_root

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ABBREVIATIONS: Final = "abbreviations.csv"
NUMBERS: Final = frozenset({"singular", "plural", "mass"})
Key = tuple[str, str]
"""A shorthand and the category that it is read in."""


def names_folder(locale: str = "en") -> Path:
    """Return the folder of a locale's dictionaries."""
    return prompts_root() / locale / "names"


def read_dictionary(path: Path, word: str) -> dict[Key, str]:
    """Read one dictionary.

    Args:
        path: A CSV file with the columns ``shorthand`` and ``word``, and optionally ``category``, where a shorthand
            means something else in one category than elsewhere, and ``number``.
        word: Name of the column that holds the readable name.

    Returns:
        Readable name by shorthand and category; the empty category is any other.

    Raises:
        PromptError: If the file is missing, lacks a column, has an empty field, repeats a shorthand, or has a
            unknown grammatical number.
    """
    names: dict[Key, str] = {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, strict=True):
                _check_row(path, row, word=word, names=names)
                names[row["shorthand"], row.get("category", "")] = row[word]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PromptError(f"{path}: cannot be read as a dictionary ({error}). Restore the file.") from error
    return names


def _check_row(path: Path, row: dict[str, str], *, word: str, names: dict[Key, str]) -> None:
    where = f"{path.name}: row {len(names) + 2}"
    if not row.get("shorthand") or not row.get(word):
        raise PromptError(f"{where} is {row} but a shorthand and a {word} are needed. Fill both columns.")
    if (row["shorthand"], row.get("category", "")) in names:
        raise PromptError(f"{where} repeats {row['shorthand']!r} but a shorthand has one name. Remove one row.")
    if row.get("number", "mass") not in NUMBERS:
        raise PromptError(
            f"{where} has number {row['number']!r} but singular, plural or mass is needed. Correct the column."
        )


def read_cleaner(folder: Path) -> ShorthandCleaner:
    """Return the rules for shorthand without a dictionary.

    Args:
        folder: Folder of the dictionaries.

    Returns:
        The rules, with the words of ``abbreviations.csv``.
    """
    words = read_dictionary(folder / ABBREVIATIONS, "word")
    return ShorthandCleaner({shorthand: word for (shorthand, _), word in words.items()})


@dataclass(frozen=True)
class Names:
    """The dictionaries of one source and the rules behind them.

    Attributes:
        cleaner: Rules for what the dictionaries do not hold.
        categories: Readable category by the source's category.
        types: Title of the products of a type by the source's type and category, the empty one for any other.
    """

    cleaner: ShorthandCleaner
    categories: dict[str, str]
    types: dict[Key, str]

    @classmethod
    def read(cls, source: str, folder: Path) -> Names:
        """Read ``<source>_categories.csv``, ``<source>_types.csv`` and ``abbreviations.csv``.

        Args:
            source: Name of the source, as in the file names.
            folder: Folder of the dictionaries.

        Returns:
            The dictionaries.
        """
        categories = read_dictionary(folder / f"{source}_categories.csv", "name")
        return cls(
            read_cleaner(folder),
            {shorthand: name for (shorthand, _), name in categories.items()},
            read_dictionary(folder / f"{source}_types.csv", "title"),
        )

    def category(self, shorthand: str) -> str:
        """Return the readable name of a category.

        Args:
            shorthand: The source's name.

        Returns:
            The dictionary's name, or what the rules make of it.
        """
        return self.categories.get(shorthand) or self.cleaner.clean(shorthand)

    def product(self, product_type: str | None, category: str) -> str:
        """Return how a product is called.

        Args:
            product_type: The source's type; ``None`` where it has none.
            category: The source's category, which names the product where the type does not.

        Returns:
            The name in lower case, but for proper nouns.
        """
        if product_type is None:
            return self.category(category)
        known = self.types.get((product_type, category)) or self.types.get((product_type, ""))
        return known or self.cleaner.clean(product_type)

    def unknown(self, categories: Iterable[str], types: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return what the dictionaries do not hold.

        Args:
            categories: The source's categories.
            types: The source's types.

        Returns:
            Categories and types without a reviewed name, sorted.
        """
        known = {product_type for product_type, _ in self.types}
        return sorted(set(categories) - set(self.categories)), sorted(set(types) - known)
