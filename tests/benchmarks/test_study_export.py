"""The exported study: blinded, shuffled and complete."""

from __future__ import annotations

import csv
import json

from answers import score_study
from export import export_study

from llm_explain.evaluation.controls import CONTROLS


def test_export_and_score(shop_artifacts, tmp_path):
    export_study(shop_artifacts, tmp_path, n_cases=3, seed=0, locale="en", language_model=None)
    with (tmp_path / "form.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    key = json.loads((tmp_path / "key.json").read_text())["sentences"]
    assert {row["sentence_id"] for row in rows} == set(key)
    assert {row["case"] for row in rows} == {"1", "2", "3"}
    assert {system for row in key.values() for system in row["systems"]} <= {"ours", *CONTROLS}
    form = (tmp_path / "form.html").read_text() + (tmp_path / "form.csv").read_text()
    assert not any(system in form for system in ("inverted sign", "wrong user", "shuffled"))
    for row in rows:
        row["rating"] = "5" if "ours" in key[row["sentence_id"]]["systems"] else "2"
    answers = tmp_path / "answers.csv"
    with answers.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    found = score_study([answers, answers], tmp_path / "key.json")
    assert found["people"] == 2
    assert found["alpha"] == 1.0
    assert found["systems"]["ours"]["rating"]["mean"] == 5.0
    assert found["systems"]["constant"]["ours_preferred"]["mean"] == 1.0
