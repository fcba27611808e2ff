"""TIFU-kNN: decayed counts of a user's baskets, mixed with those of the nearest users.

Written from the paper: the one package that ships it (cornac 3.0.1) averages the neighbours' vectors over items too,
which leaves a constant. Source: Hu, He, Gao & Zhang (2020), "Modeling personalized item frequency information for
next-basket recommendation", doi:10.1145/3397271.3401066.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.baselines.base import UserRows, n_buyers

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions, Matrix


@dataclass(frozen=True)
class TifuKnn:
    """The baseline; its settings are those that ranked best on the month before the cut-off.

    Attributes:
        n_neighbours: Users that are averaged.
        n_groups: Groups that a user's baskets are divided into.
        within_decay: Weight of a basket beside the next one of its group.
        group_decay: Weight of a group beside the next one.
        own: Weight of the user beside the neighbours.
        name: Name in tables.
    """

    n_neighbours: int = 300
    n_groups: int = 7
    within_decay: float = 0.9
    group_decay: float = 0.7
    own: float = 0.7
    name: str = "TIFU-kNN"

    def fit(self, train: Interactions, /) -> Ranker:
        """Make the users' vectors and find their neighbours."""
        vectors = self.vectors(train)
        gram = (vectors @ vectors.T).toarray()
        length = np.diagonal(gram)
        distance = length[:, None] + length[None, :] - 2 * gram
        np.fill_diagonal(distance, np.inf)
        nearest = np.argpartition(distance, self.n_neighbours, axis=1)[:, : self.n_neighbours]

        def known(users: IndexArray) -> Scores:
            mean = np.stack([vectors[nearest[user]].mean(axis=0) for user in users])
            return np.asarray(self.own * vectors[users].toarray() + (1 - self.own) * mean, dtype=np.float32)

        return UserRows(train, known, n_buyers(train))

    def vectors(self, train: Interactions) -> Matrix:
        """Return a decayed count for each user and item.

        A group holds ``ceil(n / n_groups)`` consecutive baskets, counted back from the last one; a basket weighs
        ``within_decay`` to the number of baskets between it and its group's end, divided by the group's size, and
        ``group_decay`` to the number of groups behind it, divided by the number of groups.
        """
        once = train.is_first_of_basket
        rows = pd.DataFrame({"user": train.user_index[once], "when": train.timestamp[once]})
        back = rows.groupby("user")["when"].rank(method="dense", ascending=False).to_numpy() - 1  # 0 is the last basket
        n_baskets = rows.groupby("user")["when"].transform("nunique").to_numpy()
        size = np.ceil(n_baskets / self.n_groups)
        group, within = np.divmod(back, size)
        weight = self.within_decay**within / size * self.group_decay**group / np.ceil(n_baskets / size)
        every = np.zeros(len(once))
        every[once] = weight
        return train.matrix(every)
