"""The controls: what they say, and when a metric tells us from them."""

from __future__ import annotations

import numpy as np
import pytest

from llm_explain.attribution.values import Attribution
from llm_explain.evaluation.bootstrap import Bootstrap
from llm_explain.evaluation.controls import (
    CONTROLS,
    compare_with_control,
    control_texts,
    inverted,
    not_separated,
    randomised,
)
from llm_explain.evaluation.explained import draw_users, explain_users
from llm_explain.explainer import Explainer


@pytest.fixture(scope="module")
def explainer(shop_artifacts):
    return Explainer.load(shop_artifacts, language_model=None)


@pytest.fixture
def attribution():
    parts = ({"tower": 1.0, "due": -0.5}, {"promotion": -2.0})
    return Attribution(("group:tea", "context:promotion"), np.array([0.5, -2.0]), parts, 1.0, -0.5, ((0,), ()))


def test_inverted(attribution):
    found = inverted(attribution)
    assert found.values.tolist() == [-0.5, 2.0]
    assert found.parts[0] == {"tower": -1.0, "due": 0.5}
    assert found.score == 0.5


def test_randomised(attribution):
    found = randomised(attribution, np.random.default_rng(0))
    assert (found.values > 0).all()
    assert found.players == attribution.players
    assert found.score == pytest.approx(found.values.sum())


def test_every_control_speaks_of_every_explanation(explainer):
    users = draw_users(explainer, 4, seed=1)
    explained = [each for each in explain_users(explainer, users, k=2) if each.text]
    texts = control_texts(explainer, explained, users, seed=0)
    assert set(texts) == set(CONTROLS)
    assert {len(said) for said in texts.values()} == {len(explained)}
    assert len(set(texts["constant"])) == 1
    of_user = {each.text: each.user for each in reversed(explained)}
    assert all(
        of_user[said] != each.user or said in {other.text for other in explained if other.user != each.user}
        for said, each in zip(texts["shuffled"], explained, strict=True)
    )
    assert texts == control_texts(explainer, explained, users, seed=0)


def test_users_are_drawn_by_the_seed(explainer):
    assert draw_users(explainer, 5, seed=2) == draw_users(explainer, 5, seed=2) != draw_users(explainer, 5, seed=3)


def test_when_a_metric_tells_us_apart():
    bootstrap = Bootstrap(4, n_resamples=200)
    better, same = np.array([0.9, 0.8, 0.9, 1.0]), np.array([0.1, 0.2, 0.1, 0.0])
    found = {
        "worse": compare_with_control(better, same, bootstrap, higher_is_better=True),
        "as good": compare_with_control(better, better, bootstrap, higher_is_better=True),
        "missing": compare_with_control(better, np.full(4, np.nan), bootstrap, higher_is_better=True),
    }
    assert not_separated(found) == ["as good", "missing"]
    assert compare_with_control(same, better, bootstrap, higher_is_better=False)["is_separated"]
