"""Sets of names that a policy treats alike: categories, product types, brands and items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.policy.readable import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from scoring.data.catalogue import Catalogue


@dataclass(frozen=True)
class NameSet:
    """Names of categories, product types and brands, and ids of items; in any case of letters.

    Attributes:
        categories: Categories, matched whole.
        types: Words that a title begins with, sorted.
        brands: Brands, matched whole.
        item_ids: Ids of items.
    """

    categories: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    brands: frozenset[str] = frozenset()
    item_ids: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        *,
        categories: Iterable[str] = (),
        types: Iterable[str] = (),
        brands: Iterable[str] = (),
        item_ids: Iterable[str] = (),
    ) -> NameSet:
        """Return a set of names as a person wrote them."""
        return cls(
            frozenset(map(plain, categories)),
            tuple(sorted(set(map(plain, types)))),
            frozenset(map(plain, brands)),
            frozenset(item_ids),
        )

    def __bool__(self) -> bool:
        """Return whether the set has a name."""
        return bool(self.categories or self.types or self.brands or self.item_ids)

    def __or__(self, other: NameSet) -> NameSet:
        """Return the names of both sets."""
        return NameSet(
            self.categories | other.categories,
            tuple(sorted({*self.types, *other.types})),
            self.brands | other.brands,
            self.item_ids | other.item_ids,
        )

    def has_item(self, catalogue: Catalogue, item_index: int) -> bool:
        """Return whether an item is in the set by its id, category or brand, or by the beginning of its title.

        Args:
            catalogue: The shop's items.
            item_index: The item.

        Returns:
            Whether a name of the set fits.
        """
        brand = int(catalogue.brand_index[item_index])
        return (
            catalogue.item_ids[item_index] in self.item_ids
            or plain(catalogue.category_names[int(catalogue.category_index[item_index])]) in self.categories
            or (bool(self.brands) and brand >= 0 and plain(catalogue.brand_names[brand]) in self.brands)
            or self._has_type(plain(str(catalogue.titles[item_index])))
        )

    def flags(self, catalogue: Catalogue) -> npt.NDArray[np.bool_]:
        """Return whether the set has each item of a catalogue, shape ``(n_items,)``."""
        if not self:
            return np.zeros(len(catalogue), dtype=bool)
        of_category = np.array([plain(name) in self.categories for name in catalogue.category_names], dtype=bool)
        of_brand = np.array([*(plain(name) in self.brands for name in catalogue.brand_names), False])  # −1 is the last
        titles = catalogue.titles.astype(str).tolist()
        of_title = {title: self._has_type(plain(title)) for title in set(titles)}
        rows = zip(titles, catalogue.item_ids.tolist(), strict=True)
        flags = [of_title[title] or item_id in self.item_ids for title, item_id in rows]
        found: npt.NDArray[np.bool_] = np.array(flags, dtype=bool)
        found |= of_category[catalogue.category_index] | of_brand[catalogue.brand_index]
        return found

    def _has_type(self, title: str) -> bool:
        if not title.startswith(self.types):
            return False
        begun = (title[len(name) :] for name in self.types if title.startswith(name))
        return any(not rest[:1].isalnum() for rest in begun)
