"""Names that a shopper can read, from the reviewed dictionaries under ``prompts/en/names``."""

from __future__ import annotations

from dataclasses import dataclass

from llm_explain.text.name_dictionary import dictionary_rows
from llm_explain.text.prompt_files import prompts_root

Key = tuple[str, str]
"""A source's name and the category that it is read in; the empty category is any other."""


@dataclass(frozen=True)
class Names:
    """The dictionaries of one source.

    Attributes:
        categories: Readable category by the source's category.
        types: Title of the products of a type by the source's type and category, the empty one for any other.
    """

    categories: dict[Key, str]
    types: dict[Key, str]

    @classmethod
    def read(cls, source: str) -> Names:
        """Read ``<source>_categories.csv`` and ``<source>_types.csv``.

        Args:
            source: Name of the source, as in the file names.

        Returns:
            The dictionaries.
        """
        paths = (prompts_root() / "en" / "names" / f"{source}_{what}.csv" for what in ("categories", "types"))
        return cls(*({key: name for key, name, *_ in dictionary_rows(path)} for path in paths))

    def category(self, category: str) -> str:
        """Return the readable name of a category; one that the dictionary lacks is written in lower case."""
        return self.categories.get((category, ""), category.lower())

    def product(self, product_type: str | None, category: str) -> str:
        """Return how a product is called: by its type, else by its category."""
        if product_type is None:
            return self.category(category)
        known = self.types.get((product_type, category)) or self.types.get((product_type, ""))
        return known or product_type.lower()
