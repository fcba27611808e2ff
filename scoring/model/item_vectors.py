"""``V`` of every item, computed from smaller tables when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray

BLOCK: Final = 256
"""Rows of links that are multiplied at a time: in double precision they fit into a processor's cache."""

MOST_HELD: Final = 200_000
"""Most candidates whose item tower vectors are held, in 100 MB; those of more candidates are computed each time."""


class ItemVectors:
    """Rows of ``V``, which is never held as a whole: a tenth of its memory.

    Args:
        tower: Returns the item tower's vectors of some items, shape ``(n, d)``, indexed as NumPy indexes rows.
        n_items: Number of items.
        candidates: Items that may be recommended, ascending, shape ``(n_candidates,)``.
        linked: Items that co-purchase links, ascending, shape ``(n_linked,)``.
        links: Their side of co-purchase, shape ``(n_linked, rank)``; the other items have none.
        scale: Factor of ``links``.
    """

    def __init__(
        self,
        tower: Callable[[Any], FloatArray],
        n_items: int,
        *,
        candidates: IndexArray,
        linked: IndexArray,
        links: npt.NDArray[np.floating],
        scale: float = 1.0,
    ) -> None:
        self._tower, self._links, self._scale = tower, links, scale
        self._row = np.full(n_items, -1, dtype=np.int32)
        self._row[linked] = np.arange(len(linked), dtype=np.int32)
        self._candidates, self._candidate_row = candidates, self._row[candidates]
        self._place = np.full(n_items, -1, dtype=np.int32)
        self._place[candidates] = np.arange(len(candidates), dtype=np.int32)

    @cached_property
    def _candidate_tower(self) -> FloatArray:
        return self._tower(self._candidates)

    def forget(self) -> None:
        """Give up the vectors of candidates that are held."""
        vars(self).pop("_candidate_tower", None)

    def _tower_of(self, item_index: Any) -> FloatArray:
        """Return the item tower's vectors of some items: those held, if all of them are."""
        place = self._place[item_index]
        is_held = "_candidate_tower" in vars(self) and bool(np.all(place >= 0))
        return self._candidate_tower[place] if is_held else self._tower(item_index)

    def __getitem__(self, item_index: Any) -> FloatArray:
        """Return some rows of ``V``.

        Args:
            item_index: Items, as NumPy indexes the rows of a matrix.

        Returns:
            Vectors, shape ``(n, d + rank)``, or ``(d + rank,)`` for one item.
        """
        tower, row = self._tower_of(item_index), np.asarray(self._row[item_index])
        vectors = np.zeros((*row.shape, tower.shape[-1] + self._links.shape[1]))
        vectors[..., : tower.shape[-1]] = tower
        is_linked = row >= 0
        vectors[is_linked, tower.shape[-1] :] = self._scale * self._links[row[is_linked]].astype(np.float64)
        return vectors

    def products(self, user: FloatArray, item_index: IndexArray) -> FloatArray:
        """Return the product of some items' vectors with those of users, in bounded memory.

        Args:
            user: ``U`` of one user or several, shape ``(…, d + rank)``.
            item_index: Items, shape ``(n,)``.

        Returns:
            Products, shape ``(…, n)``.
        """
        products = np.empty((*user.shape[:-1], len(item_index)))
        for start in range(0, len(item_index), BLOCK):
            products[..., start : start + BLOCK] = user @ self[item_index[start : start + BLOCK]].T
        return products

    def of_candidates(self, user: FloatArray) -> FloatArray:
        """Return the product of every candidate's vector with those of users.

        Args:
            user: ``U`` of one user or several, shape ``(…, d + rank)``.

        Returns:
            Products, shape ``(…, n_candidates)``.
        """
        if len(self._candidates) > MOST_HELD:
            return self.products(user, self._candidates)
        d = self._candidate_tower.shape[1]
        scaled = self._scale * user[..., d:]
        of_links = np.zeros((*user.shape[:-1], len(self._links) + 1))  # row -1 is that of items without links
        scratch = np.empty((BLOCK, self._links.shape[1]))  # one, as fresh pages cost as much as the product
        for start in range(0, len(self._links), BLOCK):
            links = self._links[start : start + BLOCK]
            block = scratch[: len(links)]
            block[:] = links
            of_links[..., start : start + len(links)] = scaled @ block.T
        products: FloatArray = user[..., :d] @ self._candidate_tower.T + of_links[..., self._candidate_row]
        return products
