"""Histories of many users at once, for the link term."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from scoring.features.own_history import occasions
from scoring.model.links import Links

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray, Log
    from scoring.features.windows import Window
    from scoring.model.links import Decay, LinkTable


YOUNGEST: Final = 0.05
"""Share of users whose latest event may be younger than ``Past.youngest``."""


@dataclass(frozen=True)
class Past:
    """Occasions of some users before the moment of each, item by item.

    Attributes:
        user: Row of the user of each past item, ascending, shape ``(n_past,)``.
        item: The item, shape ``(n_past,)``.
        age: Ages of its occasions in days, shape ``(n_occasions,)``.
        start: First occasion of each past item, shape ``(n_past,)``.
        n_users: Number of users.
    """

    user: IndexArray
    item: IndexArray
    age: FloatArray
    start: IndexArray
    n_users: int

    @classmethod
    def of(cls, past: Log, users: IndexArray, *, has_signals: bool = False) -> Past:
        """Read the target events of some users.

        Args:
            past: Events whose ``day`` counts from the moment of each user.
            users: Whom, ascending, shape ``(n_users,)``.
            has_signals: Whether signal events are read too.

        Returns:
            Their occasions.
        """
        own = past.of_users(users)
        chosen = own.interactions() if has_signals else own.targets()
        user, item, age, start = occasions(chosen.user_index, chosen.item_index, -chosen.day, chosen.order)
        return cls(user, item, age, start, len(users))

    def youngest(self) -> float:
        """Return an age that the latest events of nearly all users exceed, in days."""
        latest = np.full(self.n_users, np.inf)
        np.minimum.at(latest, np.repeat(self.user, np.diff(np.r_[self.start, len(self.age)])), self.age)
        known = latest[np.isfinite(latest)]
        return float(np.quantile(known, YOUNGEST)) if len(known) else 0.0

    def scores(self, table: LinkTable) -> npt.NDArray[np.float32]:
        """Return the contribution of each history to each item that a table links to, shape ``(n_users, n)``."""
        return next(self.scores_by_decay(table, (table.decay,)))

    def scores_by_decay(self, table: LinkTable, decays: Sequence[Decay]) -> Iterator[npt.NDArray[np.float32]]:
        """Yield ``scores`` with one decay after the other instead of the table's own."""
        items, place = np.unique(self.item, return_inverse=True)
        links = table.links[items].astype(np.float32)  # (n_distinct, n)
        for decay in decays:
            term = Links(table.links.shape[0], (replace(table, decay=decay),))
            strength = term.strengths(self.age, self.start)[:, 0].astype(np.float32)
            rows = sparse.coo_array((strength, (self.user, place)), shape=(self.n_users, len(items))).tocsr()
            yield (rows @ links).toarray()


def to_candidates(links: Links, candidates: IndexArray) -> Links:
    """Return links whose tables have a column for each candidate alone, shape ``(n_items, n_candidates)``."""
    columns = {id(table.links): table.links[:, candidates] for table in links.tables}
    return replace(links, tables=tuple(replace(table, links=columns[id(table.links)]) for table in links.tables))


def history_scores(links: Links, window: Window, users: IndexArray) -> npt.NDArray[np.float32] | float:
    """Return the link term of users of a window.

    Args:
        links: Links to the candidates, as ``to_candidates`` returns them.
        window: A moment, with its past.
        users: Whom, ascending, shape ``(n_users,)``.

    Returns:
        Logits, shape ``(n_users, n_candidates)``; 0 without a table.
    """
    if not links.tables:
        return 0.0
    total: npt.NDArray[np.float32] = np.sum(list(table_scores(links, window.past, users)), axis=0)
    return total


def table_scores(links: Links, past: Log, users: IndexArray) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the contribution of each table, shape ``(n_users, n_candidates)``; arguments as in ``history_scores``."""
    by_source = {
        has_signals: Past.of(past, users, has_signals=has_signals)
        for has_signals in {table.has_signals for table in links.tables}
    }
    for table in links.tables:
        yield by_source[table.has_signals].scores(table)
