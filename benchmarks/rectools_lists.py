"""Rank with a model of RecTools; runs in an environment of its own, because RecTools needs numpy 1 and pandas 2.

    python rectools_lists.py MODEL ROWS.npz LISTS.npz K EPOCHS

ROWS has ``user_id, item_id, datetime, weight``; LISTS gets ``user_id, item_id, rank, is_new`` of each user's best K
items, once from all items and once from those that are new to the user.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd


def model_of(name: str, epochs: int):  # type: ignore[no-untyped-def]
    """Return the model, EASE with the penalty of ours, SASRec as small as a few minutes on a CPU allow."""
    if name == "EASE":
        from rectools.models import EASEModel

        return EASEModel(regularization=200.0)
    from pytorch_lightning import Trainer, seed_everything
    from rectools.models import SASRecModel

    seed_everything(0, verbose=False)

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, deterministic=True,
        )  # fmt: skip

    return SASRecModel(
        n_blocks=2, n_heads=2, n_factors=64, dropout_rate=0.2, session_max_len=100, loss="gBCE", n_negatives=64,
        gbce_t=0.75, lr=0.001, batch_size=64, epochs=epochs, get_trainer_func=trainer, deterministic=True,
        recommend_torch_device="cpu",
    )  # fmt: skip


def main() -> None:
    """Fit, rank and write."""
    name, rows, lists, k, epochs = sys.argv[1:]
    warnings.simplefilter("ignore")
    from rectools.dataset import Dataset

    with np.load(rows) as columns:
        frame = pd.DataFrame({name: columns[name] for name in columns.files})
    dataset = Dataset.construct(frame)
    model = model_of(name, int(epochs))
    model.fit(dataset)
    users = frame["user_id"].unique()
    found = []
    for is_new in (False, True):
        best = model.recommend(
            users=users, dataset=dataset, k=int(k), filter_viewed=is_new,
            on_unsupported_targets="ignore",  # SASRec learns nothing of a user with a single purchase
        )  # fmt: skip
        found.append(best[["user_id", "item_id", "rank"]].assign(is_new=is_new))
    np.savez(lists, **{name: column.to_numpy() for name, column in pd.concat(found).items()})


if __name__ == "__main__":
    main()
