"""Training of churn models: measures worked by hand, time-honest splits, and figures on a log that fades."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fading_log import random_log
from pydantic import ValidationError
from scipy.special import expit

from scoring.churn.measures import auc, auc_margin, ece, ece_of_right_risks, platt
from scoring.churn.setting import ChurnSetting
from scoring.churn.spending import Spending
from scoring.churn.training import Rows, fit, moments, suitable_days, train_on_events
from scoring.data.tables import Tables
from scoring.errors import SettingError

SETTING = ChurnSetting()


@pytest.fixture(scope="module")
def spending() -> Spending:
    return Spending.of(random_log())


def test_auc_counts_ordered_pairs() -> None:
    # Positive .8 and .4, negative .4 and .1: pairs (.8,.4) 1, (.8,.1) 1, (.4,.4) 1/2, (.4,.1) 1 → 3.5 / 4.
    assert auc(np.array([1.0, 0, 1, 0]), np.array([0.8, 0.4, 0.4, 0.1])) == 0.875
    # Each positive exceeds 1 and .75 of the negatives, each negative falls below .75 and 1 of the positives. Both have
    # the variance .03125; 1.96 · √(.03125 / 2 + .03125 / 2).
    assert auc_margin(np.array([1.0, 0, 1, 0]), np.array([0.8, 0.4, 0.4, 0.1])) == pytest.approx(1.96 * 0.03125**0.5)


def test_calibration_error_weighs_bins_by_rows() -> None:
    # Bin .0: risks .05, .05, rate 1/2 → gap .45. Bin .9: risk .95, rate 1 → gap .05. (2 · .45 + 1 · .05) / 3.
    assert ece(np.array([1.0, 0, 1]), np.array([0.05, 0.05, 0.95])) == pytest.approx(0.95 / 3)
    right = np.full(400, 0.3)  # the error is |0.3 - rate|, and a rate of 400 rows varies by √(.21 / 400) = .0229
    assert ece_of_right_risks(right) == pytest.approx(1.96 * 0.0229, abs=0.01)


def test_calibration_finds_slope_and_intercept_and_keeps_a_calibrated_score() -> None:
    random = np.random.default_rng(1)
    score = random.normal(size=20_000)
    shifted = (random.random(20_000) < expit(2 * score - 1)).astype(float)
    assert platt(shifted, score) == pytest.approx((2.0, -1.0), abs=0.1)
    assert platt((random.random(20_000) < expit(score)).astype(float), score) == (1.0, 0.0)


def test_labels_of_training_moments_end_before_the_test(spending: Spending) -> None:
    earlier, test = moments(spending, SETTING, test=None)
    assert test == np.floor(spending.day.max()) + 1 - 56
    assert [test - each for each in earlier] == [168, 140, 112, 84, 56]
    with pytest.raises(SettingError, match="1 training moments have labels after the test moment"):
        moments(spending, SETTING, test=test, given=[test - 55])
    with pytest.raises(SettingError, match="1 training moment is given but at least 2 are needed"):
        moments(spending, SETTING, test=test, given=[test - 56])
    with pytest.raises(SettingError, match="must lie inside the log"):
        moments(spending, SETTING, test=0.0)


def test_a_fading_log_is_predicted_and_calibrated(spending: Spending) -> None:
    fitted, measured, rows = train_on_events(spending, SETTING)
    assert measured.auc > 0.8
    assert measured.ece < 0.15
    assert set(measured.baselines) >= {"lightgbm", "recency"}
    assert len(rows.y) > measured.n_test
    assert fitted.rounds <= len(fitted.held_out_losses)
    assert list(measured.to_dict()) == ["auc", "ece", "base_rate", "n_test", "baselines"]


def test_a_horizon_holds_four_purchases_of_a_usual_user() -> None:
    def bought(every: int, n: int) -> Spending:
        days = pd.date_range("2023-01-01", periods=n, freq=f"{every}D")
        rows = [(user, "box", day, "purchase", 1.0, 30.0) for user in ("a", "b") for day in days]
        columns = ["user_id", "item_id", "timestamp", "kind", "quantity", "price"]
        items = pd.DataFrame({"item_id": ["box"], "title": ["Box"], "category": ["boxes"]})
        return Spending.of(Tables(pd.DataFrame(rows, columns=columns), items))

    assert suitable_days(bought(7, 100)) == 56
    assert suitable_days(bought(31, 24)) == 126  # 124 days are 17.7 weeks
    assert suitable_days(bought(33, 24)) == 140  # 132 days are 18.9 weeks, and half of 19 are no whole days
    assert suitable_days(bought(31, 12)) == 84  # a quarter of the 341 days
    assert suitable_days(bought(31, 4)) == 56  # three gaps are no rhythm


def test_half_of_the_recent_days_is_a_number_of_days() -> None:
    with pytest.raises(ValidationError, match="multiple of 2"):
        ChurnSetting(recent_days=63)


def test_a_log_without_earlier_moments_is_split_by_users(spending: Spending) -> None:
    long = SETTING.model_copy(update={"horizon_days": 200})
    _, measured, rows = train_on_events(spending, long)
    assert 0.2 < measured.n_test / len(rows.y) < 0.4


def test_one_outcome_cannot_be_learned() -> None:
    rows = Rows(np.zeros((20, 1)), np.zeros(20), np.arange(20.0) % 2)
    with pytest.raises(SettingError, match="20 training rows have 0 of churn but both outcomes are needed"):
        fit(rows, ["x"])
