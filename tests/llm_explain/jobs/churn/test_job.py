"""The churn job from tables to verified texts: facts repeat in SQL, drivers have the signs of the model."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from fading_log import random_log
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.dialogue.staff import Staff
from llm_explain.errors import SettingError, UnknownUserError
from llm_explain.evaluation.churn_audit import AuditWords, fact_faults, text_faults
from llm_explain.jobs.churn.actions import ExperimentColumns
from llm_explain.jobs.churn.job import ChurnJob
from llm_explain.jobs.churn.kinds import KINDS
from llm_explain.jobs.churn.training import train_events
from llm_explain.jobs.churn.view import PLAYER_OF
from llm_explain.jobs.words import job_section
from scoring.churn.artifacts import ChurnArtifacts, Labels
from scoring.churn.setting import ChurnSetting
from scoring.data.shop import Shop
from scoring.data.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = pd.Timestamp("2020-12-30")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the tables of a small shop and a churn model."""
    folder = tmp_path_factory.mktemp("churn")
    random_log().write(folder / "data")
    train_events(folder / "data", folder / "model", ChurnSetting(), labels=Labels(noun="household"))
    return folder


@pytest.fixture(scope="module")
def job(folder: Path) -> ChurnJob:
    artifacts = ChurnArtifacts.read(folder / "model")
    return ChurnJob.of_events(artifacts, Tables.read(folder / "data"), as_of=AS_OF)


@pytest.fixture(scope="module")
def records(job: ChurnJob) -> list[dict[str, Any]]:
    return [each.to_dict() for each in job.explain(range(len(job.user_ids)))]


def test_a_user_is_explained_by_its_own_events(job: ChurnJob, records: list[dict[str, Any]]) -> None:
    assert [job.explain([row])[0].to_dict() for row in range(8)] == records[:8]


def test_each_feature_has_a_player(job: ChurnJob) -> None:
    assert set(job.artifacts.model.features) <= set(PLAYER_OF)
    assert {(kind.player, part) for kind in KINDS for part in kind.parts} <= {(p, f) for f, p in PLAYER_OF.items()}


def test_the_sql_repeats_every_fact(job: ChurnJob, records: list[dict[str, Any]], folder: Path) -> None:
    assert sum(len(each["reasons"]) for each in records) > 200
    assert fact_faults(job, records, folder / "data", AS_OF) == []
    false = copy.deepcopy(next(each for each in records if each["reasons"]))
    false["reasons"][0]["facts"] |= {"days": 1234}
    assert any("1234" in fault for fault in fact_faults(job, [false], folder / "data", AS_OF))


def test_the_proof_of_a_risk_runs_over_the_tables_alone(job: ChurnJob, folder: Path) -> None:
    staff = Staff(churn=job, tables=folder / "data")
    told = staff.answer("risk", {}, job.user_ids[0], "en")
    proof = staff.prove("risk", told)
    (record,) = proof.data["explanations"]
    *scripts, facts = proof.data["sql"].values()
    with duckdb.connect() as analyst:
        analyst.execute("\n".join(scripts))
        for claim, query in zip((*record["reasons"], *record["statements"]), facts.splitlines(), strict=True):
            (row,) = analyst.execute(query).df().to_dict("records")
            assert row["kind"] == claim["kind"]
            numbers = {name: value for name, value in claim["facts"].items() if isinstance(value, float)}
            assert {name: row[name] for name in numbers} == pytest.approx(numbers, abs=0.01)
    assert Staff(churn=job).prove("risk", told) is told, "no tables, no proof"


def test_the_texts_tell_signs_order_and_values_of_the_model(job: ChurnJob, records: list[dict[str, Any]]) -> None:
    terms = job.artifacts.model.terms(job.x)
    average = float(job.risk.mean())
    for record, row in zip(records, terms, strict=True):
        own = dict(zip(job.artifacts.model.features, row.tolist(), strict=True))
        assert text_faults(record, own, average) == []
        flipped = {name: -value for name, value in own.items()}
        assert text_faults(record, flipped, average) or not record["reasons"]


def test_a_risk_without_a_reason_is_said_to_have_none(records: list[dict[str, Any]]) -> None:
    assert any(each["reasons"] for each in records)
    for each in records:
        assert ("No single reason stands out." in each["text"]) != bool(each["reasons"])


def test_attributions_add_up_to_the_risk(job: ChurnJob, records: list[dict[str, Any]]) -> None:
    for record, risk in zip(records, job.risk.tolist(), strict=True):
        total = record["base_value"] + sum(each["phi"] for each in record["attributions"])
        assert total == pytest.approx(record["score"], abs=1e-9)
        assert 1 / (1 + np.exp(-total)) == pytest.approx(risk)
        assert record["probability"] == risk
        assert record["verdict"]["ok"]


def test_chinese_texts_are_proven_and_audited_too(job: ChurnJob) -> None:
    found = [each.to_dict() for each in job.explain(range(len(job.user_ids)), locale="zh")]
    assert all(each["text"].startswith("家庭") for each in found)
    terms, average = job.artifacts.model.terms(job.x), float(job.risk.mean())
    for record, row in zip(found, terms, strict=True):
        own = dict(zip(job.artifacts.model.features, row.tolist(), strict=True))
        assert text_faults(record, own, average, "zh") == []
        flipped = {name: -value for name, value in own.items()}
        assert text_faults(record, flipped, average, "zh") or not record["reasons"]


