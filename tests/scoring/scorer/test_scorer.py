"""What every part of a glass-box score promises, on the small shop."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from shop import CUTOFF, mixed_shop

from scoring.data.history import EventLog, History
from scoring.data.log import Log
from scoring.data.shop import Shop
from scoring.errors import ArtifactError, ShapeError
from scoring.features.link_tables import Transitions
from scoring.model.links import Decay, Links, LinkTable
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import load_scorer
from scoring.training.config import TrainConfig
from scoring.training.training import train

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.data.tables import Tables

ITEMS = np.arange(40)


@pytest.fixture(scope="module")
def history(shop_scorer: GlassBoxScorer, shop_tables: Tables) -> History:
    return EventLog(shop_tables.events, shop_scorer.catalogue).history("u03", CUTOFF)


def test_a_score_is_the_sum_of_its_parts(shop_scorer: GlassBoxScorer, history: History) -> None:
    state = shop_scorer.read(history)
    tower = shop_scorer.item_embedding[:] @ state.user_embedding_all
    parts = shop_scorer.own_parts(state, ITEMS).sum(axis=1) + shop_scorer.context_parts(CUTOFF, ITEMS).sum(axis=1)
    links = shop_scorer.linked(state, ITEMS).sum(axis=1)
    assert shop_scorer.score(state) == pytest.approx(tower + parts + links, abs=1e-12)


@pytest.fixture(scope="module")
def linked_scorer(shop_scorer: GlassBoxScorer, shop_tables: Tables) -> GlassBoxScorer:
    """The scorer with a table of transitions, whatever validation chose."""
    scorer = copy(shop_scorer)
    log = Log.from_events(shop_tables.events, scorer.catalogue, shop=scorer.shop)
    table = Transitions().fit(log, scorer.candidates, len(scorer.catalogue))
    scorer.item_links = Links(len(scorer.catalogue), (LinkTable("transitions", table, Decay(30.0, 2.0), weight=0.7),))
    return scorer


def test_deleting_the_rows_of_one_item_removes_its_links(linked_scorer: GlassBoxScorer, history: History) -> None:
    state = linked_scorer.read(history)
    linked = linked_scorer.linked(state, ITEMS)
    assert linked.any()
    for place, item in enumerate(state.past):
        deleted = linked_scorer.read(history.select(history.item_index != item))
        left = linked_scorer.linked(deleted, ITEMS).sum(axis=1)
        assert left == pytest.approx(linked.sum(axis=1) - linked[:, place], abs=1e-12)


def test_deleting_a_category_removes_its_link_part(linked_scorer: GlassBoxScorer, history: History) -> None:
    state = linked_scorer.read(history)
    n_categories = len(linked_scorer.catalogue.category_names)
    parts = linked_scorer.link_parts(state, ITEMS, np.arange(n_categories), n_categories)
    assert parts.sum(axis=1) == pytest.approx(linked_scorer.linked(state, ITEMS).sum(axis=1), abs=1e-12)
    for category in state.categories:
        deleted = linked_scorer.read(history.without([int(category)], linked_scorer.catalogue))
        left = linked_scorer.linked(deleted, ITEMS).sum(axis=1)
        assert left == pytest.approx(parts.sum(axis=1) - parts[:, category], abs=1e-12)


@pytest.mark.parametrize("category", range(8))
def test_removing_a_token_is_deleting_its_rows(shop_scorer: GlassBoxScorer, history: History, category: int) -> None:
    state = shop_scorer.read(history)
    deleted = shop_scorer.read(history.without([category], shop_scorer.catalogue))
    present = (state.categories != category)[None]
    assert state.user_embedding(present)[0] == pytest.approx(deleted.user_embedding_all, abs=1e-12)
    elsewhere = ITEMS[shop_scorer.catalogue.category_index != category]
    same = shop_scorer.own_parts(state, elsewhere)
    assert shop_scorer.own_parts(deleted, elsewhere) == pytest.approx(same, abs=1e-12)
    inside = ITEMS[shop_scorer.catalogue.category_index == category]
    assert not shop_scorer.own_parts(deleted, inside).any()


def test_group_sums_give_the_same_coalitions_as_tokens(shop_scorer: GlassBoxScorer, history: History) -> None:
    state = shop_scorer.read(history)
    groups = np.arange(len(state.categories)) % 3
    sums = state.group_sums(groups, 3)
    by_group = state.embed(np.array([[1.0, 0.0, 1.0]]) @ sums)
    assert by_group == pytest.approx(state.user_embedding((groups != 1)[None]), abs=1e-12)


def test_a_new_user_is_scored_from_context_and_a_constant(shop_scorer: GlassBoxScorer, history: History) -> None:
    state = shop_scorer.read(history.select(np.zeros(len(history), dtype=bool)))
    assert len(state.categories) == 0
    assert not shop_scorer.own_parts(state, ITEMS).any()
    assert np.isfinite(shop_scorer.score(state)).all()


def test_histories_are_read_together_as_they_are_alone(shop_scorer: GlassBoxScorer, shop_tables: Tables) -> None:
    log, earlier = EventLog(shop_tables.events, shop_scorer.catalogue), CUTOFF - pd.Timedelta(days=40)
    histories = [
        log.history("u03", CUTOFF),
        log.history("nobody", CUTOFF),
        *(log.history("u05", at) for at in (earlier, CUTOFF)),
    ]
    together = shop_scorer.read_all(histories)
    assert [state.history for state in together] == histories
    for state, history in zip(together, histories, strict=True):
        alone = shop_scorer.read(history)
        assert state.categories.tolist() == alone.categories.tolist()
        assert state.bought.tolist() == alone.bought.tolist()
        assert shop_scorer.score(state) == pytest.approx(shop_scorer.score(alone), abs=1e-12)
    assert shop_scorer.read_all([]) == []


def test_rank_returns_the_best_candidates_in_order(shop_scorer: GlassBoxScorer, history: History) -> None:
    state = shop_scorer.read(history)
    items, scores = shop_scorer.rank(state, 5, exclude=[int(ITEMS[0])])
    assert (np.diff(scores) <= 0).all()
    assert 0 not in items
    rest = np.setdiff1d(shop_scorer.candidates, [*items, 0])
    assert shop_scorer.score(state, rest).max() <= scores[-1]


def test_probability_rises_with_the_score(shop_scorer: GlassBoxScorer) -> None:
    probability = shop_scorer.probability(np.linspace(-20, 20, 200))
    assert (np.diff(probability) >= 0).all()
    assert 0 <= probability[0] <= probability[-1] <= 1


def test_wrong_shapes_are_refused(shop_scorer: GlassBoxScorer, history: History) -> None:
    state = shop_scorer.read(history)
    with pytest.raises(ShapeError, match="one column for every entry of `categories`"):
        state.user_embedding(np.ones((1, len(state.categories) + 1), dtype=bool))
    with pytest.raises(ShapeError, match="one group for each of"):
        state.group_sums(np.zeros(1 + len(state.categories), dtype=np.int64), 1)


def test_a_changed_file_is_refused(shop_artifacts: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "artifacts"
    shutil.copytree(shop_artifacts, copy)
    with (copy / "shop.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ArtifactError, match="the file changed after training"):
        load_scorer(copy)
    with pytest.raises(ArtifactError, match="trained artifacts are needed"):
        load_scorer(tmp_path)


def test_signals_speak_for_an_item_in_a_part_of_their_own(mixed_artifacts: Path) -> None:
    scorer = load_scorer(mixed_artifacts)
    assert scorer.buckets.signals == ("view", "cart")
    assert scorer.own_features[-1] == "signals"
    moments = [CUTOFF - pd.Timedelta(days=day) for day in (3, 2, 2)]
    events = pd.DataFrame({"item_id": ["00", "10", "10"], "timestamp": moments, "kind": ["view", "view", "purchase"]})

    def parts(kinds: list[str]) -> np.ndarray:
        rows = events[events["kind"].isin(kinds)]
        state = scorer.read(History.from_events(rows, scorer.catalogue, as_of=CUTOFF, shop=scorer.shop))
        return scorer.own_parts(state, scorer.catalogue.index_of(["00", "10", "30"]))

    both, seen = parts(["view", "purchase"]), parts(["view"])
    assert (both[:2, -1] != 0).all()
    assert (both[2] == 0).all()  # of a category without events
    np.testing.assert_array_equal(seen[:, -1], both[:, -1])
    assert (seen[:, :-1] == 0).all()  # what was only looked at is no habit
    assert (both[1, :-1] != 0).any()


def test_views_can_be_what_is_predicted(tmp_path: Path) -> None:
    views = replace(mixed_shop(), shop=Shop(target_kinds=("view",)))
    config = TrainConfig(
        d=8, n_heads=2, n_queries=2, curve_steps=5, tower_steps=5, batch_size=16, titles="none", n_windows=3
    )
    scorer = train(views, config, tmp_path, cutoff=CUTOFF).scorer
    is_view = (views.events["kind"] == "view") & (views.events["timestamp"] < CUTOFF)
    counts = views.events.loc[is_view, "item_id"].value_counts()
    assert scorer.snapshot.n_events.tolist() == counts.reindex(scorer.catalogue.item_ids).tolist()
    assert scorer.buckets.signals == ("purchase", "cart", "return")
    assert load_scorer(tmp_path).shop.target_kinds == ("view",)


def test_artifacts_of_an_older_layout_are_refused(shop_artifacts: Path, tmp_path: Path) -> None:
    manifest = json.loads((shop_artifacts / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"version": manifest["version"] - 1}))
    with pytest.raises(ArtifactError, match=r"version is \d but \d is needed. Run `llm-explain train --data DATA"):
        load_scorer(tmp_path)
