"""Rankers of other packages behind the interface of the baselines."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from scoring.baselines.base import UserRows, n_buyers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.data.catalogue import IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions, Split

K = 10


@dataclass(frozen=True)
class Bpr:
    """Pairwise matrix factorisation of the ``implicit`` package.

    Source: Rendle et al. (2009), "BPR: Bayesian personalized ranking from implicit feedback".

    Attributes:
        n_factors: Size of the embeddings.
        n_epochs: Passes over the rows.
        name: Name in tables.
    """

    n_factors: int = 32
    n_epochs: int = 50
    name: str = "implicit BPR, 32 factors"

    def fit(self, train: Interactions, /) -> Ranker:
        """Factorise who bought what."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        with threadpool_limits(1, "blas"):
            model = BayesianPersonalizedRanking(factors=self.n_factors, iterations=self.n_epochs, random_state=0)
            model.fit(sp.csr_matrix(train.matrix()), show_progress=False)

        def known(users: IndexArray) -> Scores:
            return np.asarray(model.user_factors[users] @ model.item_factors.T, dtype=np.float32)

        return UserRows(train, known, n_buyers(train))


@dataclass(frozen=True)
class RecTools:
    """A model of RecTools, fitted in RecTools' own environment.

    Attributes:
        model: ``SASRec`` or ``EASE``.
        python: The interpreter of that environment.
        epochs: Passes over the rows, ascending, after each of which SASRec ranks; EASE needs one number of any size.
        name: Name in tables.
        settings: Arguments of SASRec that replace those of ``rectools_lists.py``.
    """

    model: str
    python: Path
    epochs: tuple[int, ...]
    name: str
    settings: Mapping[str, object] = field(default_factory=dict)

    def fit(self, train: Interactions, /) -> Ranker:
        """Fit, and keep the best items of every user."""
        return self.stages(train)[self.epochs[-1]]

    def stages(self, train: Interactions, asked: Split | None = None) -> dict[int, Ranker]:
        """Return the ranker after each of ``epochs`` of one training.

        Args:
            train: The rows to learn from.
            asked: Validation data of the same rows, on which the training stops early; it does not stop without them.
        """
        with tempfile.TemporaryDirectory() as temporary:
            rows, lists = Path(temporary) / "rows.npz", Path(temporary) / "lists.npz"
            np.savez(rows, **_rows(train, is_counted=self.model == "EASE"), **({} if asked is None else _asked(asked)))
            script = Path(__file__).with_name("rectools_lists.py").absolute()
            settings = json.dumps({"epochs": self.epochs, **self.settings})
            command = [self.python, script, self.model, rows, lists, K, settings]
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=temporary)
            if done.returncode:
                raise SystemExit((done.stderr.strip().splitlines() or ["RecTools failed without a message"])[-1])
            with np.load(lists) as columns:
                best = pd.DataFrame({name: columns[name] for name in columns.files})
        return {int(epochs): list_ranker(train, stage) for epochs, stage in best.groupby("epochs")}


def list_ranker(train: Interactions, best: pd.DataFrame) -> Ranker:
    """Return a ranker that puts the items of each user's lists first and the others behind them by popularity."""
    # The list over all items comes first, then that of what is new: the two agree on what they share.
    best = best.sort_values(["is_new", "rank"]).drop_duplicates(["user_id", "item_id"])
    height = (2 * K + 1 - best["rank"] - K * best["is_new"]).to_numpy(dtype=np.float32)
    shape = (len(train.user_ids), train.n_candidates)
    scores = sp.csr_array((height, (best["user_id"].to_numpy(), best["item_id"].to_numpy())), shape=shape)
    popularity = n_buyers(train)
    behind = (popularity / (popularity.max() + 1)).astype(np.float32)  # below 1, the least height of a list

    def known(users: IndexArray) -> Scores:
        return np.asarray(scores[users].toarray() + behind, dtype=np.float32)

    return UserRows(train, known, popularity)


def _asked(split: Split) -> dict[str, np.ndarray]:
    """Return what the users of a split are asked."""
    relevant = split.relevant.tocoo()
    return {"asked_user": split.train.rows_of(split.user_ids)[relevant.row], "asked_item": relevant.col}


def _rows(train: Interactions, *, is_counted: bool) -> dict[str, np.ndarray]:
    """Return the training rows for RecTools: one for each pair with its log count, or one for each purchase."""
    if is_counted:
        counts = train.matrix().tocoo()
        moment = np.full(counts.nnz, train.as_of.to_datetime64())
        return {"user_id": counts.row, "item_id": counts.col, "weight": np.log1p(counts.data), "datetime": moment}
    once = np.flatnonzero(train.is_first_of_basket)
    once = once[np.argsort(train.timestamp[once], kind="stable")]
    user, item, when = train.user_index[once], train.candidate[once], train.timestamp[once]
    return {"user_id": user, "item_id": item, "weight": np.ones(len(once)), "datetime": when}