@pytest.mark.parametrize("locale", ["en", "es", "es-MX", "zh"])
def test_the_audit_reads_the_headline(job: ChurnJob, locale: str) -> None:
    record = job.explain([0], locale=locale)[0].to_dict()
    terms = dict(zip(job.artifacts.model.features, job.artifacts.model.terms(job.x)[0].tolist(), strict=True))
    average = float(job.risk.mean())
    assert text_faults(record, terms, average, locale) == []
    false = {**record, "text": re.sub(r"\d+(\s?%)", r"1\1", record["text"], count=1)}
    assert any("the risk is told as 1%" in fault for fault in text_faults(false, terms, average, locale))


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_the_audit_knows_every_kind(locale: str) -> None:
    words = job_section(locale, "churn", "audit", AuditWords)
    assert set(words.kinds) == {kind.name for kind in KINDS}


def test_users_that_are_not_scored_and_wrong_inputs_are_errors(job: ChurnJob, folder: Path) -> None:
    with pytest.raises(UnknownUserError, match="user 'nobody' is not scored"):
        job.rows_of(["nobody"])
    with pytest.raises(SettingError, match="the model was trained on events but a table of customers is given"):
        ChurnJob.of_customers(job.artifacts, folder / "missing.csv")


def test_events_that_are_no_purchases_are_scored_but_not_told(job: ChurnJob, folder: Path) -> None:
    bought = Tables.read(folder / "data")
    views = replace(bought, events=bought.events.assign(kind="view"), shop=Shop(target_kinds=("view",)))
    scored = ChurnJob.of_events(job.artifacts, views, as_of=AS_OF)
    np.testing.assert_array_equal(scored.risk, job.risk)
    with pytest.raises(SettingError, match="the target events are no purchases but the texts speak of purchases"):
        scored.explain([0])


def test_an_experiment_on_events_needs_its_moment_and_enough_users(job: ChurnJob, folder: Path) -> None:
    path = folder / "experiment.csv"
    treated = np.arange(len(job.user_ids)) % 2
    table = pd.DataFrame({"user_id": job.user_ids, "treatment": treated, "outcome": treated})
    table.to_csv(path, index=False)
    columns = ExperimentColumns("treatment", "0", "outcome")
    with pytest.raises(SettingError, match="Say when it began with --experiment-at"):
        job.actions(path, columns)
    with pytest.raises(SettingError, match=r"action '1' has .* but at least 200 of each are needed"):
        job.actions(path, columns, before=job)


def test_a_log_without_prices_is_explained_by_what_it_has(job: ChurnJob, folder: Path) -> None:
    bought = Tables.read(folder / "data")
    bare = replace(bought, events=bought.events.drop(columns="price"))
    silence = replace(job.artifacts, setting=ChurnSetting(target="silence"))
    found = ChurnJob.of_events(silence, bare, as_of=AS_OF).explain([0, 1, 2])
    assert all(each.text and "spen" not in each.text.text for each in found)


def test_the_command_line_scores_and_explains(folder: Path) -> None:
    given = ["--data", str(folder / "data"), "--artifacts", str(folder / "model"), "--as-of", str(AS_OF)]
    scored = CliRunner().invoke(app, ["churn", "score", *given, "--out", str(folder / "risks.csv"), "--json"])
    assert scored.exit_code == 0, scored.output
    risks = pd.read_csv(folder / "risks.csv")
    assert risks["risk"].is_monotonic_decreasing
    most = (risks["risk"] * risks["usual_spending"]).idxmax()
    money = CliRunner().invoke(app, ["churn", "explain", *given, "-k", "1", "--order", "money", "--json"])
    assert json.loads(money.stdout)["user_id"] == str(risks["user_id"][most])
    told = CliRunner().invoke(app, ["churn", "explain", *given, "-k", "3", "--audit"])
    assert told.exit_code == 0, told.output
    assert "3 records audited, 0 faults" in told.stderr
    heading, *rows = told.stdout.split("\nHousehold ")
    assert heading.startswith(
        "As of 30 December: risk of spending at most half of the usual amount in the next eight weeks (average "
    )
    assert len(rows) == 3
    assert not any("usual amount in the next" in row for row in rows)
    one = CliRunner().invoke(app, ["churn", "explain", *given, "-k", "1"])
    assert "% risk of spending at most half of its usual amount in the next eight weeks (average " in one.stdout


def test_training_writes_pictures_and_keeps_edited_labels(folder: Path) -> None:
    names = {path.name for path in (folder / "model").iterdir()}
    assert names >= {
        "churn.json",
        "labels.yaml",
        "history.json",
        "drivers.png",
        "curves.png",
        "calibration.png",
        "history.png",
    }
    history = json.loads((folder / "model" / "history.json").read_text())
    assert len(history["train"]) == len(history["held_out"]) >= history["rounds"]
