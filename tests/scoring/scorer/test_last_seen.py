"""A scorer of the next event counts ages from each user's latest event, and deletion is exact all the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from shop import SMALL

from llm_explain.attribution.counterfactual import what_if
from scoring.data.history import EventLog, History
from scoring.data.tables import ITEM_ID, TIMESTAMP, USER_ID, Tables
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import load_scorer
from scoring.training.training import Protocol, train

N_ITEMS, STEPS = 20, 6
START, CUTOFF = pd.Timestamp("2015-01-01"), pd.Timestamp("2016-06-01")
MUCH_LATER = pd.Timestamp("2026-01-01")


@dataclass(frozen=True)
class Trained:
    """A scorer, its event rows and one of its users."""

    scorer: GlassBoxScorer
    events: pd.DataFrame
    user: str = "u07"

    def history(self, as_of: pd.Timestamp, events: pd.DataFrame | None = None) -> History:
        rows = self.events if events is None else events
        return EventLog(rows, self.scorer.catalogue).history(self.user, as_of)

    def scores(self, as_of: pd.Timestamp, events: pd.DataFrame | None = None) -> np.ndarray:
        return self.scorer.score(self.scorer.read(self.history(as_of, events)))


def circle(protocol: Protocol, folder: object) -> Trained:
    """Each user walks along one circle of items in a sitting of minutes, the users on days of their own."""
    rows = [
        (f"u{u:02d}", f"i{(u + step) % N_ITEMS:02d}", START + pd.Timedelta(days=10 * u, minutes=40 * step))
        for u in range(40)
        for step in range(STEPS)
    ]
    ids = [f"i{item:02d}" for item in range(N_ITEMS)]
    items = pd.DataFrame({ITEM_ID: ids, "title": ids, "category": ["even", "odd"] * (N_ITEMS // 2)})
    tables = Tables(pd.DataFrame(rows, columns=[USER_ID, ITEM_ID, TIMESTAMP]), items)
    train(tables, SMALL, folder, cutoff=CUTOFF, protocol=protocol)
    return Trained(load_scorer(folder), tables.events)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return circle("last", tmp_path_factory.mktemp("last"))


def test_scores_are_the_same_right_after_the_latest_event_and_years_later(trained: Trained) -> None:
    history = trained.history(MUCH_LATER)
    assert trained.scorer.moment(history) == history.last_seen == trained.events[TIMESTAMP][47]  # row 5 of user 7
    state = trained.scorer.read(history)
    links = trained.scorer.linked(state, np.arange(N_ITEMS)).sum(axis=1)
    assert links[13] == links.max(), "the next item of the circle"
    assert links[13] > 0.5, "as large as in training"
    soon = trained.scorer.read(trained.history(history.last_seen + pd.Timedelta(seconds=1)))
    np.testing.assert_array_equal(trained.scorer.linked(soon, np.arange(N_ITEMS)).sum(axis=1), links)


@pytest.mark.parametrize("gone", [[12], [7, 9, 12]], ids=["latest item", "three items"])
def test_deleting_the_rows_of_items_gives_the_reported_score(trained: Trained, gone: list[int]) -> None:
    state = trained.scorer.read(trained.history(MUCH_LATER))
    by_item = trained.scorer.linked(state, np.arange(N_ITEMS))
    reported = trained.scorer.score(state) - by_item[:, np.isin(state.past, gone)].sum(axis=1)
    is_gone = trained.events[ITEM_ID].isin([f"i{item:02d}" for item in gone]) & (trained.events[USER_ID] == "u07")
    assert is_gone.sum() == len(gone)
    np.testing.assert_allclose(trained.scores(MUCH_LATER, trained.events[~is_gone]), reported, rtol=0, atol=1e-9)
    assert np.abs(reported - trained.scores(MUCH_LATER)).max() > 0.01


@pytest.mark.parametrize("category", ["even", "odd"])
def test_deleting_the_rows_of_a_group_gives_what_the_what_if_said(trained: Trained, category: str) -> None:
    state = trained.scorer.read(trained.history(MUCH_LATER))
    said = what_if(trained.scorer, state, without=[f"group:{category}"], item_index=np.arange(N_ITEMS))
    number = trained.events[ITEM_ID].str[1:].astype(int)
    is_gone = (trained.events[USER_ID] == "u07") & (number % 2 == (category == "odd"))
    afresh = trained.scores(MUCH_LATER, trained.events[~is_gone])
    np.testing.assert_allclose(said.score_without, afresh, rtol=0, atol=1e-9)


def test_a_history_of_a_request_keeps_its_moment_when_it_is_shortened(trained: Trained) -> None:
    rows = trained.events[trained.events[USER_ID] == "u07"]
    history = History.from_events(rows, trained.scorer.catalogue, as_of=MUCH_LATER)
    shorter = history.select(slice(0, 3))
    assert trained.scorer.moment(shorter) == history.last_seen == rows[TIMESTAMP].max()
    older, newer = history.select(slice(0, 2)), history.select(slice(2, 6))
    assert older.joined(newer).last_seen == history.last_seen


def test_events_after_training_and_questions_about_the_past(trained: Trained) -> None:
    later = pd.DataFrame({USER_ID: ["u07"], ITEM_ID: ["i13"], TIMESTAMP: [pd.Timestamp("2020-05-05")]})
    known = trained.history(MUCH_LATER, pd.concat([trained.events, later], ignore_index=True))
    assert trained.scorer.moment(known) == pd.Timestamp("2020-05-05")
    past = trained.events[TIMESTAMP][44]  # the third event of the user
    assert trained.scorer.moment(trained.history(past)) == past
    assert trained.scorer.moment(trained.history(START)) == START, "no event yet"


def test_a_scorer_of_the_next_weeks_counts_from_the_moment_of_the_question(tmp_path: object) -> None:
    trained = circle("time", tmp_path)
    assert trained.scorer.last_seen is None
    assert trained.scorer.moment(trained.history(MUCH_LATER)) == MUCH_LATER
