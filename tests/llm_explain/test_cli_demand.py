"""``llm-explain demand`` as a process would use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from llm_explain.cli import app, demanding
from llm_explain.importers.any_table import read_any_table
from scoring.demand.reading import read_panel
from scoring.demand.storage import save
from scoring.errors import SettingError
from tests.scoring.demand.sales import fitted, panel, sales


def run(*arguments: str) -> list[dict[str, object]]:
    """Return the JSON lines of a command."""
    result = CliRunner().invoke(app, ["demand", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained demand model of the small shop."""
    folder = tmp_path_factory.mktemp("demand")
    save(folder, fitted(), panel())
    return folder


def test_train_prints_the_record_of_the_contract(tmp_path: Path) -> None:
    table = sales(40).rename(columns={"units": "sold items"})
    table.to_csv(tmp_path / "sales.csv", index=False)
    arguments = ("--map", "sold items=units", "--weeks", "2", "--cutoff", "36", "--artifacts", str(tmp_path / "out"))
    last = run("train", "--data", str(tmp_path / "sales.csv"), *arguments)[-1]
    assert set(last) == {"wmape", "coverage80", "baselines"}
    assert list(last["wmape"]) == ["1", "2"]
    assert {"mean_8", "seasonal_naive", "additive", "ets"} <= set(last["baselines"])
    assert (tmp_path / "out" / "demand.json").is_file()


def test_forecast_writes_plans_and_other_plans(artifacts: Path, tmp_path: Path) -> None:
    (tmp_path / "plans.csv").write_text("item_id,store_id,week,display\napples,1,71,1\n")
    arguments = ("--artifacts", str(artifacts), "--plans", str(tmp_path / "plans.csv"), "--weeks", "2")
    rows = run("forecast", *arguments, "--item", "apples", "--store", "1", "--what-if", "display=0")
    assert [(row["week"], row["display"]) for row in rows] == [("71", 1.0), ("72", 0.0)]
    assert [row["unknown_plan"] for row in rows] == ["", "no_promotion"]
    assert rows[0]["units_what_if"] == rows[0]["without_display"] < 0.7 * rows[0]["units"]
    run("forecast", *arguments, "--out", str(tmp_path / "out"))
    assert len(run("forecast", "--artifacts", str(artifacts), "--item", "rare", "--store", "1")) == 3  # as trained
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"forecast.csv", "together.csv", "players.csv"}


def test_a_table_of_other_plans_adds_up_as_printed(artifacts: Path) -> None:
    arguments = ("--artifacts", str(artifacts), "--weeks", "2", "--item", "apples", "--store", "1")
    result = CliRunner().invoke(
        app, ["demand", "forecast", *arguments, "--what-if", "display=1"], catch_exceptions=False
    )
    rows = [[cell.strip() for cell in line.split("│")] for line in result.output.splitlines() if "│" in line]
    numbers = [(int(row[4]), int(row[-3]), int(row[-2])) for row in rows if row[4].isdigit()]
    assert len(numbers) == 2
    assert all(other - units == difference > 0 for units, other, difference in numbers)


def test_a_cutoff_outside_the_sales_is_an_error(tmp_path: Path) -> None:
    sales(40).to_csv(tmp_path / "sales.csv", index=False)
    with pytest.raises(SettingError, match="--cutoff is '99' but a week from 1 to 40 is needed"):
        run("train", "--data", str(tmp_path / "sales.csv"), "--cutoff", "99")
    with pytest.raises(SettingError, match="the unit is '6 kg' but a word without digits is needed"):
        run("train", "--data", str(tmp_path / "sales.csv"), "--unit", "6 kg")
    with pytest.raises(SettingError, match="--map is 'units' but COLUMN=NAME"):
        run("train", "--data", str(tmp_path / "sales.csv"), "--map", "units")


def test_a_picture_is_written(artifacts: Path, tmp_path: Path) -> None:
    run("forecast", "--artifacts", str(artifacts), "--weeks", "3", "--item", "bread", "--plot", str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").stat().st_size > 10_000
    with pytest.raises(SettingError, match=r"the picture is a.txt but .png, .svg, .pdf is needed"):
        run("forecast", "--artifacts", str(artifacts), "--weeks", "3", "--plot", str(tmp_path / "a.txt"))


def test_explain_writes_audited_texts(artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("duckdb")
    (tmp_path / "stock.csv").write_text("sku,store,stock,lead time\napples,1,3,2\npears,1,3,2\n")
    arguments = ("--artifacts", str(artifacts), "--stock", str(tmp_path / "stock.csv"), "--what-if", "display=1")
    notes: list[str] = []
    monkeypatch.setattr(demanding, "note", notes.append)
    rows = run("explain", *arguments, "--item", "apples", "--out", str(tmp_path / "out"), "--audit")
    assert notes[0] == "1 rows of the stock table fit no forecast (first: item 'pears' in store '1')"
    assert [row["subject"]["store_id"] for row in rows] == ["1", "2"]
    assert "rder" in rows[0]["text"]
    assert all("the display adds about" in row["text"] for row in rows)
    assert (tmp_path / "out" / "orders.csv").is_file()
    with pytest.raises(SettingError, match="--audit is given without --out"):
        run("explain", *arguments, "--audit")


def test_a_table_with_semicolons_or_in_excel_is_read(tmp_path: Path) -> None:
    frame = sales(40).assign(price=lambda each: each["price"].map("{:.1f}".format).str.replace(".", ",", regex=False))
    frame.to_csv(tmp_path / "verkauf.csv", sep=";", index=False, encoding="cp1252")
    sales(40).to_excel(tmp_path / "sales.xlsx", index=False)
    found = [read_panel(tmp_path / name, reader=read_any_table) for name in ("verkauf.csv", "sales.xlsx")]
    for panel_of_file in found:
        assert panel_of_file.units.sum() == sales(40)["units"].sum()
        assert set(panel_of_file.price.ravel()) == {1.6, 2.0}
