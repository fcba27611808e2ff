# ruff: noqa: PD011  `values` are those of an Attribution
# ruff: noqa: NPY002  shap uses numpy's global generator, so a test must too
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_explain.attribution.black_box import attribute_black_box, events_frame, over_frames
from llm_explain.attribution.exact import attribute
from llm_explain.attribution.shapley import play
from llm_explain.errors import MissingExtraError, SettingError, ShapeError, UnknownItemError
from scoring.data.history import History
from tests.llm_explain.linear_shop import AS_OF, LinearScorer, catalogue, events, history

pytest.importorskip("shap")

SHOP = catalogue(("ale", "beans", "cheese", "dip", "eggs", "fish"))
BOUGHT = {"ale-0": 1, "beans-0": 3, "beans-1": 1, "cheese-0": 2, "dip-0": 2, "eggs-0": 1}


def counts(of: History) -> np.ndarray:
    return np.bincount(of.item_index, minlength=len(SHOP)).astype(float)


class ItemNeighbours:
    """A linear scorer as item-kNN libraries have it: a user's counts times an item-item matrix."""

    def __init__(self) -> None:
        self.similarity = np.random.default_rng(3).normal(size=(len(SHOP), len(SHOP)))

    def __call__(self, histories: list[History], item_ids: list[str]) -> np.ndarray:
        return np.stack([counts(of) for of in histories]) @ self.similarity[:, SHOP.index_of(item_ids)]


def test_a_linear_scorer_gives_every_group_its_own_sum() -> None:
    # Σ over items bought of count · similarity, group by group: no interaction, so that is the Shapley value.
    score, of = ItemNeighbours(), history(SHOP, BOUGHT)
    (found,) = attribute_black_box(score, of, ["fish-1"], catalogue=SHOP)
    target = int(SHOP.index_of(["fish-1"])[0])
    by_category = np.zeros(6)
    np.add.at(by_category, SHOP.category_index, counts(of) * score.similarity[:, target])
    expected = [by_category[SHOP.category_names.index(player.removeprefix("group:"))] for player in found.players]
    np.testing.assert_allclose(found.values, expected, atol=1e-10)
    assert found.base_value == 0.0
    assert found.score == pytest.approx(expected[0] + sum(expected[1:]))
    assert found.parts[0] == {"tower": found.values[0]}


def test_an_interaction_worked_by_hand() -> None:
    # 6 when ale and beans are both there, 1 more for ale alone or not: ale 1 + 3, beans 3.
    def score(histories: list[History], item_ids: list[str]) -> list[list[float]]:
        there = [set(SHOP.item_ids[of.item_index]) for of in histories]
        return [[6.0 * ({"ale-0", "beans-0"} <= ids) + ("ale-0" in ids) + 2.0] for ids in there]

    (found,) = attribute_black_box(score, history(SHOP, {"ale-0": 1, "beans-0": 1}), ["fish-0"], catalogue=SHOP)
    assert dict(zip(found.players, found.values.tolist(), strict=True)) == pytest.approx(
        {"group:ale": 4.0, "group:beans": 3.0}
    )
    assert (found.base_value, found.score) == (2.0, 9.0)


def test_agrees_with_the_glass_box_on_a_glass_box() -> None:
    scorer = LinearScorer(SHOP, has_sink=True)
    of, item_ids = history(SHOP, BOUGHT), SHOP.item_ids.tolist()

    def score(histories: list[History], item_ids: list[str]) -> np.ndarray:
        return np.stack([scorer.score(scorer.read(each), SHOP.index_of(item_ids)) for each in histories])

    found = attribute_black_box(score, of, item_ids, catalogue=SHOP, max_groups=3)
    exact = attribute(scorer, scorer.read(of), np.arange(len(SHOP)), max_groups=3)
    for ours, glass in zip(found, exact, strict=True):
        assert ours.players == glass.players[:3]
        assert ours.categories == glass.categories[:3]
        np.testing.assert_allclose(ours.values, glass.values[:3], atol=1e-10)
        assert ours.score == pytest.approx(glass.score)


def test_many_players_are_walked_in_random_orders_and_still_add_up() -> None:
    score, of = ItemNeighbours(), history(SHOP, BOUGHT)
    sampled = attribute_black_box(score, of, ["fish-1", "ale-0"], catalogue=SHOP, max_evals=11)
    exact = attribute_black_box(score, of, ["fish-1", "ale-0"], catalogue=SHOP)
    for first, second in zip(sampled, exact, strict=True):
        np.testing.assert_allclose(first.values, second.values, atol=1e-10)  # any order is exact for a linear scorer


def test_random_orders_leave_the_callers_generator_alone() -> None:
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    attribute_black_box(ItemNeighbours(), history(SHOP, BOUGHT), ["fish-1"], catalogue=SHOP, max_evals=11)
    assert np.random.random() == expected


