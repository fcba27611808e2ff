"""Attributions of trained scorers against whole rescoring: on the small shop, and on the real one (slow)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.counterfactual import contrast, what_if
from llm_explain.attribution.exact import attribute, attribute_catalogue
from llm_explain.attribution.partition import Partition, partition
from scoring.data.history import EventLog, History
from scoring.data.tables import ITEM_ID, TIMESTAMP, USER_ID, Tables
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import load_scorer

ATOL = 1e-9
"""The promise is 1e-4; the method is exact, so only rounding is allowed here."""

REAL_ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "completejourney"


@dataclass(frozen=True)
class Trained:
    """A trained scorer, its raw events, and households to look at."""

    scorer: GlassBoxScorer
    events: pd.DataFrame
    n_households: int
    max_groups: int

    @cached_property
    def as_of(self) -> pd.Timestamp:
        return self.scorer.snapshot.as_of

    @cached_property
    def log(self) -> EventLog:
        return EventLog(self.events, self.scorer.catalogue)

    @cached_property
    def households(self) -> list[str]:
        """Users with a ``rest``, drawn by chance with a fixed seed."""
        drawn = np.random.default_rng(7).permutation(self.log.user_ids)
        has_rest = (user for user in drawn if "rest" in self.groups(self.log.history(user, self.as_of)).players)
        return [str(user) for _, user in zip(range(self.n_households), has_rest, strict=False)]

    def groups(self, history: History) -> Partition:
        return partition(history, self.scorer.catalogue, max_groups=self.max_groups)


@pytest.fixture(scope="module", params=["shop", "mixed", pytest.param("real", marks=pytest.mark.slow)])
def trained(request: pytest.FixtureRequest) -> Trained:
    if request.param != "real":
        folder: Path = request.getfixturevalue(f"{request.param}_artifacts")
        return Trained(load_scorer(folder), Tables.read(folder / "tables").events, 6, 5)
    return Trained(load_scorer(REAL_ARTIFACTS), Tables.read(REAL_ARTIFACTS / "tables").events, 10, 10)


def rescored(trained: Trained, history: History, item_index: np.ndarray, groups: Partition) -> object:
    """The game over all players, played on shortened histories that are read from scratch."""
    scorer, known = trained.scorer, {}
    context = scorer.context_parts(history.as_of, item_index) - scorer.context_mean  # (n_items, n_terms)

    def shortened(absent: np.ndarray) -> History:
        removed = [c for gone, members in zip(absent, groups.categories, strict=True) if gone for c in members]
        return history.without(removed, scorer.catalogue)

    def game(rows: np.ndarray) -> np.ndarray:
        present = rows.astype(bool)
        absent = ~present[:, : len(groups)]
        unknown = {row.tobytes(): row for row in absent if row.tobytes() not in known}
        states = scorer.read_all([shortened(row) for row in unknown.values()])
        known.update(zip(unknown, scorer.score_all(states, item_index), strict=True))
        history_scores = np.stack([known[row.tobytes()] for row in absent])
        return history_scores - ~present[:, len(groups) :] @ context.T

    return game


def test_agrees_with_the_exact_explainer_of_shap(trained: Trained) -> None:
    shap = pytest.importorskip("shap")
    for user in trained.households[:3]:
        history = trained.log.history(user, trained.as_of)
        state = trained.scorer.read(history)
        items = trained.scorer.rank(state, 4)[0]
        groups = trained.groups(history)
        phi = attribute_catalogue(trained.scorer, state, items, max_groups=trained.max_groups)
        n_players = len(phi.players)
        explainer = shap.explainers.Exact(rescored(trained, history, items, groups), np.zeros((1, n_players)))
        explanation = explainer(np.ones((1, n_players)), silent=True)
        exact = explanation.values[0].T  # noqa: PD011  (n_items, n_players)
        np.testing.assert_allclose(phi.values, exact, rtol=0, atol=ATOL)
        np.testing.assert_allclose(phi.base_value, explanation.base_values[0], rtol=0, atol=ATOL)


def test_every_record_adds_up_to_a_fresh_score(trained: Trained) -> None:
    for user in trained.households:
        state = trained.scorer.read(trained.log.history(user, trained.as_of))
        items, score = trained.scorer.rank(state, 10)
        for each, expected in zip(attribute(trained.scorer, state, items), score, strict=True):
            total = each.base_value + sum(record["phi"] for record in each.to_records())
            assert total == pytest.approx(expected, rel=0, abs=ATOL)


def removals(trained: Trained) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return a player of each household, and the categories behind it.

    In turn, a category of its own, the whole rest, and one category of the rest.
    """
    generator = np.random.default_rng(11)
    found = {}
    for place, user in enumerate(trained.households):
        groups = trained.groups(trained.log.history(user, trained.as_of))
        if place % 3 == 0:
            group = int(generator.integers(len(groups) - 1))
            found[user] = groups.players[group], groups.categories[group]
        elif place % 3 == 1:
            found[user] = "rest", groups.categories[-1]
        else:
            category = int(generator.choice(groups.categories[-1]))
            found[user] = f"group:{trained.scorer.catalogue.category_names[category]}", (category,)
    return found


