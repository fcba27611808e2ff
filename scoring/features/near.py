"""Links between items whose vectors are near: pictures, or any other ``embedding_*`` column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray, Log
    from scoring.features.link_tables import Table

NEAR: Final = "near:"
"""How the name of such a table begins; the column follows."""

NEAR_SHARE: Final = 10
"""An item is linked to the nearest tenth of the items, at most ``MOST_LINKS``."""

MOST_LINKS: Final = 100
BLOCK: Final = 512
MAX_PAST: Final = 20_000
"""Most past items that are compared; the commonest come first."""


@dataclass(frozen=True, eq=False)
class Near:
    """Links from one column of vectors: exp(−(d / σ)²) of the Euclidean distance d to the nearest items.

    σ is the median distance at which the links of an item end. Both directions of a pair have one link.

    Attributes:
        column: The column.
        items: Items with a vector, ascending, shape ``(n_known,)``.
        vectors: Their vectors, shape ``(n_known, d)``.
    """

    column: str
    items: IndexArray = field(repr=False)
    vectors: FloatArray = field(repr=False)

    @property
    def name(self) -> str:
        """Name of the tables."""
        return NEAR + self.column

    @classmethod
    def of(cls, catalogue: Catalogue) -> list[Near]:
        """Return a maker for each ``embedding_*`` column of a catalogue that two items have."""
        makers = []
        for column in catalogue.embedding_columns:
            known = np.flatnonzero(catalogue.items[column].notna().to_numpy())
            if len(known) > 1:
                makers.append(cls(column, known, np.stack(catalogue.items[column].iloc[known].tolist()).astype(float)))
        return makers

    def fit(self, log: Log, candidates: IndexArray, n_items: int) -> Table:
        """Compare the items of a log with candidates.

        Args:
            log: Target events.
            candidates: Items that may be recommended, shape ``(n_candidates,)``.
            n_items: Number of items of the catalogue.

        Returns:
            The table.
        """
        n_rows = np.bincount(log.item_index, minlength=n_items)[self.items]
        past = np.sort(np.argsort(-n_rows, kind="stable")[: min(MAX_PAST, int((n_rows > 0).sum()))])
        target = np.flatnonzero(np.isin(self.items, candidates))
        width = min(MOST_LINKS, len(target), max(1, len(self.items) // NEAR_SHARE))
        if not len(past) or not width:
            return sparse.csr_array((n_items, n_items))
        squares = (self.vectors**2).sum(axis=1)
        found = []
        for start in range(0, len(past), BLOCK):
            rows = past[start : start + BLOCK]
            product = self.vectors[rows] @ self.vectors[target].T
            square = np.maximum(0.0, squares[rows, None] + squares[target] - 2.0 * product)
            square[rows[:, None] == target] = np.inf
            place = np.argpartition(square, width - 1, axis=1)[:, :width]
            found.append((np.take_along_axis(square, place, axis=1), np.repeat(rows, width), target[place].ravel()))
        edge = np.concatenate([np.where(np.isfinite(each), each, 0.0).max(axis=1) for each, _, _ in found])
        scale = max(float(np.median(edge)), 1e-12)
        square, row, column = (np.concatenate([np.ravel(each[n]) for each in found]) for n in range(3))
        weight = np.exp(-square / scale)
        links = sparse.coo_array((weight, (self.items[row], self.items[column])), (n_items, n_items)).tocsr()
        both = links.maximum(links.T)
        is_candidate = np.zeros(n_items)
        is_candidate[candidates] = 1.0
        both = sparse.csr_array(both @ sparse.diags_array(is_candidate))
        both.eliminate_zeros()
        return both
