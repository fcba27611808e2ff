"""Uplift of actions from an experiment: what an action changes, and for whom that is proven.

An action is proven for customers whose predicted uplift lies in a range where the measured uplift of held-out
customers is above zero at its lower bound. Predictions come from a T-learner or an X-learner of additive models.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.stats import norm

from scoring.boosting.additive import Floats
from scoring.churn.learners import LEARNERS, Learner, UpliftModel, cross_fitted, fit_learner
from scoring.churn.training import split_of
from scoring.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

N_BINS: Final = 4
N_FOLDS: Final = 5
LEVEL: Final = 0.95
"""One-sided confidence of all lower bounds together (Bonferroni over bins, actions and learners)."""

LEAST_ROWS: Final = 50
"""Held-out rows of each arm that a bin needs."""


@dataclass(frozen=True)
class Bin:
    """Customers whose predicted uplift lies in one range, and what the experiment measured for them.

    Attributes:
        low: Least predicted uplift.
        uplift: Mean of the treated less mean of the control, on rows that the models did not see.
        lower: Lower bound of it; −infinity if an arm has too few rows to measure it.
        n: Number of rows.
        control: Mean of the control.
    """

    low: float
    uplift: float
    lower: float
    n: int
    control: float

    @property
    def upper(self) -> float:
        """Upper bound of the uplift, as far above it as the lower bound is below."""
        return 2 * self.uplift - self.lower

    @property
    def is_proven(self) -> bool:
        """Whether the lower bound is above zero."""
        return self.lower > 0


@dataclass(frozen=True, eq=False)
class ActionUplift:
    """One action against no action.

    Attributes:
        action: Name of the treatment.
        model: Predicts its uplift, with exact Shapley values.
        bins: Ranges of predicted uplift, ascending.
        policy_values: Mean held-out outcome of policies that treat the best tenth, two tenths, … by each learner's
            predictions.
    """

    action: str
    model: UpliftModel
    bins: tuple[Bin, ...]
    policy_values: Mapping[Learner, float]

    def bin_of(self, x: Floats) -> npt.NDArray[np.int64]:
        """Return the bin of each row, shape ``(n,)``."""
        lows = np.array([each.low for each in self.bins[1:]])
        return np.searchsorted(lows, self.model.predict(x), side="right")

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; a bound that is not finite becomes ``None``."""
        bins = [[None if np.isinf(value) else value for value in astuple(each)] for each in self.bins]
        return {
            "action": self.action,
            "model": self.model.to_json(),
            "bins": bins,
            "policy_values": dict(self.policy_values),
        }

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> ActionUplift:
        """Read what ``to_json`` returned."""
        bins = tuple(
            Bin(-np.inf if low is None else low, uplift, -np.inf if lower is None else lower, n, control)
            for low, uplift, lower, n, control in content["bins"]
        )
        return cls(content["action"], UpliftModel.of_json(content["model"]), bins, content["policy_values"])


def fit_uplift(
    x: Floats,
    is_treated: npt.NDArray[np.bool_],
    outcome: Floats,
    ids: Sequence[str],
    names: Sequence[str],
    *,
    action: str,
    learner: Learner | None = None,
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
        learner: ``t`` or ``x``. If not given, the one whose held-out policies have the larger mean value; the bounds
            then hold for both.
        rounds: Number of trees of each model.
        n_actions: Number of actions of the experiment, of which the best will be chosen.

    Returns:
        A model of all rows; bins from predictions of models that did not see the row.

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

    def fit(name: Learner, rows: npt.NDArray[np.bool_]) -> UpliftModel:
        return fit_learner(name, x[rows], is_treated[rows], outcome[rows], names, rounds=rounds)

    tried = LEARNERS if learner is None else (learner,)
    predicted = {name: cross_fitted(fold, partial(fit, name), x) for name in tried}
    values = {name: mean_policy_value(each, is_treated, outcome) for name, each in predicted.items()}
    best = max(tried, key=lambda name: values[name])
    bins = measured_bins(predicted[best], is_treated, outcome, n_actions * len(tried))
    return ActionUplift(action, fit(best, np.ones(len(x), dtype=bool)), bins, values)


def measured_bins(
    predicted: Floats, is_treated: npt.NDArray[np.bool_], outcome: Floats, n_choices: int = 1
) -> tuple[Bin, ...]:
    """Return the measured uplift by quartiles of predicted uplift.

    The lower bound is one-sided, by the normal approximation of a difference of two means; its level holds for all
    bins of all choices together.

    Args:
        predicted: Predicted uplift of rows by models that did not see them, shape ``(n,)``.
        is_treated: Who received the action, shape ``(n,)``.
        outcome: The outcome, shape ``(n,)``.
        n_choices: Number of actions and learners, of which the best is chosen.

    Returns:
        Bins, ascending.
    """
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, N_BINS + 1)[1:-1], method="higher"))
    edges = edges[edges > predicted.min()]
    place = np.searchsorted(edges, predicted, side="right")
    z = float(norm.ppf(1 - (1 - LEVEL) / (N_BINS * n_choices)))
    found = []
    for number, low in enumerate((-np.inf, *edges.tolist())):
        arms = [outcome[(place == number) & arm] for arm in (is_treated, ~is_treated)]
        n = sum(map(len, arms))
        if min(map(len, arms)) < LEAST_ROWS:
            found.append(Bin(low, 0.0, -np.inf, n, 0.0))
            continue
        control = float(arms[1].mean())
        uplift = float(arms[0].mean()) - control
        error = float(np.sqrt(sum(arm.var(ddof=1) / len(arm) for arm in arms)))
        found.append(Bin(low, uplift, uplift - z * error, n, control))
    return tuple(found)


def mean_policy_value(predicted: Floats, is_treated: npt.NDArray[np.bool_], outcome: Floats) -> float:
    """Return the mean value of the policies that treat the best tenth, two tenths, … nine tenths by predicted uplift.

    Args:
        predicted: Predicted uplift, shape ``(n,)``.
        is_treated: Who was treated, at random, shape ``(n,)``.
        outcome: The outcome less the cost of a treatment, shape ``(n,)``.

    Returns:
        Mean of the policies' mean outcomes.
    """
    order = np.argsort(-predicted, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    shares = np.arange(1, 10) / 10
    return float(np.mean([policy_value(place < share * len(order), is_treated, outcome) for share in shares]))


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