def test_deleting_rows_of_the_raw_events_gives_what_the_what_if_said(trained: Trained) -> None:
    scorer, catalogue = trained.scorer, trained.scorer.catalogue
    removed = removals(trained)
    category_of = pd.Series(catalogue.category_index, index=catalogue.item_ids)
    row_category = trained.events[ITEM_ID].map(category_of).to_numpy()
    gone = np.zeros(len(trained.events), dtype=bool)
    for user, (_, categories) in removed.items():
        gone |= (trained.events[USER_ID] == user).to_numpy() & np.isin(row_category, categories)
    shortened = EventLog(trained.events[~gone], catalogue)

    assert len(removed) == trained.n_households
    items = np.arange(len(catalogue))
    for user, (player, categories) in removed.items():
        history = trained.log.history(user, trained.as_of)
        state = scorer.read(history)
        said = what_if(scorer, state, without=[player], item_index=items, max_groups=trained.max_groups)
        afresh_state = scorer.read(shortened.history(user, trained.as_of))
        afresh = scorer.score(afresh_state)

        is_inside = np.isin(catalogue.category_index, categories)
        is_in_rest = np.isin(catalogue.category_index, trained.groups(history).categories[-1])
        for where in (is_inside, ~is_inside, is_in_rest):
            assert where.any()
            np.testing.assert_allclose(said.score_without[where], afresh[where], rtol=0, atol=ATOL)
        assert np.abs(said.score - said.score_without).max() > 1e-3, "the group matters to some item"
        best, _ = scorer.rank(afresh_state, 10)
        assert said.rank_without[best].tolist() == list(range(1, 11))


def test_contrast_adds_up_for_items_of_the_rest(trained: Trained) -> None:
    for user in trained.households[:5]:
        history = trained.log.history(user, trained.as_of)
        rest = trained.groups(history).categories[-1]
        first, *_, last = np.flatnonzero(np.isin(trained.scorer.catalogue.category_index, rest))
        state = trained.scorer.read(history)
        found = contrast(trained.scorer, state, int(first), int(last), max_groups=trained.max_groups)
        expected = np.subtract(*trained.scorer.score(state, np.array([first, last])))
        assert found.base_difference + found.difference.sum() == pytest.approx(expected, rel=0, abs=ATOL)


def test_events_after_the_moment_do_not_count(trained: Trained) -> None:
    user = trained.households[0]
    assert (trained.events[TIMESTAMP] >= trained.as_of).any()
    past = EventLog(trained.events[trained.events[TIMESTAMP] < trained.as_of], trained.scorer.catalogue)
    with_future = trained.scorer.read(trained.log.history(user, trained.as_of))
    without = trained.scorer.read(past.history(user, trained.as_of))
    first, second = (attribute_catalogue(trained.scorer, state) for state in (with_future, without))
    np.testing.assert_array_equal(first.values, second.values)
