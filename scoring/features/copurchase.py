"""Who buys this also buys that, in closed form: the linear part of both towers.

Ridge regression from what users bought to each item, with the item itself left out (EASE), solved through the users'
kernel and cut to its leading directions. It adds up over bought items, so over tokens too, and its item side is a
vector: ⟨ Σ_j w_j source_j, target_i ⟩, with the sum brought to unit length.

Sources: Steck (2019), Embarrassingly shallow autoencoders for sparse data, arXiv:1905.03375; Saunders et al. (1998),
Ridge regression learning algorithm in dual variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scoring.features.own_history import occasions

if TYPE_CHECKING:
    from scipy import sparse

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import Log

SHORT = 4.0
"""Squared length at which a history counts as short."""

MIN_SPREAD = 1e-3
"""Least standard deviation of an item's products over users, as a share of their size, that is not taken for none."""

MAX_USERS = 4000
"""The kernel is made from at most this many users, drawn by chance."""


@dataclass(frozen=True)
class CoPurchase:
    """Vectors whose products say how much one purchase speaks for another.

    Attributes:
        n_items: Number of items of the catalogue.
        candidates: The items that are linked, ascending, shape ``(n_candidates,)``.
        source: What a bought candidate adds to the user's side, shape ``(n_candidates, rank)``; others add
            nothing.
        target: A candidate's side, shape ``(n_candidates, rank)``.
    """

    n_items: int
    candidates: IndexArray
    source: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]

    @property
    def echo(self) -> npt.NDArray[np.float32]:
        """How much each item speaks for itself, which own history has to make up for, shape ``(n_items,)``."""
        echo = np.zeros(self.n_items, dtype=np.float32)
        echo[self.candidates] = np.einsum("ir,ir->i", self.source, self.target)
        return echo

    def source_of(self, item_index: IndexArray) -> npt.NDArray[np.float64]:
        """Return what bought items add to the user's side.

        Args:
            item_index: Any items, shape ``(n,)``.

        Returns:
            Vectors, zeros for items that are no candidates, shape ``(n, rank)``.
        """
        found = np.zeros((len(item_index), self.source.shape[1]))
        if len(self.candidates):
            place = np.minimum(np.searchsorted(self.candidates, item_index), len(self.candidates) - 1)
            is_linked = self.candidates[place] == item_index
            found[is_linked] = self.source[place[is_linked]]
        return found

    @classmethod
    def none(cls, candidates: IndexArray, n_items: int) -> CoPurchase:
        """Return vectors that link nothing."""
        zeros = np.zeros((len(candidates), 1), dtype=np.float32)
        return cls(n_items, candidates, zeros, zeros)

    @classmethod
    def fit(cls, log: Log, candidates: IndexArray, n_items: int, *, rank: int, ridge: float, seed: int) -> CoPurchase:
        """Solve for the vectors.

        Args:
            log: Events before the moment.
            candidates: Items to link, ascending, shape ``(n_candidates,)``.
            n_items: Number of items.
            rank: Leading directions to keep.
            ridge: Strength of the ridge, in mean squared lengths of a user's row.
            seed: Source of chance for the users of the kernel.

        Returns:
            Vectors whose products, with the users' side at unit length, have a standard deviation near one.
        """
        source = np.zeros((len(candidates), rank), dtype=np.float32)
        target = np.zeros((len(candidates), rank), dtype=np.float32)
        bought = _bought(log, candidates, n_items, seed)  # (n_users, n_candidates)
        if bought.nnz:
            from scipy import linalg  # for training alone; it takes as long to import as a shop to load

            kernel = (bought @ bought.T).toarray().astype(np.float64)  # (n_users, n_users)
            n = len(kernel)
            values, vectors = linalg.eigh(kernel, subset_by_index=(max(n - rank, 0), n - 1))
            kept = values > 1e-6 * values[-1]
            values, vectors = values[kept][::-1], vectors[:, kept][:, ::-1]
            directions = (vectors / np.sqrt(values)).T @ bought  # (rank, n_candidates), orthonormal rows
            strength = ridge * float(np.trace(kernel)) / n
            shrink = values / (values + strength)
            left = 1.0 - (directions**2 * shrink[:, None]).sum(axis=0)  # (n_candidates,), λ times EASE's diagonal
            weights = directions * shrink[:, None] / left
            users = unit_rows(np.asarray(bought @ directions.T))  # (n_users, rank)
            weights = _levelled(users, weights)  # rare items speak up
            size = np.sqrt((_spread(users, weights) ** 2).mean())
            weights = weights / size if size > 0 else weights
            source[:, : len(values)] = directions.T
            target[:, : len(values)] = weights.T
        return cls(n_items, candidates, source, target)


def _bought(log: Log, candidates: IndexArray, n_items: int, seed: int) -> sparse.csr_matrix:
    from scipy import sparse  # for training alone

    place = np.full(n_items, -1, dtype=np.int64)
    place[candidates] = np.arange(len(candidates))
    user, item, age, start = occasions(log.user_index, log.item_index, -log.day, log.order)
    count = np.log1p(np.diff(np.r_[start, len(age)]))
    known = place[item] >= 0
    shape = (len(log.user_ids), len(candidates))
    bought = sparse.csr_matrix((count[known], (user[known], place[item[known]])), shape=shape)
    if shape[0] > MAX_USERS:
        chosen = np.random.default_rng(seed).choice(shape[0], MAX_USERS, replace=False)
        bought = bought[np.sort(chosen)]
    return bought


def unit_rows(users: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return rows of nearly unit length; a short history stays short."""
    return np.asarray(users / np.sqrt((users**2).sum(axis=1, keepdims=True) + SHORT), dtype=np.float64)


def _levelled(users: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return weights over the root of each item's spread; an item that does not tell users apart gets zeros.

    Where all users bought alike, products differ by rounding errors alone. Dividing by those would make them evidence.
    """
    spread = _spread(users, weights)
    tells = spread > MIN_SPREAD * _size(users, weights)
    return np.where(tells, weights / np.sqrt(np.where(tells, spread, 1.0)), 0.0)


def _spread(users: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the standard deviation over users of each item's product, shape ``(n_candidates,)``."""
    return _size(users - users.mean(axis=0), weights)


def _size(users: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the root mean square over users of each item's product, shape ``(n_candidates,)``."""
    moment = users.T @ users / max(len(users), 1)  # (rank, rank)
    square = np.einsum("ri,rs,si->i", weights, moment, weights, optimize=True)
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), dtype=np.float64)
