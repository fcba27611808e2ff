"""Rank with a model of RecTools; runs in an environment of its own, because RecTools needs numpy 1 and pandas 2.

    python rectools_lists.py MODEL ROWS.npz LISTS.npz K SETTINGS

ROWS has ``user_id, item_id, datetime, weight``; LISTS gets ``user_id, item_id, rank, is_new, epochs`` of each user's
best K items, once from all items and once from those that are new to the user. SETTINGS is JSON: ``epochs`` after which
SASRec ranks, ascending, and arguments of SASRec. With ``asked_user, asked_item`` in ROWS, training stops when the share
of these items in the lists of new items has not grown for PATIENCE rankings.
"""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
import pandas as pd

SASREC = {
    "n_blocks": 2, "n_heads": 2, "n_factors": 64, "dropout_rate": 0.2, "session_max_len": 100, "loss": "gBCE",
    "n_negatives": 64, "gbce_t": 0.75, "lr": 0.001, "batch_size": 64,
}  # fmt: skip
"""SASRec as small as a few minutes on a CPU allow."""

PATIENCE = 4


def model_of(name, settings):  # type: ignore[no-untyped-def]
    """Return the model; EASE has the penalty of the baseline in ``scoring``."""
    if name == "EASE":
        from rectools.models import EASEModel

        return EASEModel(regularization=200.0)
    from pytorch_lightning import Trainer, seed_everything
    from rectools.models import SASRecModel

    seed_everything(0, verbose=False)

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, deterministic=True,
        )  # fmt: skip

    return SASRecModel(
        **(SASREC | settings), get_trainer_func=trainer, deterministic=True, recommend_torch_device="cpu"
    )


def lists_of(model, dataset, users, k):  # type: ignore[no-untyped-def]
    """Return each user's best items from all items, and from those that are new to the user."""
    found = []
    for is_new in (False, True):
        best = model.recommend(
            users=users, dataset=dataset, k=k, filter_viewed=is_new,
            on_unsupported_targets="ignore",  # SASRec learns nothing of a user with a single purchase
        )  # fmt: skip
        found.append(best[["user_id", "item_id", "rank"]].assign(is_new=is_new))
    return pd.concat(found)


def main() -> None:
    """Fit, rank and write."""
    name, rows, lists, k, settings = sys.argv[1:]
    warnings.simplefilter("ignore")
    from rectools.dataset import Dataset

    with np.load(rows) as columns:
        arrays = {name: columns[name] for name in columns.files}
    asked = pd.DataFrame({"user_id": arrays.pop("asked_user", []), "item_id": arrays.pop("asked_item", [])})
    frame = pd.DataFrame(arrays)
    dataset, users = Dataset.construct(frame), frame["user_id"].unique()
    arguments = json.loads(settings)
    stages = arguments.pop("epochs")
    model, found, shares, done = model_of(name, arguments), [], [], 0
    for epochs in stages:
        if name == "EASE":
            model.fit(dataset)
        else:
            model.fit_partial(dataset, min_epochs=epochs - done, max_epochs=epochs - done)
        done = epochs
        found.append(lists_of(model, dataset, users, int(k)).assign(epochs=epochs))
        shares.append(len(found[-1][found[-1]["is_new"]].merge(asked, on=["user_id", "item_id"])))
        if len(asked) and len(shares) > PATIENCE and max(shares[-PATIENCE:]) <= max(shares[:-PATIENCE]):
            break
    np.savez(lists, **{name: column.to_numpy() for name, column in pd.concat(found).items()})


if __name__ == "__main__":
    main()
