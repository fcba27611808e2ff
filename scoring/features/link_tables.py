"""Tables of links between items, counted or solved from a log (docs/design.md §4, T)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from scipy import sparse

from scoring.features.own_history import occasions

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray, Log

Table: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]]"
"""Links by past item and candidate, shape ``(n_items, n_items)``."""

N_LINKS: Final = 100
"""Most links that a past item keeps."""

MAX_PAIRS: Final = 1e7
"""Most pairs of events that a table counts; long logs look at fewer steps or fewer items of a user."""

MAX_SOLVED: Final = 4000
"""Most items of a solved table: the commonest ones."""


@dataclass(frozen=True)
class Transitions:
    """Counted links: which item follows which in the order of a user's events.

    Attributes:
        window: Most steps between two events.
        step: Weight of a pair by each step further apart.
        backward: Weight of a pair against its direction in time.
        row_power: Power of a past item's total that its links are divided by.
        column_power: Power of a candidate's total that its links are divided by.
    """

    window: int = 30
    step: float = 0.87
    backward: float = 0.5
    row_power: float = 0.5
    column_power: float = 0.2

    name = "transitions"

    def fit(self, log: Log, candidates: IndexArray, n_items: int) -> Table:
        """Count the pairs of a log.

        Two events at one moment have no direction: each counts the mean of both.

        Args:
            log: Target events.
            candidates: Items that may be recommended, shape ``(n_candidates,)``.
            n_items: Number of items of the catalogue.

        Returns:
            The table.
        """
        order = np.lexsort((log.day, log.user_index))
        user, item, day = log.user_index[order], log.item_index[order], log.day[order]
        counts = sparse.csr_array((n_items, n_items))
        is_candidate = np.zeros(n_items, dtype=bool)
        is_candidate[candidates] = True
        window = int(min(self.window, max(2, MAX_PAIRS // max(len(item), 1)), max(len(item) - 1, 0)))
        both = (1.0 + self.backward) / 2
        for lag in range(1, window + 1):
            is_pair = (user[lag:] == user[:-lag]) & (item[lag:] != item[:-lag])
            if not is_pair.any():
                continue
            first, second = item[:-lag][is_pair], item[lag:][is_pair]
            at_once = (day[lag:] == day[:-lag])[is_pair]
            ahead, back = (np.where(at_once, both, weight) for weight in (1.0, self.backward))
            for past, later, weight in ((first, second, ahead), (second, first, back)):
                kept = is_candidate[later]
                values = self.step ** (lag - 1) * weight[kept]
                pairs = sparse.coo_array((values, (past[kept], later[kept])), shape=counts.shape).tocsr()
                counts = counts + pairs
        counts.eliminate_zeros()
        return _normed(counts, self.row_power, self.column_power)


@dataclass(frozen=True)
class Neighbours:
    """Counted links: cosine of the users who have both items, whatever their order.

    Source: Sarwar et al. (2001), Item-based collaborative filtering recommendation algorithms.

    Attributes:
        shrink: Users that every item is given in addition.
        max_rows: Most items of one user that count; the latest ones.
    """

    shrink: float = 10.0
    max_rows: int = 500

    name = "neighbours"

    def fit(self, log: Log, candidates: IndexArray, n_items: int) -> Table:
        """Count the users of each pair of items; arguments as in ``Transitions.fit``."""
        users = _by_user(log, n_items, self.max_rows)
        n_rows = np.diff(users.indptr).astype(np.float64)
        most = self.max_rows
        while most > 1 and np.square(np.minimum(n_rows, most)).sum() > MAX_PAIRS:
            most //= 2
        users = users if most == self.max_rows else _by_user(log, n_items, most)
        users.data[:] = 1.0
        size = np.maximum(np.asarray(users.sum(axis=0)).ravel() + self.shrink, 1.0) ** -0.5
        targets = users.copy()
        targets.data[~np.isin(targets.indices, candidates)] = 0.0
        targets.eliminate_zeros()
        pairs: Table = (users.T @ targets).tocsr()
        pairs.data[np.repeat(np.arange(n_items, dtype=np.int32), np.diff(pairs.indptr)) == pairs.indices] = 0.0
        pairs.eliminate_zeros()
        return _strongest(_scaled(pairs, size, size))


@dataclass(frozen=True)
class Solved:
    """Solved links: EASE on log counts over the commonest items.

    Source: Steck (2019), Embarrassingly shallow autoencoders for sparse data, arXiv:1905.03375.

    Attributes:
        ridge: Weight of the ridge penalty.
    """

    ridge: float = 200.0

    name = "solved"

    def fit(self, log: Log, candidates: IndexArray, n_items: int) -> Table:
        """Solve for the links; arguments as in ``Transitions.fit``."""
        from scipy.linalg import lapack  # for training alone

        users = _by_user(log, n_items, None)[:, candidates]
        buyers = np.bincount(users.indices, minlength=len(candidates))
        common = np.sort(np.argsort(-buyers, kind="stable")[:MAX_SOLVED])
        chosen = users[:, common].astype(np.float32)
        gram = (chosen.T @ chosen).toarray()
        gram[np.diag_indices(len(common))] += self.ridge
        factor, _ = lapack.spotrf(gram, lower=1, overwrite_a=1)
        inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        links = -inverse / np.diagonal(inverse)
        np.fill_diagonal(links, 0.0)
        row, column = _largest(links)
        index = candidates[common]
        found = sparse.coo_array(
            (links[row, column].astype(np.float64), (index[row], index[column])), (n_items, n_items)
        )
        return found.tocsr()


def _by_user(log: Log, n_items: int, max_rows: int | None) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return log counts of occasions by user and item, shape ``(n_users, n_items)``."""
    user, item, age, start = occasions(log.user_index, log.item_index, -log.day, log.order)
    count = np.log1p(np.diff(np.r_[start, len(age)]).astype(np.float64))
    last = -age[np.r_[start[1:], len(age)] - 1] if len(start) else age[:0]
    order = np.lexsort((last, user))
    newer = np.searchsorted(user[order], user[order], side="right") - 1 - np.arange(len(order))
    kept = order if max_rows is None else order[newer < max_rows]
    shape = (len(log.user_ids), n_items)
    return sparse.coo_array((count[kept], (user[kept], item[kept])), shape=shape).tocsr()


