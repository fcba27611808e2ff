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
    def of(cls, past: Log, users: IndexArray) -> Past:
        """Read the target events of some users.

        Args:
            past: Events whose ``day`` counts from the moment of each user.
            users: Whom, ascending, shape ``(n_users,)``.

        Returns:
            Their occasions.
        """
        chosen = past.of_users(users).targets()
        user, item, age, start = occasions(chosen.user_index, chosen.item_index, -chosen.day, chosen.order)
        return cls(user, item, age, start, len(users))

    def youngest(self) -> float:
        """Return an age that the latest events of nearly all users exceed, in days."""
        latest = np.full(self.n_users, np.inf)
        np.minimum.at(latest, np.repeat(self.user, np.diff(np.r_[self.start, len(self.age)])), self.age)
        known = latest[np.isfinite(latest)]
        return float(np.quantile(known, YOUNGEST)) if len(known) else 0.0

    def scores(self, table: LinkTable, candidates: IndexArray) -> npt.NDArray[np.float32]:
        """Return the contribution of each history to each candidate, shape ``(n_users, n_candidates)``."""
        return next(self.scores_by_decay(table, candidates, (table.decay,)))

    def scores_by_decay(
        self, table: LinkTable, candidates: IndexArray, decays: Sequence[Decay]
    ) -> Iterator[npt.NDArray[np.float32]]:
        """Yield ``scores`` with one decay after the other instead of the table's own."""
        items, place = np.unique(self.item, return_inverse=True)
        links = table.links[items][:, candidates]  # (n_distinct, n_candidates)
        for decay in decays:
            term = Links(table.links.shape[1], (replace(table, decay=decay),))
            strength = term.strengths(self.age, self.start)[:, 0]
            rows = sparse.coo_array((strength, (self.user, place)), shape=(self.n_users, len(items))).tocsr()
            yield (rows @ links).toarray().astype(np.float32)


def history_scores(links: Links, window: Window, users: IndexArray, candidates: IndexArray) -> npt.NDArray[np.float32]:
    """Return the link term of users of a window.

    Args:
        links: Links.
        window: A moment, with its past.
        users: Whom, ascending, shape ``(n_users,)``.
        candidates: Items that are scored, shape ``(n_candidates,)``.

    Returns:
        Logits, shape ``(n_users, n_candidates)``.
    """
    total = np.zeros((len(users), len(candidates)), dtype=np.float32)
    if links.tables:
        past = Past.of(window.past, users)
        for table in links.tables:
            total += past.scores(table, candidates)
    return total
