"""Uplift: exact Shapley values, measured bins worked by hand, and proof only where the action works."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scoring.churn.learners import LEARNERS, Learner, fit_learner
from scoring.churn.uplift import LEAST_ROWS, ActionUplift, fit_uplift, mean_policy_value, measured_bins, policy_value
from scoring.errors import SettingError


@pytest.fixture(scope="module")
def experiment() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    # The action works where the first feature is 1: 60 % instead of 20 %. Elsewhere it changes nothing.
    random = np.random.default_rng(2)
    x = np.column_stack([random.integers(0, 2, 4000), random.normal(size=4000)]).astype(float)
    is_treated = random.random(4000) < 0.5
    chance = 0.2 + 0.4 * (is_treated & (x[:, 0] == 1))
    return x, is_treated, (random.random(4000) < chance).astype(float), [str(row) for row in range(4000)]


Experiment = tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]


@pytest.mark.parametrize("learner", LEARNERS)
def test_terms_of_the_uplift_are_exact(experiment: Experiment, learner: Learner) -> None:
    x, is_treated, outcome, _ = experiment
    found = fit_learner(learner, x, is_treated, outcome, ["works", "noise"])
    np.testing.assert_allclose(found.base_value + found.terms(x).sum(axis=1), found.predict(x), atol=1e-12)
    assert found.terms(np.array([[1.0, 0.0]]))[0, 0] > 0.1 > -0.1 > found.terms(np.array([[0.0, 0.0]]))[0, 0]
    # The game of two players: a feature is absent if its term is 0, which is its mean over the rows.
    pairs = found.terms(x[:50])
    alone = [found.base_value + pairs[:, place] for place in (0, 1)]
    both = found.predict(x[:50])
    shapley = (alone[0] - found.base_value + both - alone[1]) / 2
    np.testing.assert_allclose(shapley, pairs[:, 0], atol=1e-12)


def test_the_x_learner_weighs_the_effects_of_each_arm_by_the_other() -> None:
    # One feature that says nothing: the control arm's outcome is 1, the treated arm's is 3, and 1 in 4 is treated.
    is_treated = np.arange(400) % 4 == 0
    outcome = np.where(is_treated, 3.0, 1.0)
    found = fit_learner("x", np.zeros((400, 1)), is_treated, outcome, ["nothing"])
    assert [weight for weight, _ in found.parts] == [0.25, 0.75]
    np.testing.assert_allclose(found.predict(np.zeros((1, 1))), 2.0, atol=1e-2)


def test_the_learner_with_better_held_out_policies_is_chosen(experiment: Experiment) -> None:
    found = fit_uplift(*experiment, ["works", "noise"], action="mail")
    assert set(found.policy_values) == {"t", "x"}
    assert found.policy_values[found.model.learner] == max(found.policy_values.values())
    one = fit_uplift(*experiment, ["works", "noise"], action="mail", learner="x")
    assert one.model.learner == "x"
    assert set(one.policy_values) == {"x"}
    # Two learners were tried: the same bins have lower bounds than those of one learner.
    same = fit_uplift(*experiment, ["works", "noise"], action="mail", learner=found.model.learner)
    assert all(both.lower < alone.lower for both, alone in zip(found.bins, same.bins, strict=True))


def test_the_mean_value_of_policies_rewards_the_right_order(experiment: Experiment) -> None:
    x, is_treated, outcome, _ = experiment
    right, wrong = (mean_policy_value(sign * x[:, 0], is_treated, outcome) for sign in (1, -1))
    assert right > wrong + 0.05


def test_actions_survive_json(experiment: Experiment) -> None:
    found = fit_uplift(*experiment, ["works", "noise"], action="mail")
    again = ActionUplift.of_json(json.loads(json.dumps(found.to_json())))
    np.testing.assert_array_equal(again.bin_of(experiment[0]), found.bin_of(experiment[0]))
    assert again.bins == found.bins


def test_an_action_is_proven_only_where_it_works(experiment: Experiment) -> None:
    found = fit_uplift(*experiment, ["works", "noise"], action="mail")
    proven = np.array([each.is_proven for each in found.bins])[found.bin_of(experiment[0])]
    works = experiment[0][:, 0] == 1
    assert proven[works].mean() > 0.95
    assert proven[~works].mean() < 0.05


def test_an_action_without_effect_is_proven_for_nobody(experiment: Experiment) -> None:
    x, is_treated, _, ids = experiment
    same = (np.random.default_rng(4).random(len(x)) < 0.3).astype(float)
    assert not any(each.is_proven for each in fit_uplift(x, is_treated, same, ids, ["a", "b"], action="mail").bins)


def test_bins_measure_differences_of_means() -> None:
    # Two predicted uplifts: 30 % of both arms in the low one, 80 % of the treated and 20 % of the rest in the high one.
    predicted = np.repeat([0.0, 0.0, 1.0, 1.0], 100)
    is_treated = np.tile(np.repeat([True, False], 100), 2)
    outcome = np.concatenate([np.arange(100) < n for n in (30, 30, 80, 20)]).astype(float)
    low, high = measured_bins(predicted, is_treated, outcome)
    assert (low.n, high.n) == (200, 200)
    assert low.uplift == pytest.approx(0.0)
    assert high.uplift == pytest.approx(0.6)
    # z of 1 − .05/4 is 2.2414; the variance of each arm is .16 · 100/99.
    assert high.lower == pytest.approx(0.6 - 2.2414 * np.sqrt(2 * 0.16 / 99), abs=1e-4)
    assert not low.is_proven


def test_a_small_bin_proves_nothing() -> None:
    n = LEAST_ROWS - 1
    outcome = np.repeat([1.0, 0.0], n)
    assert not any(each.is_proven for each in measured_bins(np.zeros(2 * n), np.repeat([True, False], n), outcome))


def test_the_value_of_a_policy_worked_by_hand() -> None:
    # Half are treated. Rows that follow the policy: treated 1 and 0, untreated 1 and 1, so 3/4. Half cost .1.
    assigned = np.array([True, True, False, False, True, False])
    treated = np.array([True, True, False, False, False, True])
    outcome = np.array([1.0, 0.0, 1.0, 1.0, 9.0, 9.0])
    assert policy_value(assigned, treated, outcome, cost=0.1) == pytest.approx(0.75 - 0.05)


def test_a_small_experiment_is_refused() -> None:
    with pytest.raises(SettingError, match="action 'mail' has 3 treated and 7 control rows but at least 200"):
        fit_uplift(np.zeros((10, 1)), np.arange(10) < 3, np.zeros(10), [""] * 10, ["a"], action="mail")
