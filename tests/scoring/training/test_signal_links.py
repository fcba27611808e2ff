"""Signal events, such as views, rank items by themselves and through links, and deletion stays exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from shop import SMALL

from scoring.data.history import EventLog
from scoring.data.tables import ITEM_ID, KIND, TIMESTAMP, USER_ID, Tables
from scoring.model.model import PARTS
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import load_scorer
from scoring.training.comparison import compare, last_task
from scoring.training.training import train
from scoring.training.weight_search import WeightSearch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N_USERS, N_ITEMS = 60, 30
CUTOFF, DAY = pd.Timestamp("2024-04-01"), pd.Timedelta(days=1)


def shop() -> Tables:
    """Users look at four items of a circle, from any place, and buy the next one."""
    rows, rng = [], np.random.default_rng(3)
    for user in range(N_USERS):
        start = pd.Timestamp("2024-03-01") + pd.Timedelta(hours=11 * user)
        for visit in range(3):
            first = int(rng.integers(N_ITEMS))
            moment = start + pd.Timedelta(days=visit)
            seen = [(f"u{user:02d}", f"i{(first + step) % N_ITEMS:02d}", "view") for step in range(4)]
            bought = (f"u{user:02d}", f"i{(first + 4) % N_ITEMS:02d}", "purchase")
            rows += [(*row, moment + pd.Timedelta(minutes=40 * n)) for n, row in enumerate([*seen, bought])]
    ids = [f"i{item:02d}" for item in range(N_ITEMS)]
    items = pd.DataFrame({ITEM_ID: ids, "title": ids, "category": ["even", "odd"] * (N_ITEMS // 2)})
    return Tables(pd.DataFrame(rows, columns=[USER_ID, ITEM_ID, KIND, TIMESTAMP]), items)


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> GlassBoxScorer:
    folder = tmp_path_factory.mktemp("signals")
    train(shop(), SMALL, folder, cutoff=CUTOFF, protocol="last")
    return load_scorer(folder)


def silent(stage: str, done: int, total: int, /) -> None: ...


def test_links_from_views_rank_what_is_bought_next() -> None:
    found = compare(shop(), SMALL, protocol="last", cutoff=None, progress=silent)
    assert found["ours"]["ndcg@10"] > found["baselines"]["EASE on log counts"]["ndcg@10"] + 0.2


def test_the_past_items_of_links_are_those_looked_at_too(scorer: GlassBoxScorer) -> None:
    assert any(table.has_signals for table in scorer.item_links.tables)
    history = EventLog(shop().events, scorer.catalogue, scorer.shop).history("u05", CUTOFF)
    state = scorer.read(history)
    assert len(state.bought) == 3
    assert len(state.past) > 6
    assert (scorer.linked(state, np.arange(N_ITEMS)) > 0).any(axis=0).sum() > 4


@pytest.mark.parametrize(
    "is_gone",
    [lambda rows: rows[ITEM_ID] == rows[ITEM_ID][5 * 15 + 13], lambda rows: rows[ITEM_ID].str[1:].astype(int) % 2 == 0],
    ids=["the item looked at last", "a group"],
)
def test_deleting_views_gives_the_reported_score(
    scorer: GlassBoxScorer, is_gone: Callable[[pd.DataFrame], pd.Series]
) -> None:
    rows = shop().events
    gone = is_gone(rows) & (rows[USER_ID] == "u05")
    state, shorter = (
        scorer.read(EventLog(part, scorer.catalogue, scorer.shop).history("u05", CUTOFF))
        for part in (rows, rows[~gone])
    )
    items = np.arange(N_ITEMS)
    removed = scorer.catalogue.index_of(rows[ITEM_ID][gone].unique().tolist())
    # own history speaks in the category of what is deleted
    other = np.setdiff1d(
        items, np.flatnonzero(np.isin(scorer.catalogue.category_index, scorer.catalogue.category_index[removed]))
    )
    reported = scorer.score(state) - scorer.linked(state, items)[:, np.isin(state.past, removed)].sum(axis=1)
    afresh = scorer.score(shorter)
    np.testing.assert_allclose(afresh[other], reported[other], rtol=0, atol=1e-9)
    assert np.abs(afresh - scorer.score(state)).max() > 1e-6


def test_events_after_the_tested_one_are_not_known() -> None:
    tables = shop()
    late = pd.DataFrame({USER_ID: ["u00"], ITEM_ID: ["i09"], KIND: ["view"], TIMESTAMP: [CUTOFF]})
    first = last_task(tables)
    again = last_task(Tables(pd.concat([tables.events, late], ignore_index=True), tables.items))
    pd.testing.assert_frame_equal(first.tables.events, again.tables.events)


def test_items_without_any_evidence_are_told_apart(scorer: GlassBoxScorer) -> None:
    state = scorer.read(EventLog(shop().events, scorer.catalogue, scorer.shop).history("nobody", CUTOFF))
    assert len(state.past) == 0
    history = EventLog(shop().events, scorer.catalogue, scorer.shop).history("u05", CUTOFF)
    scores = scorer.score(scorer.read(history))
    unseen = np.setdiff1d(np.arange(N_ITEMS), history.item_index)
    assert len(np.unique(scores[unseen].round(12))) > 1


def test_a_guest_sees_what_views_tell_where_purchases_tell_customers_more(tmp_path: Path) -> None:
    """Each purchase tells the next one for certain, so views add nothing for customers: half of them are right."""
    rng, rows = np.random.default_rng(5), []
    for user in range(N_USERS):
        start, first = pd.Timestamp("2024-03-01") + pd.Timedelta(hours=11 * user), int(rng.integers(N_ITEMS))
        for step in range(4):
            moment, item = start + pd.Timedelta(days=step), (first + step) % N_ITEMS
            seen = item if rng.random() < 0.5 else int(rng.integers(N_ITEMS))
            rows.append((f"u{user:02d}", f"i{seen:02d}", "view", moment))
            rows.append((f"u{user:02d}", f"i{item:02d}", "purchase", moment + pd.Timedelta(hours=1)))
    tables = Tables(pd.DataFrame(rows, columns=[USER_ID, ITEM_ID, KIND, TIMESTAMP]), shop().items)
    trained = train(tables, SMALL, tmp_path, cutoff=CUTOFF, protocol="last")
    scorer = trained.scorer
    assert len(scorer.item_links.tables) > 0
    looked = pd.DataFrame([("guest", "i07", "view", CUTOFF)], columns=[USER_ID, ITEM_ID, KIND, TIMESTAMP])
    guest, nobody = (
        scorer.score(scorer.read(EventLog(looked, scorer.catalogue, scorer.shop).history(user, CUTOFF + DAY)))
        for user in ("guest", "nobody")
    )
    assert guest.argmax() == 7, "the item looked at"
    assert len(np.unique(nobody)) > 1, "a stranger sees what many buy"


def test_popularity_ranks_for_a_stranger_where_the_model_speaks_of_own_items_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WeightSearch, "best", lambda _, starts: np.eye(len(starts[0]))[PARTS.index("own")])
    train(shop(), SMALL, tmp_path, cutoff=CUTOFF, protocol="last")
    scorer = load_scorer(tmp_path)
    log = EventLog(shop().events, scorer.catalogue, scorer.shop)
    assert len(np.unique(scorer.score(scorer.read(log.history("nobody", CUTOFF))))) > 1
