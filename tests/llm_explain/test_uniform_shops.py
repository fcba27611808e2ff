"""Shops in which nothing tells users apart: scores stay of the usual size, and attributions add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.exact import attribute
from scoring.data.history import EventLog
from scoring.data.tables import Tables
from scoring.training.config import TrainConfig
from scoring.training.training import train

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = TrainConfig(
    d=8, n_heads=2, n_queries=2, curve_steps=20, tower_steps=10, batch_size=16, titles="none", n_windows=3
)


def shop(n_users: int, n_items: int, price: float) -> Tables:
    """Return a shop whose users buy every item every third day at one moment."""
    days = pd.date_range("2025-01-01", periods=40, freq="3D")
    rows = [(f"u{user}", f"i{item}", day) for user in range(n_users) for day in days for item in range(n_items)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]).assign(price=price)
    ids = [f"i{item}" for item in range(n_items)]
    items = pd.DataFrame(
        {"item_id": ids, "title": ids, "category": ["even", "odd"][:n_items] * (n_items // 2) or "one"}
    )
    return Tables(events, items)


@pytest.mark.parametrize(("n_users", "n_items", "price"), [(1, 6, 2.0), (8, 4, 2.0), (1, 1, 0.0)])
def test_scores_are_of_the_usual_size(n_users: int, n_items: int, price: float, tmp_path: Path) -> None:
    tables = shop(n_users, n_items, price)
    end = tables.events["timestamp"].max() + pd.Timedelta(seconds=1)
    scorer = train(tables, CONFIG, tmp_path, cutoff=end).scorer
    state = scorer.read(EventLog(tables.events, scorer.catalogue).history("u0", end))
    items, score = scorer.rank(state, 3)
    assert (np.abs(score) < 30).all()
    for found, expected in zip(attribute(scorer, state, items), score, strict=True):
        assert found.base_value + sum(record["phi"] for record in found.to_records()) == pytest.approx(
            expected, abs=1e-9
        )
