"""The sections of the jobs in a report, on small models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fading_log import random_log

from llm_explain.errors import ArtifactError, SettingError
from llm_explain.evaluation.report.jobs import job_summary, job_tables
from llm_explain.evaluation.sections import jobs
from llm_explain.evaluation.sections.jobs import JobPaths
from llm_explain.jobs.churn.training import train_events
from scoring.churn.artifacts import Labels
from scoring.churn.setting import ChurnSetting
from scoring.demand.backtest import backtest
from scoring.demand.storage import save
from tests.scoring.demand.sales import CONFIG, fitted, panel

PLAN = {
    "summary": {"name": "may", "treated": 3, "holdout": 1, "budget": None, "left_out": {"no consent": 2}},
    "messages": [{"offers": [{"explanation": {"reasons": [{"kind": "habit"}, {"kind": "copurchase"}]}}]}],
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> JobPaths:
    folder = tmp_path_factory.mktemp("jobs")
    random_log().write(folder / "data")
    train_events(folder / "data", folder / "churn", ChurnSetting(), labels=Labels())
    save(folder / "demand", fitted(), panel(), backtest(panel(), CONFIG, 60).figures())
    (folder / "campaign").mkdir()
    (folder / "campaign" / "plan.json").write_text(json.dumps(PLAN))
    return JobPaths(folder / "churn", folder / "data", folder / "demand", folder / "campaign")


@pytest.fixture(scope="module")
def report(paths: JobPaths) -> dict[str, Any]:
    return paths.sections(30, 0, lambda *_: None)


def test_texts_of_the_jobs_are_audited_in_both_languages(report: dict[str, Any]) -> None:
    assert report["churn"]["audit"]["texts"] == 60
    assert report["demand"]["audit"]["texts"] == 2 * 8
    for name in ("churn", "demand"):
        assert report[name]["audit"]["facts"] > 50
        assert report[name]["audit"]["false"] == 0, report[name]["audit"]["faults"]


def test_calibration_bins_add_up_to_the_error(report: dict[str, Any]) -> None:
    bins = report["churn"]["calibration"]["bins"]
    assert sum(row["rows"] for row in bins) == report["churn"]["n_test"]
    error = sum(row["rows"] * abs(row["promised"] - row["happened"]) for row in bins) / report["churn"]["n_test"]
    assert error == pytest.approx(report["churn"]["ece"])


def test_tables_and_summary(report: dict[str, Any]) -> None:
    found = list(job_tables(report))
    assert [table.section for table in found] == 5 * ["churn"] + 5 * ["demand"] + 2 * ["campaign"]
    assert all(len(row) == len(table.header) for table in found for row in table.rows)
    assert ("left out: no consent", "2") in found[-2].rows
    assert "0 faults in 60 texts" in next(job_summary(report))
    drivers = list(report["demand"]["drivers"].values())
    assert drivers == sorted(drivers, reverse=True)


def test_a_false_text_is_counted(paths: JobPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "fact_faults", lambda *_: ["user 1, habit: n is 3 but SQL gives 2"])
    assert paths.churn is not None
    assert paths.churn_data is not None
    assert jobs.churn_section(paths.churn, paths.churn_data, 3, 0)["audit"]["false"] == 1


def test_a_job_that_is_not_there_is_an_error(paths: JobPaths, tmp_path: Path) -> None:
    assert JobPaths().sections(3, 0, lambda *_: None) == {}
    with pytest.raises(SettingError, match="--churn is given without --churn-data"):
        JobPaths(churn=paths.churn).sections(3, 0, lambda *_: None)
    with pytest.raises(ArtifactError, match=r"holds no plan\.json but a plan is needed"):
        JobPaths(campaign=tmp_path).sections(3, 0, lambda *_: None)
    save(tmp_path / "old", fitted(), panel())
    with pytest.raises(ArtifactError, match=r"holds no metrics\.json but the figures of a demand model are needed"):
        JobPaths(demand=tmp_path / "old").sections(3, 0, lambda *_: None)
