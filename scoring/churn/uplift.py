"""Uplift of actions from an experiment: what an action changes, and for whom that is proven.

A T-learner fits one additive model on the treated and one on the control rows of an action. The uplift is their
difference, so its exact Shapley values are ``φ(treated) − φ(control)`` (probability or amount, identity link).
An action is proven for customers whose predicted uplift lies in a range where the measured uplift of held-out
customers is above zero at its lower bound.

Source: Künzel et al. (2019), Metalearners for estimating heterogeneous treatment effects, arXiv:1706.03461.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import norm

from scoring.boosting.additive import AdditiveModel, Floats
from scoring.boosting.trees import fit_additive
from scoring.churn.training import split_of
from scoring.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

N_BINS: Final = 4
N_FOLDS: Final = 5
LEVEL: Final = 0.95
"""One-sided confidence of all lower bounds together (Bonferroni over bins and actions)."""

LEAST_ROWS: Final = 50
"""Held-out rows of each arm that a bin needs."""


@dataclass(frozen=True)
class Bin:
    """Customers whose predicted uplift lies in one range, and what the experiment measured for them.

    Attributes:
        low: Least predicted uplift.
        uplift: Mean of the treated less mean of the control, on rows that the models did not see.
        lower: Lower bound of it.
        n: Number of rows.
    """

    low: float
    uplift: float
    lower: float
    n: int

    @property
    def is_proven(self) -> bool:
        """Whether the lower bound is above zero."""
        return self.lower > 0


@dataclass(frozen=True, eq=False)
class ActionUplift:
    """One action against no action.

    Attributes:
        action: Name of the treatment.
        treated: Model of the outcome of treated customers.
        control: Model of the outcome of the others.
        bins: Ranges of predicted uplift, ascending.
    """

    action: str
    treated: AdditiveModel
    control: AdditiveModel
    bins: tuple[Bin, ...]

    def predict(self, x: Floats) -> Floats:
        """Return the predicted uplift of each row, shape ``(n,)``."""
        return np.asarray(self.treated.score(x) - self.control.score(x))

    def terms(self, x: Floats) -> Floats:
        """Return the exact Shapley values of the predicted uplift, shape ``(n, n_features)``."""
        return np.asarray(self.treated.terms(x) - self.control.terms(x))

    @property
    def base_value(self) -> float:
        """Predicted uplift with every feature absent."""
        return self.treated.base_value - self.control.base_value

    def bin_of(self, x: Floats) -> npt.NDArray[np.int64]:
        """Return the bin of each row, shape ``(n,)``."""
        lows = np.array([each.low for each in self.bins[1:]])
        return np.searchsorted(lows, self.predict(x), side="right")


def fit_uplift(
    x: Floats,
    is_treated: npt.NDArray[np.bool_],
    outcome: Floats,
    ids: Sequence[str],
    names: Sequence[str],
    *,
    action: str,
    rounds: int = 100,
    n_actions: int = 1,
) -> ActionUplift:
    """Fit the uplift of one action and measure it in bins on rows that the models did not see.

    Args:
        x: Feature values, shape ``(n, n_features)``.
        is_treated: Who received the action, at random, shape ``(n,)``.
        outcome: What is to be raised: 0 or 1, or an amount, shape ``(n,)``.
        ids: Ids of the rows, which decide the folds.
        names: Names of the features.
        action: Name of the treatment.
        rounds: Number of trees of each model.
        n_actions: Number of actions of the experiment, of which the best will be chosen.

    Returns:
        Models of all rows; bins from predictions of models that did not see the row.

    Raises:
        SettingError: If an arm is too small.
    """
    least = N_BINS * LEAST_ROWS
    if min(is_treated.sum(), (~is_treated).sum()) < least:
        raise SettingError(
            f"action {action!r} has {int(is_treated.sum())} treated and {int((~is_treated).sum())} control rows but at "
            f"least {least} of each are needed. Run a larger experiment."
        )
    fold = split_of(ids, N_FOLDS)
    predicted = np.zeros(len(outcome))
    for number in range(N_FOLDS):
        seen = fold != number
        models = [
            fit_additive(x[seen & arm], outcome[seen & arm], names, rounds=rounds, objective="regression")
            for arm in (is_treated, ~is_treated)
        ]
        predicted[~seen] = models[0].score(x[~seen]) - models[1].score(x[~seen])
    whole = [
        fit_additive(x[arm], outcome[arm], names, rounds=rounds, objective="regression")
        for arm in (is_treated, ~is_treated)
    ]
    return ActionUplift(action, whole[0], whole[1], measured_bins(predicted, is_treated, outcome, n_actions))


def measured_bins(
    predicted: Floats, is_treated: npt.NDArray[np.bool_], outcome: Floats, n_actions: int = 1
) -> tuple[Bin, ...]:
    """Return the measured uplift by quartiles of predicted uplift.

    The lower bound is one-sided, by the normal approximation of a difference of two means; its level holds for all
    bins of all actions together.

    Args:
        predicted: Predicted uplift of rows by models that did not see them, shape ``(n,)``.
        is_treated: Who received the action, shape ``(n,)``.
        outcome: The outcome, shape ``(n,)``.
        n_actions: Number of actions that are measured.

    Returns:
        Bins, ascending.
    """
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, N_BINS + 1)[1:-1], method="higher"))
    edges = edges[edges > predicted.min()]
    place = np.searchsorted(edges, predicted, side="right")
    z = float(norm.ppf(1 - (1 - LEVEL) / (N_BINS * n_actions)))
    found = []
    for number, low in enumerate((-np.inf, *edges.tolist())):
        arms = [outcome[(place == number) & arm] for arm in (is_treated, ~is_treated)]
        n = sum(map(len, arms))
        if min(map(len, arms)) < LEAST_ROWS:
            found.append(Bin(low, 0.0, -np.inf, n))
            continue
        uplift = float(arms[0].mean() - arms[1].mean())
        error = float(np.sqrt(sum(arm.var(ddof=1) / len(arm) for arm in arms)))
        found.append(Bin(low, uplift, uplift - z * error, n))
    return tuple(found)


def policy_value(
    assigned: npt.NDArray[np.bool_], is_treated: npt.NDArray[np.bool_], outcome: Floats, cost: float = 0.0
) -> float:
    """Return the mean outcome of a policy on rows of an experiment, by inverse propensity weights.

    Args:
        assigned: Whom the policy would treat, shape ``(n,)``.
        is_treated: Who was treated, at random, shape ``(n,)``.
        outcome: The outcome, shape ``(n,)``.
        cost: Cost of a treatment, in units of the outcome.

    Returns:
        Mean outcome for each row.
    """
    share = is_treated.mean()
    weight = np.where(is_treated, 1 / share, 1 / (1 - share))
    agrees = assigned == is_treated
    return float((agrees * weight * outcome).sum() / (agrees * weight).sum() - cost * assigned.mean())
