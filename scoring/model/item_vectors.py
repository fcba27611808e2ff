"""``V`` of every item, without the zeros of items that no co-purchase links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray


class ItemVectors:
    """Rows of ``V``, put together when they are asked for; a fifth of the memory of the whole matrix.

    Args:
        tower: Every item's vector from the item tower, shape ``(n_items, d)``.
        candidates: Items that may be recommended, ascending, shape ``(n_candidates,)``.
        linked: Items that co-purchase links, ascending, shape ``(n_linked,)``.
        links: Their side of co-purchase, shape ``(n_linked, rank)``; the other items have none.
    """

    def __init__(self, tower: FloatArray, candidates: IndexArray, linked: IndexArray, links: FloatArray) -> None:
        self._tower, self._links = tower, links
        self._row = np.full(len(tower), -1, dtype=np.int32)
        self._row[linked] = np.arange(len(linked), dtype=np.int32)
        self._candidate_tower, self._candidate_row = tower[candidates], self._row[candidates]

    def __getitem__(self, item_index: Any) -> FloatArray:
        """Return some rows of ``V``.

        Args:
            item_index: Items, as NumPy indexes the rows of a matrix.

        Returns:
            Vectors, shape ``(n, d + rank)``, or ``(d + rank,)`` for one item.
        """
        tower, row = self._tower[item_index], np.asarray(self._row[item_index])
        vectors = np.zeros((*row.shape, tower.shape[-1] + self._links.shape[1]))
        vectors[..., : tower.shape[-1]] = tower
        is_linked = row >= 0
        vectors[is_linked, tower.shape[-1] :] = self._links[row[is_linked]]
        return vectors

    def of_candidates(self, user: FloatArray) -> FloatArray:
        """Return the product of every candidate's vector with those of users.

        Args:
            user: ``U`` of one user or several, shape ``(…, d + rank)``.

        Returns:
            Products, shape ``(…, n_candidates)``.
        """
        d = self._tower.shape[1]
        of_links = user[..., d:] @ self._links.T
        none = np.zeros((*of_links.shape[:-1], 1))  # row -1 is that of items without links
        of_links = np.concatenate([of_links, none], axis=-1)
        products: FloatArray = user[..., :d] @ self._candidate_tower.T + of_links[..., self._candidate_row]
        return products