@settings(deadline=None, max_examples=15)
@given(st.lists(st.floats(-10, 10), min_size=8, max_size=8))
def test_agrees_with_exact_enumeration_on_any_game(values: list[float]) -> None:
    bought = ("ale-0", "beans-0", "cheese-0")

    def row(of: History) -> int:
        return sum(1 << place for place, name in enumerate(bought) if name in SHOP.item_ids[of.item_index])

    def score(histories: list[History], item_ids: list[str]) -> list[list[float]]:
        return [[values[row(of)]] for of in histories]

    (found,) = attribute_black_box(score, history(SHOP, dict.fromkeys(bought, 1)), ["fish-0"], catalogue=SHOP)
    expected = play(lambda coalitions: np.array(values)[coalitions @ (1 << np.arange(3))], 3)
    np.testing.assert_allclose(found.values, expected, atol=1e-10)


def test_rounding_errors_are_no_attributions() -> None:
    # Beans lower the score by a number that has no exact binary form; nothing else matters, however it is rounded.
    def score(histories: list[History], item_ids: list[str]) -> list[list[float]]:
        return [[0.1 - 0.7 * ("beans-0" in SHOP.item_ids[of.item_index])] for of in histories]

    (found,) = attribute_black_box(score, history(SHOP, BOUGHT), ["fish-0"], catalogue=SHOP)
    values = dict(zip(found.players, found.values.tolist(), strict=True))
    assert values.pop("group:beans") == pytest.approx(-0.7)
    assert set(values.values()) == {0.0}


def test_each_coalition_is_scored_once() -> None:
    seen: list[bytes] = []

    def score(histories: list[History], item_ids: list[str]) -> np.ndarray:
        seen.extend(of.item_index.tobytes() for of in histories)
        return np.zeros((len(histories), len(item_ids)))

    attribute_black_box(score, history(SHOP, BOUGHT), ["fish-0", "fish-1"], catalogue=SHOP)
    assert len(seen) == len(set(seen)) == 2**5


def test_an_empty_history_is_all_base_value() -> None:
    (found,) = attribute_black_box(ItemNeighbours(), history(SHOP, {}), ["ale-0"], catalogue=SHOP)
    assert (found.players, found.base_value, found.score) == ((), 0.0, 0.0)


def test_results_are_shap_explanations() -> None:
    (found,) = attribute_black_box(ItemNeighbours(), history(SHOP, BOUGHT), ["ale-0"], catalogue=SHOP)
    explanation = found.to_shap()
    assert type(explanation).__module__.startswith("shap")
    assert explanation.base_values + explanation.values.sum() == pytest.approx(found.score)
    assert explanation.feature_names == list(found.players)


def test_a_scorer_of_tables_sees_the_rows_of_the_events_table() -> None:
    def score(frames: list[pd.DataFrame], item_ids: list[str]) -> np.ndarray:
        bought = np.array([[frame["item_id"].eq("ale-0").sum() + len(frame)] for frame in frames], dtype=float)
        return np.repeat(bought, len(item_ids), axis=1)

    of = history(SHOP, BOUGHT)
    (found,) = attribute_black_box(over_frames(score, SHOP), of, ["fish-0"], catalogue=SHOP)
    assert dict(zip(found.players, found.values.round(9).tolist(), strict=True))["group:ale"] == 2.0
    frame = events_frame(of, SHOP)
    columns = ["item_id", "timestamp"]
    pd.testing.assert_frame_equal(frame[columns], events(BOUGHT)[columns].astype({"timestamp": "datetime64[ns]"}))
    again = History.from_events(frame, SHOP, as_of=AS_OF)
    np.testing.assert_array_equal(again.item_index, of.item_index)


def test_too_small_a_budget_is_refused() -> None:
    with pytest.raises(
        SettingError, match="max_evals is 10 but at least 11 histories are needed for one order of 5 groups"
    ):
        attribute_black_box(ItemNeighbours(), history(SHOP, BOUGHT), ["fish-0"], catalogue=SHOP, max_evals=10)


def test_scores_of_the_wrong_shape_are_refused() -> None:
    def score(histories: list[History], item_ids: list[str]) -> np.ndarray:
        return np.zeros(len(histories))

    with pytest.raises(ShapeError, match=r"returned scores of shape \(32,\) but \(32, 1\) is needed"):
        attribute_black_box(score, history(SHOP, BOUGHT), ["fish-0"], catalogue=SHOP)


def test_an_unknown_item_is_refused() -> None:
    with pytest.raises(UnknownItemError, match="item 'ale-9' is not in the catalogue"):
        attribute_black_box(ItemNeighbours(), history(SHOP, BOUGHT), ["ale-9"], catalogue=SHOP)


def test_without_shap_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "shap", None)
    with pytest.raises(
        MissingExtraError, match=r"shap is not installed .* pip install 'llm-explain-recommendations\[shap\]'"
    ):
        attribute_black_box(ItemNeighbours(), history(SHOP, BOUGHT), ["ale-0"], catalogue=SHOP)
