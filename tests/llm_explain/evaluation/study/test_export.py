"""The study as it leaves the house: blinded, shuffled, and nothing lost."""

from __future__ import annotations

import csv
import json

from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.evaluation.controls import CONTROLS


def test_export_and_score(shop_artifacts, tmp_path):
    arguments = ["evaluate", "study", "export", "--out", str(tmp_path), "--cases", "3", "--no-language-model"]
    CliRunner().invoke(app, [*arguments, "--artifacts", str(shop_artifacts)], catch_exceptions=False)
    with (tmp_path / "form.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    key = json.loads((tmp_path / "key.json").read_text())["sentences"]
    assert {row["sentence_id"] for row in rows} == set(key)
    assert {row["case"] for row in rows} == {"1", "2", "3"}
    assert {system for row in key.values() for system in row["systems"]} <= {"ours", *CONTROLS}
    form = (tmp_path / "form.html").read_text() + (tmp_path / "form.csv").read_text()
    assert not any(system in form for system in ("ours", "inverted sign", "wrong user"))
    for row in rows:
        row["rating"] = "5" if "ours" in key[row["sentence_id"]]["systems"] else "2"
    answers = tmp_path / "answers.csv"
    with answers.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    score = ["evaluate", "study", "score", str(answers), str(answers), "--key", str(tmp_path / "key.json")]
    found = json.loads(CliRunner().invoke(app, [*score, "--json"], catch_exceptions=False).stdout)
    assert found["people"] == 2
    assert found["alpha"] == 1.0
    assert found["systems"]["ours"]["rating"]["mean"] == 5.0
    assert found["systems"]["constant"]["ours_preferred"]["mean"] == 1.0
    assert "Krippendorff" in CliRunner().invoke(app, score, catch_exceptions=False).stdout
