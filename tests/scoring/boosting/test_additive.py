"""Additive models: curves read out of boosted stumps give LightGBM's scores and TreeSHAP values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scoring.boosting.additive import AdditiveModel, Curve
from scoring.boosting.trees import SHARED, STUMPS, fit_additive, fit_trees
from scoring.errors import ArtifactError, ShapeError

if TYPE_CHECKING:
    from scoring.boosting.additive import Floats

NAMES = ("steps", "gaps", "noise")


@pytest.fixture(scope="module")
def rows() -> tuple[Floats, Floats]:
    random = np.random.default_rng(3)
    x = random.normal(size=(800, 3)).round(1)
    x[random.random(800) < 0.2, 1] = np.nan
    score = 2.0 * (x[:, 0] > 0.5) + np.where(np.isnan(x[:, 1]), 1.5, 0.0) - 1.0
    return x, (random.random(800) < 1 / (1 + np.exp(-score))).astype(float)


@pytest.fixture(scope="module")
def model(rows: tuple[Floats, Floats]) -> AdditiveModel:
    return fit_additive(*rows, NAMES, rounds=60)


def test_a_curve_worked_by_hand() -> None:
    # Steps (-inf, 1], (1, 2], (2, inf) of heights 5, 7, 9; a value on an end lies left of it.
    curve = Curve(np.array([1.0, 2.0]), np.array([5.0, 7.0, 9.0]), -1.0)
    assert curve(np.array([0.0, 1.0, 1.5, 2.0, 3.0, np.nan])).tolist() == [5, 5, 7, 7, 9, -1]


def test_scores_and_terms_are_those_of_lightgbm(rows: tuple[Floats, Floats], model: AdditiveModel) -> None:
    import lightgbm

    settings = {**SHARED, **STUMPS, "objective": "binary"}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows[0], label=rows[1], params=settings), num_boost_round=60)
    contributions = booster.predict(rows[0], pred_contrib=True)  # the last column is the base value
    np.testing.assert_allclose(model.score(rows[0]), booster.predict(rows[0], raw_score=True), atol=1e-9)
    np.testing.assert_allclose(model.terms(rows[0]), contributions[:, :-1], atol=1e-6)
    assert model.base_value == pytest.approx(contributions[0, -1], abs=1e-6)


def test_terms_are_centred_and_add_up(rows: tuple[Floats, Floats], model: AdditiveModel) -> None:
    terms = model.terms(rows[0])
    np.testing.assert_allclose(terms.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(model.base_value + terms.sum(axis=1), model.score(rows[0]), atol=1e-12)


def test_a_gap_has_a_height_of_its_own(model: AdditiveModel) -> None:
    curve = model.curves[1]
    assert curve.missing > curve.values.max()


def test_a_direction_bounds_the_curve(rows: tuple[Floats, Floats]) -> None:
    falling = fit_additive(*rows, NAMES, rounds=60, directions=(-1, 0, 0))
    assert (np.diff(falling.curves[0].values) <= 1e-12).all()


def test_scaling_scales_scores_and_terms(rows: tuple[Floats, Floats], model: AdditiveModel) -> None:
    scaled = model.scaled(0.5, 1.0)
    np.testing.assert_allclose(scaled.score(rows[0]), 0.5 * model.score(rows[0]) + 1.0, atol=1e-12)
    np.testing.assert_allclose(scaled.terms(rows[0]), 0.5 * model.terms(rows[0]), atol=1e-12)


def test_a_model_survives_json(rows: tuple[Floats, Floats], model: AdditiveModel) -> None:
    again = AdditiveModel.of_json(json.loads(json.dumps(model.to_json())))
    np.testing.assert_array_equal(again.score(rows[0]), model.score(rows[0]))


def test_broken_content_and_another_table_are_errors(model: AdditiveModel) -> None:
    with pytest.raises(ArtifactError, match=r"cannot be read .* but curves are needed"):
        AdditiveModel.of_json({})
    with pytest.raises(ShapeError, match="the table has 2 columns but the model has 3 features"):
        model.terms(np.zeros((4, 2)))


def test_trees_see_an_interaction_that_stumps_cannot(rows: tuple[Floats, Floats]) -> None:
    x = np.nan_to_num(rows[0])
    y = ((x[:, 0] > 0) != (x[:, 1] > 0)).astype(float)
    stumps, trees = fit_additive(x, y, NAMES).score(x), fit_trees(x, y).predict(x)
    assert abs(np.corrcoef(stumps, y)[0, 1]) < 0.3 < 0.9 < np.corrcoef(trees, y)[0, 1]
