"""The whole report on the small shop, and the command that writes it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.errors import SettingError
from llm_explain.evaluation.artifacts import QUICK
from llm_explain.evaluation.report import Evaluation, evaluation
from llm_explain.evaluation.report.tables import number
from llm_explain.evaluation.report.write import plain

SECTIONS = {"ranking", "exactness", "audit"}
TINY = replace(QUICK, records=40, deletions=5)


@pytest.fixture(scope="module")
def report(shop_artifacts):
    """Return the report of the small shop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "QUICK", TINY)
        return Evaluation.of(shop_artifacts, quick=True).report


def test_every_section_is_there(report):
    assert set(report) >= SECTIONS
    assert {"records", "facts", "false"} <= set(report["audit"])
    assert report["audit"]["records"] == 80  # items of rankings and cards of lists
    assert report["audit"]["false"] == 0, report["audit"]["faults"]
    assert report["audit"]["reasons_only_read"] == 0
    assert report["exactness"]["additivity"]["max_residual"] < 1e-6
    assert report["exactness"]["deletion"]["deletions"] > 0
    assert report["exactness"]["deletion"]["max_error"] < 1e-6


def test_a_notebook_reads_tables_by_section(report):
    found = Evaluation(report)
    assert found.summary
    tables = found.tables("audit")
    assert all(len(frame) for frame in tables.values())
    assert any(frame.attrs["note"] for frame in tables.values())
    with pytest.raises(SettingError, match="'texts' is no section of the report"):
        found.tables("texts")


def test_the_files(report, tmp_path):
    Evaluation(report).write(tmp_path)
    read = json.loads((tmp_path / "report.json").read_text())
    assert set(read) >= SECTIONS
    markdown = (tmp_path / "report.md").read_text()
    assert markdown.startswith("# Evaluation")
    page = (tmp_path / "report.html").read_text()
    assert "http" not in page


def test_numbers():
    assert number(None) == number(float("nan")) == "–"
    assert number(1234.5678, 1) == "1,234.6"
    assert plain({"a": float("nan"), "b": (1, 2.5)}) == {"a": None, "b": [1, 2.5]}


def test_the_command_asks_for_a_folder():
    with pytest.raises(SettingError, match="--out is not given but the report needs a folder"):
        CliRunner().invoke(app, ["evaluate"], catch_exceptions=False)


def test_the_command_writes_the_report(report, shop_artifacts, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "run", lambda *args: report)
    arguments = ["evaluate", "--quick", "--artifacts", str(shop_artifacts), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "facts in 80 records" in result.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.json", "report.md", "report.html"}
