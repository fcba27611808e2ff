"""The scorer next to the baselines, on logs whose right answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from shop import CUTOFF, SMALL, small_shop

from scoring.data.history import EventLog
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.errors import SettingError
from scoring.evaluation.split import Split
from scoring.scorer.storage import load_scorer
from scoring.training.comparison import METRICS, Task, compare, last_task, measured, per_user, with_targets
from scoring.training.training import train

if TYPE_CHECKING:
    from pathlib import Path


def silent(stage: str, done: int, total: int, /) -> None: ...


def chains(n_users: int = 40, n_items: int = 20) -> Tables:
    """Each user walks four steps along one circle of items, so that the last step is known."""
    rows = [
        (f"u{u:02d}", f"i{(u + step) % n_items:02d}", pd.Timestamp("2020-01-01") + pd.Timedelta(days=step))
        for u in range(n_users)
        for step in range(4)
    ]
    ids = [f"i{item:02d}" for item in range(n_items)]
    items = pd.DataFrame({"item_id": ids, "title": ids, "category": "all"})
    return Tables(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), items)


def test_transitions_rank_the_next_step_of_a_circle_first(tmp_path: Path) -> None:
    report = train(chains(), SMALL, tmp_path, cutoff=pd.Timestamp("2020-02-01"), protocol="last")
    found = measured(report, chains(), SMALL, progress=silent)  # on each user's last event, without it in training
    assert found["n_users"] == 40
    assert found["test"] == found["ours"]
    assert json.loads((tmp_path / "metrics.json").read_text()) == found
    assert found["ours"] == dict.fromkeys(METRICS, pytest.approx(1.0))
    assert found["ours_minus_best"]["ndcg@10"][0] > 0.2, "no baseline knows the direction of time"
    value, low, high = found["ours_minus_best"]["ndcg@10"]
    assert low <= value <= high


def test_a_time_split_measures_all_metrics_of_all_methods() -> None:
    found = compare(small_shop(), SMALL, protocol="time", cutoff=CUTOFF, progress=silent)
    assert set(found) == {"ours", "baselines", "n_users", "ours_minus_best"}
    assert set(found["ours"]) == set(found["ours_minus_best"]) == set(METRICS)
    assert found["ours"]["recall@10"] > found["baselines"]["popularity"]["recall@10"]


def test_the_last_row_of_each_user_is_the_test() -> None:
    task = last_task(chains(n_users=3))
    assert len(task.tables.events) == 9
    assert task.split.relevant.sum() == 3
    assert task.only_new


def test_equal_scores_find_nothing() -> None:
    tables = chains()
    task = last_task(tables)

    def constant(user_ids: tuple[str, ...], /) -> np.ndarray:
        return np.zeros((len(user_ids), len(task.split.candidates)))

    assert isinstance(task, Task)
    assert isinstance(task.split, Split)
    # 17 items are new to each user, so the last of them stands behind ten others.
    assert not per_user(constant, task)["recall@10"].any()


def test_a_log_without_the_target_kind_predicts_its_commonest_kind() -> None:
    tables = chains()
    tables.events["kind"] = "view"
    assert with_targets(tables).shop.target_kinds == ("view",)
    tables.events["kind"] = "purchase"
    assert with_targets(tables).shop == Shop()


def test_users_with_one_event_cannot_be_tested() -> None:
    tables = chains()
    first = tables.events.drop_duplicates("user_id")
    with pytest.raises(SettingError, match="no user has two events"):
        last_task(Tables(first, tables.items))


def test_the_course_of_training_is_written(tmp_path: Path) -> None:
    report = train(small_shop(), SMALL, tmp_path, cutoff=CUTOFF)
    history = json.loads((tmp_path / "history.json").read_text())
    assert [look["step"] for look in history["reports"]] == [look.step for look in report.reports]
    assert sum(look["chosen"] for look in history["reports"]) == 1
    assert set(history["metrics"]) == {"recall@10", "ndcg@10", "recall@10_new", "ndcg@10_new"}
    assert "trained" in history["parts"]
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    best = max(np.mean(list(metrics.values())) for metrics in history["parts"].values())
    assert np.mean(list(history["metrics"].values())) >= 0.95 * best


def test_a_few_sold_variant_is_ranked_and_changes_no_other_score(tmp_path: Path) -> None:
    tables = small_shop()
    items = pd.concat([tables.items, tables.items.iloc[[0]].assign(item_id="00-XL", title="apples A, XL")])
    items = items.reset_index(drop=True)
    alone = train(replace(tables, items=items), SMALL, tmp_path / "alone", cutoff=CUTOFF).scorer
    parents = np.where(items["item_id"].isin(["00", "00-XL"]), "apples A", None)
    scorer = train(
        replace(tables, items=items.assign(parent_id=parents)), SMALL, tmp_path / "own", cutoff=CUTOFF
    ).scorer
    place = scorer.catalogue.index_of(["00-XL"])[0]
    assert np.setdiff1d(scorer.candidates, alone.candidates).tolist() == [place]
    assert np.array_equal(load_scorer(tmp_path / "own").candidates, scorer.candidates)
    log = EventLog(tables.events, scorer.catalogue, tables.shop)
    history = log.history("u00", CUTOFF)
    np.testing.assert_array_equal(
        scorer.score(scorer.read(history), alone.candidates), alone.score(alone.read(history), alone.candidates)
    )
