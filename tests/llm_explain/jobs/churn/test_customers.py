"""Churn from a table of customers, and actions that an experiment proves, through the command line."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.errors import ArtifactError, SettingError, TableError
from llm_explain.jobs.churn.actions import Actions, ExperimentColumns
from llm_explain.jobs.churn.job import ChurnJob
from scoring.churn.artifacts import ChurnArtifacts

if TYPE_CHECKING:
    from pathlib import Path


PROVEN = re.compile(
    r"In a test with ([\d,]+) customers of similar predicted effect, “call” raised “stayed” from ([\d.]+)% to "
    r"([\d.]+)% \(95% sure: by at least ([\d.]+) percentage points\)(; .+)?\.$"
)
UNPROVEN = re.compile(
    r"No action is proven to help this customer: in a test with [\d,]+ customers of similar predicted effect, “call” "
    r"changed “stayed” by -?[\d.]+ percentage points \(between -[\d.]+ and -?[\d.]+\)\.$"
)


def subscribers(n: int, seed: int) -> pd.DataFrame:
    """Return subscribers; those with a monthly contract churn more often, and a call keeps them alone."""
    random = np.random.default_rng(seed)
    contract = random.choice(["Month-to-month", "Two year"], n)
    tenure = random.integers(1, 72, n).astype(float)
    churns = random.random(n) < 1 / (1 + np.exp(1.5 + 0.03 * tenure - 2.5 * (contract == "Month-to-month")))
    called = random.random(n) < 0.5
    stays = random.random(n) < 0.4 + 0.4 * (called & (contract == "Month-to-month"))
    return pd.DataFrame(
        {
            "customerID": [f"C{seed}-{place}" for place in range(n)],
            "Contract": contract,
            "tenure": np.where(random.random(n) < 0.1, np.nan, tenure),
            "Churn": np.where(churns, "Yes", "No"),
            "call": np.where(called, "call", "none"),
            "stayed": stays.astype(int),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("customers")
    subscribers(1200, 1).drop(columns=["call", "stayed"]).to_csv(folder / "customers.csv", index=False)
    experiment = subscribers(4000, 2).drop(columns="Churn")
    experiment["spent"] = 20.0 * experiment["stayed"]  # came after the action, and no customer has it
    experiment.to_csv(folder / "experiment.csv", index=False)
    run(folder, "train", "--label", "Churn")
    return folder


def run(folder: Path, command: str, *options: str) -> str:
    given = ["--features", str(folder / "customers.csv"), "--artifacts", str(folder / "model")]
    done = CliRunner().invoke(app, ["churn", command, *given, *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_training_prints_the_figures_of_the_contract(folder: Path) -> None:
    last = json.loads(run(folder, "train", "--label", "Churn", "--json").splitlines()[-1])
    assert list(last) == ["auc", "ece", "base_rate", "n_test", "baselines"]
    assert last["auc"] > 0.75


def test_texts_name_columns_by_their_labels(folder: Path) -> None:
    text = run(folder, "explain", "-k", "1")
    assert "risk of “churn” being “Yes”" in text
    assert re.search("mainly because .*contract is Month-to-month", text)
    path = folder / "model" / "labels.yaml"
    labels = yaml.safe_load(path.read_text())
    labels["columns"]["Contract"], labels["outcome"] = "The contract", "cancelling"
    path.write_text(yaml.safe_dump(labels))
    text = run(folder, "explain", "-k", "1")
    assert "risk of cancelling" in text
    assert "the contract is Month-to-month" in text.casefold().replace("month-to-month", "Month-to-month")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "monthly charges is 1,973.87, above the typical 70"),
        ("es-ES", "«monthly charges» es 1.973,87, más de lo normal (70)"),
        ("es-MX", "«monthly charges» es 1,973.87, más de lo normal (70)"),
    ],
)
def test_numbers_and_headers_are_written_for_the_reader(tmp_path: Path, locale: str, said: str) -> None:
    charges = np.where(np.arange(400) % 8 == 0, 1973.87, 70.0 + np.arange(400) % 3 - 1)
    has_left = np.where(charges > 100, "yes", "no")
    has_left[1:9:2] = "yes"
    pd.DataFrame({"MonthlyCharges": charges, "has_left": has_left}).to_csv(tmp_path / "customers.csv", index=False)
    run(tmp_path, "train", "--label", "has_left")
    text = run(tmp_path, "explain", "-k", "1", "--locale", locale)
    assert said in text
    assert "has left" in text


def test_columns_are_told_with_their_direction(folder: Path) -> None:
    records = [json.loads(line) for line in run(folder, "explain", "-k", "1200", "--json").splitlines()]
    average, seen = sum(record["probability"] for record in records) / len(records), set()
    for record in records:
        text, lead = record["text"], 1 if record["probability"] >= average else -1
        first, *rest = re.split(
            r", although |; although |\. What (?:raises|lowers) it: ", text.replace(", the average. What", "!")
        )
        for sign, claims, half in ((lead, record["reasons"], first), (-lead, record["statements"], "".join(rest))):
            for claim in claims:
                facts = claim["facts"]
                assert claim["phi"] * sign > 0
                if claim["kind"] == "column_level":
                    assert f"{facts['label']} is {facts['value']}" in half
                if "side" in facts:  # 0 would be a number that equals the median
                    assert facts["side"] != 0
                    than = ("below", "above")[facts["side"] > 0]
                    assert f"{facts['label']} is {facts['value']:g}, {than} the typical {facts['median']:g}" in half
        assert (
            "mainly because" in text or f"What {'raises' if lead > 0 else 'lowers'} it" in text or not record["reasons"]
        )
        seen.add(lead)
    assert seen == {1, -1}


def test_each_customer_has_facts_of_the_table_and_signs_of_the_model(folder: Path) -> None:
    table = pd.read_csv(folder / "customers.csv", dtype=str).set_index("customerID")
    lines = run(folder, "explain", "-k", "1200", "--json").splitlines()
    for record in map(json.loads, lines):
        phi = {each["player"]: each["phi"] for each in record["attributions"]}
        for claim in (*record["reasons"], *record["statements"]):
            column = claim["player"].removeprefix("feature:")
            cell = table.loc[record["user_id"], column]
            assert claim["phi"] == pytest.approx(phi[claim["player"]])
            if claim["kind"] == "column_missing":
                assert pd.isna(cell)
            elif claim["kind"] == "column_number":
                assert float(claim["facts"]["value"]) == float(cell)
            else:
                assert claim["facts"]["value"] == cell


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "is active member is no"), ("es", "«is active member» es «no»"), ("zh", "为“否”")]
)
def test_a_column_of_zeros_and_ones_is_told_as_yes_or_no(tmp_path: Path, locale: str, said: str) -> None:
    is_active = np.arange(400) % 4 > 0
    table = {"IsActiveMember": is_active.astype(int), "left": np.where(is_active, "no", "yes")}
    pd.DataFrame(table).to_csv(tmp_path / "customers.csv", index=False)
    run(tmp_path, "train", "--label", "left")
    assert said in run(tmp_path, "explain", "-k", "1", "--locale", locale)


def test_an_action_is_named_only_for_customers_for_whom_it_is_proven(folder: Path) -> None:
    given = [
        "--uplift",
        str(folder / "experiment.csv"),
        "--treatment",
        "call",
        "--control",
        "none",
        "--outcome",
        "stayed",
    ]
    table = pd.read_csv(folder / "customers.csv").set_index("customerID")
    named, rooms = {"Month-to-month": [], "Two year": []}, set()
    written = ("--uplift-out", str(folder / "uplift.csv"), "--html", str(folder / "page.html"))
    for line in run(folder, "explain", "-k", "1200", "--json", *given, *written).splitlines():
        record = json.loads(line)
        is_named = "“call” raised “stayed” from" in record["text"]
        assert is_named != bool(UNPROVEN.search(record["text"]))
        if is_named:
            n, before, after, low, room = PROVEN.search(record["text"]).groups()  # type: ignore[union-attr]
            assert 400 < int(n.replace(",", "")) < 4000
            assert 0 < float(low) < float(after) - float(before)
            risk = round(100 * record["probability"])
            assert bool(room) == (float(after) - float(before) > risk), "no risk falls by more than it is"
            assert room is None or room == f"; this risk of {risk}% can fall by {risk} points at most"
            rooms.add(bool(room))
        named[table.loc[record["user_id"], "Contract"]].append(is_named)
    assert np.mean(named["Month-to-month"]) > 0.9
    assert np.mean(named["Two year"]) < 0.1
    assert rooms == {True, False}
    uplift = pd.read_csv(folder / "uplift.csv").set_index("user_id")
    assert (uplift["uplift_low"] > 0).mean() == pytest.approx(np.mean([*named["Month-to-month"], *named["Two year"]]))
    assert (uplift["uplift"] > uplift["uplift_low"]).all()
    assert "Calibration error" in (folder / "page.html").read_text()


def test_a_kept_experiment_speaks_in_later_texts(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(folder / "model", model)
    uplift = ("--uplift", str(folder / "experiment.csv"), "--control", "none", "--outcome", "stayed")
    options = (*uplift, "--treatment", "call", "--artifacts", str(model))
    measured = run(folder, "explain", "-k", "5", "--keep-uplift", "--learner", "t", *options)
    kept = run(folder, "explain", "-k", "5", "--artifacts", str(model))
    assert "“call” raised “stayed” from" in kept
    assert kept in measured
    (model / "uplift.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"uplift\.json cannot be read .* but measured actions are needed"):
        ChurnJob.of_customers(ChurnArtifacts.read(model), folder / "customers.csv").kept_actions(model)


def test_an_action_in_money_pays_its_cost() -> None:
    table = subscribers(4000, 3).assign(money=lambda frame: 10.0 * frame["stayed"])
    columns = ExperimentColumns("call", "none", "stayed", value="money", cost=1.0, exclude=("Churn",))
    found = Actions.fit(table, columns)
    risk = np.full(len(table), 0.2)
    said = found.closing(found.table.encode(table), risk)
    worth = [each.facts for (each,) in said if each.kind == "action_worth"]
    assert 0.3 < len(worth) / len(said) < 0.7
    assert all(2.0 < facts["low"] < facts["gain"] < 4.5 for facts in worth)  # 10 · .4 − 1 = 3
    dear = Actions.fit(table, ExperimentColumns("call", "none", "stayed", "money", 9.0, ("Churn",)))
    unworthy = [each for (each,) in dear.closing(dear.table.encode(table), risk)]
    assert {each.kind for each in unworthy} == {"action_unworthy"}
    assert all(each.facts["low"] < each.facts["gain"] < each.facts["high"] for each in unworthy)
    assert {each.facts["customers"] for each in unworthy} == {each.n for each in dear.uplifts[0].bins}


def test_an_action_with_too_few_customers_is_said_to_be_unmeasured() -> None:
    table = subscribers(4000, 6)
    found = Actions.fit(table, ExperimentColumns("call", "none", "stayed", exclude=("Churn",)))
    one = found.uplifts[0]
    few = replace(found, uplifts=(replace(one, bins=tuple(replace(each, lower=-np.inf) for each in one.bins)),))
    ((said,),) = few.closing(found.table.encode(table)[:1], np.array([0.2]))
    assert (said.kind, said.facts["action"]) == ("action_unmeasured", "call")


def test_an_experiment_that_cannot_be_read_is_an_error() -> None:
    table = subscribers(500, 4)
    with pytest.raises(TableError, match="the experiment has no column 'mail' but it is named"):
        Actions.fit(table, ExperimentColumns("mail", "none", "stayed"))
    with pytest.raises(SettingError, match="the control is '0' but the treatments are call, none"):
        Actions.fit(table, ExperimentColumns("call", "0", "stayed"))
    with pytest.raises(TableError, match="column 'tenure' of the experiment holds other values"):
        Actions.fit(table, ExperimentColumns("call", "none", "tenure"))
    with pytest.raises(SettingError, match=r"the cost is 0\.5 but the outcome 'stayed' is no money"):
        Actions.fit(table, ExperimentColumns("call", "none", "stayed", cost=0.5))
    with pytest.raises(TableError, match="column 'call' of the experiment is empty in 1 rows"):
        Actions.fit(table.assign(call=["", *table["call"][1:]]), ExperimentColumns("call", "none", "stayed"))


def test_treatments_are_read_as_levels_are() -> None:
    table = subscribers(4000, 5).assign(call=lambda frame: (frame["call"] == "call").astype(float))
    found = Actions.fit(table, ExperimentColumns("call", "0", "stayed", exclude=("Churn",)))
    assert [each.action for each in found.uplifts] == ["1"]
