"""LightGBM with fixed, modest settings: stumps for additive models, larger trees to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scoring.boosting.additive import AdditiveModel, Floats, read_out
from scoring.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

STUMPS: Final[dict[str, Any]] = {"num_leaves": 2, "learning_rate": 0.05, "min_data_in_leaf": 40, "lambda_l2": 5.0}
TREES: Final[dict[str, Any]] = {
    "num_leaves": 15,
    "learning_rate": 0.03,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "lambda_l2": 5.0,
}
SHARED: Final[dict[str, Any]] = {
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "seed": 1,
    "feature_pre_filter": False,
}


def lightgbm() -> Any:
    """Import LightGBM.

    The call raises ``MissingExtraError`` if LightGBM is not installed.

    Returns:
        The module.
    """
    with MissingExtraError.unless_installed("training", "jobs"):
        import lightgbm
    return lightgbm


def fit_additive(
    x: Floats,
    y: Floats,
    features: Sequence[str],
    *,
    rounds: int = 200,
    objective: str = "binary",
    directions: Sequence[int] | None = None,
    weight: Floats | None = None,
) -> AdditiveModel:
    """Fit an additive model as boosted trees with one split each.

    Args:
        x: Feature values, NaN for missing ones, shape ``(n_rows, n_features)``.
        y: Labels, shape ``(n_rows,)``.
        features: Names of the columns.
        rounds: Number of trees.
        objective: An objective of LightGBM; ``binary`` gives scores in logits.
        directions: 1 for a curve that never falls, −1 for one that never rises, 0 for any, for each feature.
        weight: Weight of each row, shape ``(n_rows,)``; all equal if not given.

    Returns:
        The model.
    """
    booster = _train(_stump_settings(len(y), objective, directions), x, y, rounds, weight)
    return read_out(booster, features, x)


def losses(
    train: tuple[Floats, Floats],
    held_out: tuple[Floats, Floats],
    *,
    rounds: int = 400,
    directions: Sequence[int] | None = None,
) -> tuple[list[float], list[float]]:
    """Return the log loss of an additive classifier after each round, on the rows that it learns from and on others.

    Args:
        train: Feature values and labels to learn from.
        held_out: Feature values and labels to measure on.
        rounds: Number of trees.
        directions: As for ``fit_additive``.

    Returns:
        Losses on the training rows and on the others, one for each round.
    """
    module = lightgbm()
    settings = {**_stump_settings(len(train[1]), "binary", directions), "metric": "binary_logloss"}
    data = module.Dataset(train[0], label=train[1], params=settings)
    sets = [data, data.create_valid(held_out[0], label=held_out[1])]
    found: dict[str, dict[str, list[float]]] = {}
    module.train(
        settings,
        data,
        num_boost_round=rounds,
        valid_sets=sets,
        valid_names=["train", "held out"],
        callbacks=[module.record_evaluation(found)],
    )
    return found["train"]["binary_logloss"], found["held out"]["binary_logloss"]


def fit_trees(x: Floats, y: Floats, *, rounds: int = 250, objective: str = "binary") -> Any:
    """Fit a LightGBM model with interactions, to compare with.

    Args:
        x: Feature values, NaN for missing ones, shape ``(n_rows, n_features)``.
        y: Labels, shape ``(n_rows,)``.
        rounds: Number of trees.
        objective: An objective of LightGBM.

    Returns:
        A ``lightgbm.Booster``; ``predict(x, pred_contrib=True)`` gives its Shapley values by TreeSHAP.
    """
    return _train({**SHARED, **TREES, "objective": objective}, x, y, rounds, None)


def _stump_settings(n_rows: int, objective: str, directions: Sequence[int] | None) -> dict[str, Any]:
    settings: dict[str, Any] = {**SHARED, **STUMPS, "objective": objective}
    settings["min_data_in_leaf"] = min(STUMPS["min_data_in_leaf"], max(1, n_rows // 20))
    if directions is not None and any(directions):
        settings["monotone_constraints"] = list(directions)
    return settings


def _train(settings: dict[str, Any], x: Floats, y: Floats, rounds: int, weight: Floats | None) -> Any:
    module = lightgbm()
    data = module.Dataset(np.asarray(x, dtype=np.float64), label=y, weight=weight, params=settings)
    return module.train(settings, data, num_boost_round=rounds)
