"""Links between items with the same fields: categories, brand and, where it helps, words of the title."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from scoring.data.tables import BRAND, CATEGORIES, CATEGORY, PARENT_ID, TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import Log
    from scoring.features.link_tables import Table

Matrix: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]]"
"""Numbers by item and item."""

MAX_LINKS: Final = 5_000_000
"""Most links of a table."""

MOST_LINKS: Final = 300
"""Most links that a past item keeps."""

MAX_PRODUCTS: Final = 3e8
"""Most pairs of items that are compared; the commonest past items come first."""

MOST_ALIKE: Final = 10
"""Items that a new item takes its links from."""

BLOCK: Final = 512
WORD: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, eq=False)
class Alike:
    """Links from fields: the cosine of two items' fields, a rare value weighing more than a common one.

    Source: Pazzani & Billsus (2007), Content-based recommendation systems.

    Attributes:
        with_titles: Whether the words of titles are fields.
        fields: Values of unit length, shape ``(n_items, n_values)``.
    """

    with_titles: bool
    fields: sparse.csr_array[np.float32, tuple[int, int]] = field(repr=False)

    name = "alike"

    @classmethod
    def of(cls, catalogue: Catalogue, *, with_titles: bool) -> Alike | None:
        """Read the fields of a catalogue; ``None`` if no two items share a value that others lack."""
        values = pd.DataFrame(_values(catalogue.items, with_titles=with_titles), columns=["item", "value"])
        values = values.drop_duplicates()
        n_items = len(catalogue)
        shared = values.groupby("value")["item"].transform("size")
        values, shared = values[(shared > 1) & (shared < n_items)], shared[(shared > 1) & (shared < n_items)]
        if values.empty:
            return None
        codes, names = pd.factorize(values["value"])
        weight = np.log(n_items / shared.to_numpy())
        item = values["item"].to_numpy()
        length = np.sqrt(np.bincount(item, weight**2, n_items))
        matrix = sparse.coo_array((weight / length[item], (item, codes)), (n_items, len(names)), dtype=np.float32)
        return cls(with_titles, matrix.tocsr())

    def fit(self, log: Log, candidates: IndexArray, n_items: int) -> Table:
        """Compare the items of a log with candidates.

        Args:
            log: Target events.
            candidates: Items that may be recommended, shape ``(n_candidates,)``.
            n_items: Number of items of the catalogue.

        Returns:
            The table.
        """
        n_rows = np.bincount(log.item_index, minlength=n_items)
        n_past = min(int(MAX_PRODUCTS // max(len(candidates), 1)), int((n_rows > 0).sum()))
        past = np.sort(np.argsort(-n_rows, kind="stable")[:n_past])
        width = min(MOST_LINKS, max(1, MAX_LINKS // max(n_past, 1)), len(candidates))
        targets = self.fields[candidates].T.tocsc()
        found = []
        for start in range(0, n_past, BLOCK):
            rows = past[start : start + BLOCK]
            cosine = (self.fields[rows] @ targets).toarray()  # (n_rows, n_candidates)
            cosine[rows[:, None] == candidates] = 0.0
            value, place = (part.numpy().ravel() for part in torch.from_numpy(cosine).topk(width, dim=1))
            found.append((value, np.repeat(rows, width), candidates[place]))
        value, row, column = (np.concatenate(each) for each in zip(*found, strict=True))
        links = sparse.coo_array((value.astype(np.float64), (row, column)), (n_items, n_items)).tocsr()
        links.eliminate_zeros()
        return links


def most_alike(catalogue: Catalogue, new: IndexArray, candidates: IndexArray) -> Matrix:
    """Return how much new items are like others by their fields, the words of their titles included.

    Args:
        catalogue: The shop's items.
        new: The new items, shape ``(n_new,)``.
        candidates: Items that may be likened to them, ascending, shape ``(n_candidates,)``.

    Returns:
        Weights of the ``MOST_ALIKE`` items that are most alike, shape ``(n_new, n_items)``. A row sums to 1, or to 0
        for an item that shares no field with another.
    """
    found = Alike.of(catalogue, with_titles=True)
    if found is None or not len(candidates):
        return sparse.csr_array((len(new), len(catalogue)))
    cosine = (found.fields[new] @ found.fields[candidates].T).toarray()  # (n_new, n_candidates)
    width = min(MOST_ALIKE, len(candidates))
    value, place = (part.numpy() for part in torch.from_numpy(cosine).topk(width, dim=1))
    total = value.sum(axis=1, keepdims=True)
    weight = np.where(total > 0, value / np.where(total > 0, total, 1.0), 0.0).astype(np.float64)
    row = np.repeat(np.arange(len(new)), width)
    shape = (len(new), len(catalogue))
    matrix = sparse.csr_array(sparse.coo_array((weight.ravel(), (row, candidates[place.ravel()])), shape=shape))
    matrix.eliminate_zeros()
    return matrix


def few_sold_variants(
    catalogue: Catalogue, n_events: IndexArray, candidates: IndexArray, min_events: int
) -> tuple[IndexArray, Matrix]:
    """Return the items with too few events whose variants have enough together, and which candidates they vary.

    Args:
        catalogue: The shop's items; those with one ``parent_id`` are variants of one another.
        n_events: Rows of each item in the log, shape ``(n_items,)``.
        candidates: Items with enough rows, shape ``(n_candidates,)``.
        min_events: Rows that are enough.

    Returns:
        The items, ascending, shape ``(n,)``, and weights of their variants that are candidates, shape ``(n, n_items)``.
        A row sums to 1, or to 0 without such a variant.
    """
    parents = catalogue.items.get(PARENT_ID, pd.Series(None, index=catalogue.items.index, dtype="str"))
    parent, names = pd.factorize(parents)
    n_of_parent = np.bincount(parent[parent >= 0], n_events[parent >= 0], len(names))
    is_few = (parent >= 0) & ~np.isin(np.arange(len(catalogue)), candidates)
    is_few[is_few] = n_of_parent[parent[is_few]] >= min_events
    few, known = np.flatnonzero(is_few), candidates[parent[candidates] >= 0]
    weight = 1.0 / np.bincount(parent[known], minlength=len(names))[parent[known]]
    shape = (len(names), len(catalogue))
    shares = sparse.csr_array(sparse.coo_array((weight, (parent[known], known)), shape=shape))
    return few, sparse.csr_array(shares[parent[few]])


def _values(items: pd.DataFrame, *, with_titles: bool) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield each item's values with the field that they stand in."""
    for column, parts in ((CATEGORY, None), (CATEGORIES, "|"), (BRAND, None), (TITLE, WORD)):
        if column not in items or (column == TITLE and not with_titles):
            continue
        name = CATEGORY if column == CATEGORIES else column
        for item, text in enumerate(items[column].astype(object)):
            if not isinstance(text, str) or not text:
                continue
            if isinstance(parts, re.Pattern):
                yield from ((item, (name, word)) for word in parts.findall(text.lower()))
            elif parts:
                levels = (level.strip() for path in text.split(parts) for level in path.split(">"))
                yield from ((item, (name, level)) for level in levels if level)
            else:
                yield item, (name, text)
