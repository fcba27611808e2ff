"""Baselines side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from scoring.baselines import ItemNeighbours, PersonalFrequency, Popularity, cheap_baselines, measure_baselines
from scoring.data.catalogue import Catalogue
from scoring.data.tables import Tables
from scoring.evaluation.protocol import evaluate
from scoring.evaluation.split import Split
from tests.scoring.baselines.boards import checkerboard

DATA = Path(__file__).parents[3] / "data" / "completejourney"
CUTOFF = pd.Timestamp("2017-12-01")

FIGURES = {  # recall@10, NDCG@10, recall@10 of what is new
    "popularity": (0.129, 0.164, 0.037),
    "popularity, last 30 days": (0.151, 0.180, 0.045),
    "ALS, 128 factors": (0.212, 0.219, 0.044),
    "item-kNN, BM25": (0.248, 0.270, 0.045),
    "EASE on log counts": (0.363, 0.391, 0.053),
    "personal frequency": (0.377, 0.411, None),
    "personal frequency, 120-day decay": (0.396, 0.429, None),
}


def test_results_are_those_of_the_protocol_with_their_seconds() -> None:
    board, seen = checkerboard(), list[str]()
    results = measure_baselines([Popularity(), PersonalFrequency()], board, k=3, advance=seen.append)
    assert list(results) == seen == ["popularity", "personal frequency"]
    seconds = results["popularity"].pop("seconds")
    assert isinstance(seconds, float)
    assert results["popularity"] == evaluate(Popularity().fit(board.train), board, k=3)
    json.dumps(results, allow_nan=False)


def test_a_baseline_without_its_library_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "implicit", None)
    results = measure_baselines([ItemNeighbours(), Popularity()], checkerboard(), k=3)
    assert "pip install 'llm-explain-recommendations[baselines]'" in str(results["item-kNN, BM25"]["skipped"])
    assert "recall@3" in results["popularity"]


@pytest.mark.slow
def test_a_year_of_grocery_purchases_gives_the_published_figures() -> None:
    tables = Tables.read(DATA)
    split = Split.at(tables.events, Catalogue(tables.items), cutoff=CUTOFF)
    assert (len(split.candidates), len(split.train.user_ids), len(split.user_ids)) == (18_770, 2_457, 2_019)
    results = measure_baselines(cheap_baselines(), split)
    assert results["popularity"]["n_users_new"] == 1_975
    for name, (recall, ndcg, recall_new) in FIGURES.items():
        assert results[name]["recall@10"] == pytest.approx(recall, abs=0.001), name
        assert results[name]["ndcg@10"] == pytest.approx(ndcg, abs=0.001), name
        if recall_new is not None:
            assert results[name]["recall@10_new"] == pytest.approx(recall_new, abs=0.001), name
