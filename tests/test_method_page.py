"""The worked example of docs/method.md, recomputed: by the package's own code, and by shap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from llm_explain.attribution.exact import attribute
from llm_explain.attribution.group_vectors import group_vectors
from llm_explain.attribution.partition import partition
from llm_explain.attribution.shapley import all_coalitions
from llm_explain.attribution.values import Attribution
from scoring.data.history import History
from tests.llm_explain.linear_shop import catalogue, history

PAGE = (Path(__file__).parents[1] / "docs" / "method.md").read_text(encoding="utf-8")
NAMES = ("milk", "chips", "salsa")
TOKENS = {"milk": (2.0, 0.0), "chips": (0.0, 3.0), "salsa": (1.0, 2.0)}
SHOP = catalogue(("chips", "milk", "oat milk", "salsa"), items_each=1)
BOUGHT = history(SHOP, {"milk-0": 3, "chips-0": 2, "salsa-0": 1})
V = {"salsa-0": (0.5, 0.4), "oat milk-0": (1.0, -0.2)}
OWN, PROMOTION, MEAN = 0.6, 0.3, 0.1


@dataclass(frozen=True)
class MaxState:
    """A user whose tokens are pooled by the larger of each coordinate."""

    history: History
    categories: np.ndarray

    def group_sums(self, groups: np.ndarray, n_groups: int) -> np.ndarray:
        return np.eye(len(self.categories))[np.argsort(groups)][:n_groups]

    @property
    def ends(self) -> np.ndarray:
        return self.embed(np.array([[0.0], [1.0]]) * np.ones(len(self.categories)))

    def embed(self, sums: np.ndarray) -> np.ndarray:
        tokens = np.array([TOKENS[SHOP.category_names[category]] for category in self.categories]).reshape(-1, 2)
        return (np.asarray(sums)[:, :, None] * tokens).max(axis=1, initial=0.0)

    def embed_coalitions(self, sums: np.ndarray, coalitions: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return weights @ self.embed(coalitions @ sums)

    def user_embedding(self, present: np.ndarray) -> np.ndarray:
        return self.embed(present)


class MaxScorer:
    """The scorer of the example."""

    catalogue = SHOP
    candidates = np.arange(len(SHOP))
    own_features = ("own history",)
    terms = ("promotion",)
    context_mean = np.array([MEAN])

    def __init__(self) -> None:
        self.item_embedding = np.array([V.get(item_id, (0.0, 0.0)) for item_id in SHOP.item_ids])
        self.is_salsa = SHOP.item_ids == "salsa-0"

    def read(self, of: History) -> MaxState:
        return MaxState(of, np.unique(SHOP.category_index[of.item_index]))

    def own_empty(self, item_index: np.ndarray) -> np.ndarray:
        return np.zeros((len(item_index), 1))

    def own_parts(self, state: MaxState, item_index: np.ndarray) -> np.ndarray:
        is_there = np.isin(item_index, state.history.item_index) & self.is_salsa[item_index]
        return OWN * is_there[:, None]

    def link_parts(
        self, state: MaxState, item_index: np.ndarray, group_of_category: np.ndarray, n_groups: int
    ) -> np.ndarray:
        return np.zeros((len(item_index), n_groups))

    def context_parts(self, as_of: object, item_index: np.ndarray, channel: str = "") -> np.ndarray:
        return np.where(self.is_salsa[item_index], PROMOTION, MEAN)[:, None]

    def score(self, state: MaxState, item_index: np.ndarray) -> np.ndarray:
        everything = state.embed(np.ones((1, len(state.categories))))[0]
        own, context = self.own_parts(state, item_index), self.context_parts(None, item_index)
        return self.item_embedding[item_index] @ everything + own.sum(axis=1) + context.sum(axis=1)


def pair(vector: np.ndarray) -> str:
    return f"({', '.join(f'{value:g}' for value in np.round(vector, 12) + 0.0)})"


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def explained(item_id: str) -> Attribution:
    scorer = MaxScorer()
    (found,) = attribute(scorer, scorer.read(BOUGHT), SHOP.index_of([item_id]))
    return found


def phi(item_id: str) -> dict[str, float]:
    found = explained(item_id)
    return dict(zip(found.players, found.values.tolist(), strict=True))


@pytest.mark.parametrize("present", [tuple(row) for row in all_coalitions(3).tolist()])
def test_embeddings_of_coalitions(present: tuple[bool, ...]) -> None:
    there = [name for name, is_there in zip(NAMES, present, strict=True) if is_there]
    tokens = np.array([TOKENS[name] for name in there] + [(0.0, 0.0)])
    name = {0: "none", 3: "all"}.get(len(there), ", ".join(there))
    assert f"    {'U of ' + name:23}{pair(tokens.max(axis=0))}\n" in PAGE


def test_group_vectors() -> None:
    state = MaxScorer().read(BOUGHT)
    groups = partition(BOUGHT, SHOP)
    vectors = group_vectors(state, groups)
    for player, vector in zip(groups.players, vectors.added, strict=True):
        assert f"    {'A of ' + player.removeprefix('group:'):23}{pair(vector)}\n" in PAGE
    assert f"U of all minus U of none, {pair(vectors.added.sum(axis=0))}" in PAGE


def test_attribution_of_the_salsa() -> None:
    found = explained("salsa-0")
    parts = dict(zip(found.players, found.parts, strict=True))["group:salsa"]
    assert f"    base value             {found.base_value:.2f}\n" in PAGE
    for player, value in phi("salsa-0").items():
        line = f"    {player:22}{signed(value)}"
        said = "    " + ", ".join(f"{name} {part:.2f}" for name, part in parts.items())
        assert line + (said if player == "group:salsa" else "") + "\n" in PAGE
    assert f"    score                  {found.score:.2f}\n" in PAGE
    assert f"salsa gets {parts['tower']:.2f} of the tower" in PAGE


def test_attribution_of_the_oat_milk() -> None:
    for player, value in phi("oat milk-0").items():
        if player.startswith("group:"):
            assert f"    {player:22}{signed(value)}\n" in PAGE


def test_leave_one_out() -> None:
    embed = MaxScorer().read(BOUGHT).embed
    everything = embed(np.ones((1, 3)))[0]
    without = {name: everything - embed(1.0 - np.eye(3)[[place]])[0] for place, name in enumerate(sorted(NAMES))}
    assert f"salsa adds ⟨{pair(without['salsa'])}, V⟩ = {without['salsa'] @ V['salsa-0']:g} through the tower" in PAGE
    assert f"sum to {pair(sum(without.values()))}, not to {pair(everything)}" in PAGE


def test_agrees_with_shap() -> None:
    shap = pytest.importorskip("shap")
    scorer = MaxScorer()
    names = [player.removeprefix("group:") for player in partition(BOUGHT, SHOP).players]
    rows_of = {name: SHOP.category_index[BOUGHT.item_index] == SHOP.category_names.index(name) for name in names}

    def game(rows: np.ndarray) -> np.ndarray:
        item, scores = SHOP.index_of(["salsa-0"]), []
        for row in rows:
            kept = np.any([rows_of[name] & bool(there) for name, there in zip(names, row, strict=True)], axis=0)
            scores.append(scorer.score(scorer.read(BOUGHT.select(kept)), item)[0])
        return np.array(scores)

    values = shap.explainers.Exact(game, np.zeros((1, 3)))(np.ones((1, 3)), silent=True).values[0]
    expected = [phi("salsa-0")[f"group:{name}"] for name in names]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)
