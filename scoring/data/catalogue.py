"""The shop's items as row numbers: one map between ``item_id`` and ``item_index``."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz, process

from scoring.data.tables import BRAND, CATEGORIES, CATEGORY, EMBEDDING_PREFIX, ITEM_ID, TITLE
from scoring.errors import UnknownItemError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

IndexArray = npt.NDArray[np.int64]
"""Row numbers, shape ``(n,)``."""


NO_CATEGORY = ""
"""Name of the group of items without a category, which is never named."""


LEAST_LIKENESS = 70
"""Least likeness of an id that an error message suggests, of 100."""


def path_of(text: str) -> list[str]:
    """Return the names of a path such as ``Home > Kitchen > Mugs``."""
    return [name for name in re.split(r"\s*[>»›]\s*", text.strip()) if name]


def near_matches(unknown: str, known: Collection[str], *, limit: int = 3) -> list[str]:
    """Return the known ids that are most like one that is unknown.

    Args:
        unknown: An id as a user typed it.
        known: Ids of the tables.
        limit: Most ids.

    Returns:
        Ids, the most like first; none if no id is like it.
    """
    found = process.extract(unknown, known, scorer=fuzz.ratio, limit=limit, score_cutoff=LEAST_LIKENESS)
    return [str(match[0]) for match in found]


@dataclass(frozen=True)
class Catalogue:
    """Items in a fixed order.

    Attributes:
        items: The items table; row ``item_index`` is the item.
        first_categories: Categories that are numbered first, in this order; the others follow, sorted.
        first_brands: Brands that are numbered first.
    """

    items: pd.DataFrame
    first_categories: tuple[str, ...] = ()
    first_brands: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.items)

    @cached_property
    def item_ids(self) -> npt.NDArray[np.object_]:
        """Shop ids by ``item_index``, shape ``(n_items,)``."""
        return self.items[ITEM_ID].to_numpy(dtype=object)

    @cached_property
    def titles(self) -> npt.NDArray[np.object_]:
        """Titles by ``item_index``, empty for an item without one, shape ``(n_items,)``."""
        codes, texts = pd.factorize(self.items[TITLE].astype(object).fillna(""))  # many items share a title
        return np.asarray(texts, dtype=object)[codes]

    @cached_property
    def title_of(self) -> Mapping[str, str]:
        """Titles by ``item_id``."""
        return dict(zip(self.item_ids.tolist(), self.titles.tolist(), strict=True))

    @property
    def embedding_columns(self) -> list[str]:
        """Columns of the items table that hold vectors."""
        return [str(column) for column in self.items.columns if str(column).startswith(EMBEDDING_PREFIX)]

    @cached_property
    def title_index(self) -> IndexArray:
        """Number of each item's title; an item without a title has a number of its own, shape ``(n_items,)``."""
        shown = pd.Series(self.titles, dtype=object)
        own = pd.Series(range(len(self)), dtype=object)
        return np.asarray(pd.factorize(shown.where(shown != "", own))[0], dtype=np.int64)

    @cached_property
    def common_words(self) -> frozenset[str]:
        """Words that a category, or a title behind its first word, writes in lower case."""
        inside = (title.partition(" ")[2] for title in dict.fromkeys(self.titles.tolist()))
        words = " ".join((*inside, *self.category_names)).split()
        return frozenset(word for word in words if word.isalpha() and word.islower())

    @cached_property
    def _categories(self) -> pd.Categorical:
        names = self.items[CATEGORY].astype(object).fillna(NO_CATEGORY)
        return _numbered(names.to_numpy(dtype=object), self.first_categories)

    @cached_property
    def category_names(self) -> list[str]:
        """Names by ``category_index``; the empty name is that of all items without a category."""
        return [str(name) for name in self._categories.categories]

    @cached_property
    def category_index(self) -> IndexArray:
        """Category of each item, shape ``(n_items,)``."""
        return np.asarray(self._categories.codes, dtype=np.int64)

    @cached_property
    def category_of(self) -> Mapping[str, str]:
        """Categories by ``item_id``."""
        names = self.category_names
        return dict(zip(self.item_ids.tolist(), [names[index] for index in self.category_index], strict=True))

    def below(self, category: str) -> IndexArray | None:
        """Return the rows of the items at or below a level of a path; ``None`` if no path has it."""
        return self._levels.get(" > ".join(path_of(category)))

    @cached_property
    def paths(self) -> Mapping[str, IndexArray]:
        """Rows at or below each level of ``categories``: "Food > Dairy" gives "Food" and "Food > Dairy"."""
        rows: dict[str, list[IndexArray]] = defaultdict(list)
        texts = self.items[CATEGORIES].astype(object) if CATEGORIES in self.items else pd.Series(dtype=object)
        for text, of_text in texts.groupby(texts).indices.items():
            for path in str(text).split("|"):
                for level in accumulate(path_of(path), "{} > {}".format):
                    rows[level].append(np.asarray(of_text, dtype=np.int64))
        return {level: np.unique(np.concatenate(found)) for level, found in sorted(rows.items())}

    @cached_property
    def _levels(self) -> Mapping[str, IndexArray]:
        """Rows by the path of each level and by its own name: "Food > Dairy" is found as "Dairy" too."""
        rows: dict[str, list[IndexArray]] = defaultdict(list)
        for path, of_path in self.paths.items():
            for key in {path, path_of(path)[-1]}:
                rows[key].append(of_path)
        return {name: np.unique(np.concatenate(found)) for name, found in rows.items()}

    @cached_property
    def _brands(self) -> pd.Categorical:
        if BRAND not in self.items:
            return pd.Categorical([None] * len(self))
        return _numbered(self.items[BRAND].to_numpy(dtype=object), self.first_brands)

    @cached_property
    def brand_names(self) -> list[str]:
        """Names by ``brand_index``."""
        return [str(name) for name in self._brands.categories]

    @cached_property
    def brand_index(self) -> IndexArray:
        """Brand of each item, −1 where it has none, shape ``(n_items,)``."""
        return np.asarray(self._brands.codes, dtype=np.int64)

    @cached_property
    def index_by_id(self) -> pd.Index:
        """Shop ids as an index, whose first look-up builds what later ones use."""
        return pd.Index(self.item_ids, dtype=object)  # of an inferred type, each look-up would convert all ids

    def with_items(self, items: pd.DataFrame) -> Catalogue:
        """Return a later version of the catalogue, in which every number of this one keeps its meaning.

        Args:
            items: The items table; it begins with this catalogue's items in their order.

        Returns:
            The catalogue. New categories and brands are numbered after the old ones.
        """
        later = Catalogue(items, tuple(self.category_names), tuple(self.brand_names))
        new = items[ITEM_ID].iloc[len(self) :].to_numpy(dtype=object)
        vars(later)["item_ids"] = np.concatenate([self.item_ids, new])  # versions share the texts
        return later

    def index_of(self, item_ids: Sequence[str]) -> IndexArray:
        """Return the row numbers of shop ids.

        Args:
            item_ids: Shop ids.

        Returns:
            Row numbers, shape ``(len(item_ids),)``.

        Raises:
            UnknownItemError: If an id is not in the catalogue; the message names near matches.
        """
        if len(item_ids) == 1 and item_ids[0] in self.index_by_id:  # a look-up of many has a high fixed cost
            return np.array([self.index_by_id.get_loc(item_ids[0])], dtype=np.int64)
        index = self.index_by_id.get_indexer(pd.Index(list(item_ids), dtype=object))
        if (index < 0).any():
            unknown = str(item_ids[int(np.argmax(index < 0))])
            near = near_matches(unknown, self.item_ids.tolist())
            hint = f"Did you mean {', '.join(near)}?" if near else "List the ids in items.parquet."
            raise UnknownItemError(
                f"item {unknown!r} is not in the catalogue of {len(self):,} items but a known item is needed. {hint}"
            )
        return np.asarray(index, dtype=np.int64)

    def known(self, item_ids: pd.Series) -> IndexArray:
        """Return the row numbers of shop ids, −1 for ids outside the catalogue.

        Args:
            item_ids: Shop ids.

        Returns:
            Row numbers, shape ``(len(item_ids),)``.
        """
        codes, ids = pd.factorize(item_ids)  # a million rows name a few thousand items
        index = np.append(self.index_by_id.get_indexer(pd.Index(ids, dtype=object)), -1)  # what is missing has code -1
        return index[codes].astype(np.int64, copy=False)


def _numbered(names: npt.NDArray[np.object_], first: tuple[str, ...]) -> pd.Categorical:
    """Return names as numbers: those that come first in their order, then the others, sorted."""
    found = pd.Categorical(names)
    if not first:
        return found
    known = frozenset(first)
    return found.set_categories([*first, *(name for name in found.categories if name not in known)])