def _normed(links: Table, row_power: float, column_power: float) -> Table:
    rows: FloatArray = np.asarray(links.sum(axis=1)).ravel()
    columns: FloatArray = np.asarray(links.sum(axis=0)).ravel()
    return _strongest(
        _scaled(links, np.maximum(rows, 1e-12) ** -row_power, np.maximum(columns, 1e-12) ** -column_power)
    )


def _scaled(links: Table, rows: FloatArray, columns: FloatArray) -> Table:
    """Return a table after multiplying its rows and columns in place."""
    links.data *= np.repeat(rows, np.diff(links.indptr))
    links.data *= columns[links.indices]
    return links


def _strongest(links: Table) -> Table:
    """Return a table with the ``N_LINKS`` strongest links of each past item."""
    for row in np.flatnonzero(np.diff(links.indptr) > N_LINKS):
        data = links.data[links.indptr[row] : links.indptr[row + 1]]
        data[data < np.partition(data, -N_LINKS)[-N_LINKS]] = 0.0
    links.eliminate_zeros()
    return links


def _largest(links: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> tuple[IndexArray, IndexArray]:
    """Return row and column of the largest entries of each row that are above 0."""
    width = min(N_LINKS, links.shape[1])
    column = np.argpartition(-links, width - 1, axis=1)[:, :width]
    row = np.repeat(np.arange(len(links)), width)
    column = column.ravel()
    keep = links[row, column] > 0
    return row[keep], column[keep]
