"""Learners of an uplift: a T-learner and an X-learner of additive models.

Both are weighted sums of additive models. So the Shapley values of an uplift are the same sums of their terms, and
exact (probability or amount, identity link).

Source: Künzel et al. (2019), Metalearners for estimating heterogeneous treatment effects, arXiv:1706.03461.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from scoring.boosting.additive import AdditiveModel, Floats
from scoring.boosting.trees import fit_additive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

Learner = Literal["t", "x"]
LEARNERS: Final[tuple[Learner, ...]] = ("t", "x")


@dataclass(frozen=True, eq=False)
class UpliftModel:
    """A weighted sum of additive models.

    Attributes:
        learner: ``t`` or ``x``.
        parts: Weight and model of each summand. T-learner: 1 and the outcome of the treated, -1 and that of the others.
            X-learner: the two models of the imputed effects, weighted by the share of the other arm.
    """

    learner: Learner
    parts: tuple[tuple[float, AdditiveModel], ...]

    def predict(self, x: Floats) -> Floats:
        """Return the predicted uplift of each row, shape ``(n,)``."""
        return np.asarray(sum(weight * model.score(x) for weight, model in self.parts))

    def terms(self, x: Floats) -> Floats:
        """Return the exact Shapley values of the predicted uplift, shape ``(n, n_features)``."""
        return np.asarray(sum(weight * model.terms(x) for weight, model in self.parts))

    @property
    def base_value(self) -> float:
        """Predicted uplift with every feature absent."""
        return sum(weight * model.base_value for weight, model in self.parts)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"learner": self.learner, "parts": [[weight, model.to_json()] for weight, model in self.parts]}

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> UpliftModel:
        """Read what ``to_json`` returned."""
        return cls(content["learner"], tuple((w, AdditiveModel.of_json(model)) for w, model in content["parts"]))


def fit_learner(
    learner: Learner,
    x: Floats,
    is_treated: npt.NDArray[np.bool_],
    outcome: Floats,
    names: Sequence[str],
    *,
    rounds: int = 100,
) -> UpliftModel:
    """Fit the uplift of one action.

    The X-learner imputes the effect of each row with the outcome model of the other arm. It then fits the effects of
    both arms and weighs each by the share of the other arm, so the larger arm counts more where it says more.

    Args:
        learner: ``t`` or ``x``.
        x: Feature values, shape ``(n, n_features)``.
        is_treated: Who received the action, at random, shape ``(n,)``.
        outcome: What is to be raised, shape ``(n,)``.
        names: Names of the features.
        rounds: Number of trees of each model.

    Returns:
        The model.
    """

    def fitted(rows: npt.NDArray[np.bool_], target: Floats) -> AdditiveModel:
        return fit_additive(x[rows], target, names, rounds=rounds, objective="regression")

    treated, control = fitted(is_treated, outcome[is_treated]), fitted(~is_treated, outcome[~is_treated])
    if learner == "t":
        return UpliftModel(learner, ((1.0, treated), (-1.0, control)))
    of_treated = fitted(is_treated, outcome[is_treated] - control.score(x[is_treated]))
    of_control = fitted(~is_treated, treated.score(x[~is_treated]) - outcome[~is_treated])
    share = float(is_treated.mean())
    return UpliftModel(learner, ((share, of_control), (1.0 - share, of_treated)))


def cross_fitted(fold: Floats, fit: Callable[[npt.NDArray[np.bool_]], UpliftModel], x: Floats) -> Floats:
    """Return predictions of rows by models that did not see them.

    Args:
        fold: Fold of each row, shape ``(n,)``.
        fit: Fits a model on rows.
        x: Feature values, shape ``(n, n_features)``.

    Returns:
        Predicted uplift, shape ``(n,)``.
    """
    predicted = np.zeros(len(fold))
    for number in np.unique(fold):
        predicted[fold == number] = fit(fold != number).predict(x[fold == number])
    return predicted
