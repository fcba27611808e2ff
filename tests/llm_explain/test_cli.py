"""The command line on the small shop: what it prints, and how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.table import Table
from typer.testing import CliRunner

from llm_explain.cli import app, main
from llm_explain.cli.console import OUT
from llm_explain.cli.recommending import _print_table
from llm_explain.errors import SettingError
from llm_explain.writing.prompt_lint import Linted, Linter
from scoring.data.tables import Tables
from scoring.scorer.artifacts import write_manifest
from scoring.training.config import TrainConfig

RUN = CliRunner()


def _json_lines(*arguments: str) -> list[dict[str, Any]]:
    result = RUN.invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def artifacts(shop_artifacts: Path) -> list[str]:
    return ["--artifacts", str(shop_artifacts)]


def test_recommend_prints_one_record_a_line(artifacts: list[str]) -> None:
    rows = _json_lines("recommend", "--user", "u00", "--user", "u01", "-k", "3", *artifacts)
    assert [(row["user_id"], row["position"]) for row in rows] == [(u, p) for u in ("u00", "u01") for p in (1, 2, 3)]
    by_score = _json_lines("recommend", "--user", "u00", "-k", "3", "--section", "score", *artifacts)
    assert [row["rank"] for row in by_score] == [1, 2, 3]


def test_a_list_is_filtered_and_paged(artifacts: list[str], tmp_path: Path) -> None:
    whole = _json_lines("recommend", "--user", "u00", "-k", "6", "--section", "new", *artifacts)
    allowed = tmp_path / "allowed.txt"
    allowed.write_text("\n".join(row["item_id"] for row in whole[:4]))
    options = ["--section", "new", "--candidates", str(allowed), "--exclude", whole[0]["item_id"], "--offset", "1"]
    rows = _json_lines("recommend", "--user", "u00", *options, *artifacts)
    assert [(row["item_id"], row["position"]) for row in rows] == [
        (whole[2]["item_id"], 2), (whole[3]["item_id"], 3),
    ]  # fmt: skip


def test_an_empty_list_says_why(artifacts: list[str]) -> None:
    for options in ([], ["--explain", "--no-language-model"]):
        told = RUN.invoke(app, ["recommend", "--user", "u00", "--min-price", "9999", *options, *artifacts]).stderr
        assert "no item of this user's list is available: of 40 items, 0 are not on sale" in told
        assert "40 are left for the filters, the section and the page" in told


def test_a_version_is_printed_whole_on_a_narrow_page(artifacts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (version,) = (row["version"] for row in _json_lines("artifacts", "list", *artifacts))
    monkeypatch.setenv("COLUMNS", "60")
    assert version in RUN.invoke(app, ["artifacts", "list", *artifacts]).stdout


def test_explained_records_have_the_fields_of_the_contract(artifacts: list[str]) -> None:
    rows = _json_lines("recommend", "--user", "u00", "-k", "4", "--explain", "--no-language-model", *artifacts)
    wanted = {
        "id", "user_id", "item_id", "rank", "score", "probability", "base_value", "attributions", "text", "locale",
        "tone", "source", "reasons", "verdict", "ai_generated", "provenance", "as_of",
        "position", "section", "section_title", "placement", "badges",
    }  # fmt: skip
    for row in rows:
        assert wanted <= set(row)
        total = row["base_value"] + sum(player["phi"] for player in row["attributions"])
        assert total == pytest.approx(row["score"], abs=1e-4)
        for player in row["attributions"]:
            assert sum(player["parts"].values()) == pytest.approx(player["phi"], abs=1e-4)
        assert row["as_of"] == "2017-12-01T00:00:00+00:00"


def test_whatif_says_the_score_that_a_shortened_event_file_gives(
    artifacts: list[str], shop_tables: Tables, tmp_path: Path
) -> None:
    items, events = shop_tables.items, shop_tables.events
    mine = events[events["user_id"] == "u02"].merge(items[["item_id", "category"]], on="item_id")
    category = str(mine["category"].value_counts().index[0])
    asked = items["item_id"].tolist()[::4]
    item_options = [option for item in asked for option in ("--item", item)]
    rows = _json_lines("whatif", "--user", "u02", "--without", f"group:{category}", *item_options, *artifacts)
    names = {"item_id", "score", "score_without", "rank", "rank_without", "text"}
    assert [set(row) for row in rows] == [names] * len(asked)
    inside = set(items.loc[items["category"] == category, "item_id"])
    kept = events[~((events["user_id"] == "u02") & events["item_id"].isin(inside))]
    for name, write in (("events.parquet", kept.to_parquet), ("events.csv", kept.to_csv)):
        write(tmp_path / name, index=False)
        options = ["--events", str(tmp_path / name), "--no-language-model", *artifacts]
        fresh = _json_lines("explain", "--user", "u02", *item_options, *options)
        for row, again in zip(rows, fresh, strict=True):
            assert again["item_id"] == row["item_id"]
            assert again["score"] == pytest.approx(row["score_without"], abs=1e-4)
            assert again["rank"] == row["rank_without"]


def test_shelf_contrast_and_models_answer(artifacts: list[str]) -> None:
    shelves = _json_lines("shelf", "--user", "u03", "-k", "3", *artifacts)
    assert all(shelf["player"].startswith("group:") and shelf["items"] for shelf in shelves)
    (contrast,) = _json_lines("contrast", "--user", "u03", "--item", "00", "--other", "10", *artifacts)
    assert contrast["score_difference"] == pytest.approx(
        contrast["base_difference"] + sum(contrast["differences"].values()), abs=2e-4
    )
    models = {row["what"]: row for row in _json_lines("models", *artifacts)}
    assert models["scorer"]["is_there"]


def test_tables_and_page_are_for_people(artifacts: list[str], tmp_path: Path) -> None:
    page = tmp_path / "out" / "page.html"
    result = RUN.invoke(
        app,
        ["recommend", "--user", "u00", "-k", "5", "--explain", "--no-language-model", "--html", str(page), *artifacts],
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert html.count('<li class="item">') == 5
    assert "http://" not in html
    assert "https://" not in html


@pytest.mark.parametrize("options", [[], ["--explain", "--no-language-model"]])
def test_recommendations_are_written_as_csv(artifacts: list[str], tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "out" / "lists.csv"
    arguments = ["recommend", "--user", "u00", "--user", "u01", "-k", "3", *options, "--csv", str(path), *artifacts]
    assert RUN.invoke(app, arguments, catch_exceptions=False).exit_code == 0
    rows = pd.read_csv(path, dtype={"item_id": str})
    assert rows.columns.tolist() == ["user_id", "item_id", "title", "rank", "score", "probability", "text"]
    assert rows["user_id"].tolist() == ["u00"] * 3 + ["u01"] * 3
    assert (rows["rank"] >= 1).all()
    assert rows["text"].notna().any() == bool(options)


def test_a_title_cannot_run_in_the_page(artifacts: list[str], tmp_path: Path) -> None:
    from llm_explain import Explainer
    from llm_explain.reports.page import write_page

    explainer = Explainer.load(Path(artifacts[1]), language_model=None)
    rows = explainer.recommend("u00", k=2)
    write_page(tmp_path / "p.html", {"<script>alert(1)</script>": rows}, dict.fromkeys(explainer.titles, "<img src=x>"))
    html = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<img" not in html


def test_a_picture_is_saved(artifacts: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "new folder" / "waterfall.svg"
    options = ["--plot", str(picture), "--no-language-model", *artifacts]
    result = RUN.invoke(app, ["explain", "--user", "u00", "--item", "00", *options], catch_exceptions=False)
    assert result.exit_code == 0
    assert "group:" in picture.read_text(encoding="utf-8")  # text, not outlines
    options = ["--item", "00", "--plot", "waterfall.png", *artifacts]
    with pytest.raises(SettingError, match=r"--plot is waterfall\.png but a file whose name ends in \.svg is needed"):
        RUN.invoke(app, ["explain", "--user", "u00", *options], catch_exceptions=False)


def test_import_train_and_recommend_a_shop_of_ones_own(shop_tables: Tables, tmp_path: Path) -> None:
    """What a newcomer does with CSV files; one column has another name."""
    events = shop_tables.events.rename(columns={"user_id": "customer"})
    events.to_csv(tmp_path / "events.csv", index=False)
    shop_tables.items.to_csv(tmp_path / "items.csv", index=False)
    settings = tmp_path / "train.yaml"
    settings.write_text(
        "{d: 8, n_heads: 2, n_queries: 2, curve_steps: 5, tower_steps: 5, batch_size: 16, titles: none, n_windows: 3}"
    )
    data, artifacts = str(tmp_path / "data"), str(tmp_path / "artifacts")
    files = ["--events", str(tmp_path / "events.csv"), "--items", str(tmp_path / "items.csv")]
    (summary,) = _json_lines("import", "csv", *files, "--map", "customer=user_id", "--out", data)
    assert summary["rows"]["events"] == len(events)
    options = ["--data", data, "--artifacts", artifacts, "--config", str(settings), "--cutoff", "2017-12-01"]
    (metrics,) = _json_lines("train", *options)
    assert set(metrics) == {"test", "baselines", "seconds", "peak_rss_mb"}
    assert 0 <= metrics["test"]["recall@10"] <= 1
    assert json.loads((tmp_path / "artifacts" / "metrics.json").read_text()) == metrics
    assert len(_json_lines("recommend", "--user", "u00", "-k", "2", "--artifacts", artifacts)) == 2


def test_training_without_held_out_events_says_so(
    shop_tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained(_: Tables, __: object, folder: Path, **___: object) -> SimpleNamespace:
        write_manifest(folder, {})
        return SimpleNamespace()

    metrics = {"test": {"skipped": "no events are held out"}, "baselines": {}, "seconds": 1.0, "peak_rss_mb": 1}
    monkeypatch.setattr("scoring.training.training.train", trained)
    monkeypatch.setattr("scoring.training.comparison.measured", lambda *_, **__: metrics)
    shop_tables.write(tmp_path)
    options = ["--data", str(tmp_path), "--artifacts", str(tmp_path / "artifacts")]
    result = RUN.invoke(app, ["train", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "not measured: no events are held out. llm-explain evaluate ranking" in " ".join(result.output.split())
    assert "recall@10" not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recommend", "--user", "u00", "--artifacts", "nowhere"], "Run `llm-explain train"),
        (["recommend", "--user", "u00", "--as-of", "soon"], "--as-of is 'soon' but a date and time is needed"),
        (
            ["recommend", "--user", "u00", "-k", "ten"],
            "-k is 'ten' but must be a valid integer. Correct it; `llm-explain recommend --help` lists the options.",
        ),
        (["evaluate", "ranking", "--data", "x", "--protocol", "best"], "--protocol is 'best' but must be "),
        (["train", "--data", "nowhere"], "events.parquet is missing but is needed"),
        (
            ["import", "csv", "--events", "a.csv", "--items", "b.csv", "--out", "x", "--map", "a"],
            "COLUMN=NAME is needed",
        ),
        (["train", "--data", "x", "--artifacts", __file__], "a file, but a folder is needed"),
        (["import", "flat", "nothing.csv", "--out", "x"], "nothing.csv is missing but a file is needed"),
        (
            [
                "recommend",
                "--user",
                "u00",
                "-k",
                "1",
                "--explain",
                "--no-language-model",
                "--html",
                "/proc/nope/p.html",
            ],
            "cannot be used",
        ),
    ],
)
def test_a_refusal_is_one_line_and_status_1(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    artifacts: list[str],
) -> None:  # fmt: skip
    if "--artifacts" not in arguments and arguments[0] == "recommend":
        arguments = [*arguments, *artifacts]
    monkeypatch.setattr(sys, "argv", ["llm-explain", *arguments])
    with pytest.raises(SystemExit, match="1"):
        main()
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize("options", [[], ["--explain", "--no-language-model"]])
def test_a_cold_user_is_said_to_be_one(artifacts: list[str], options: list[str]) -> None:
    result = RUN.invoke(app, ["recommend", "--user", "nobody", "-k", "2", "--json", *options, *artifacts])
    assert "scored from context alone" in result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_an_unknown_user_gets_near_matches(artifacts: list[str]) -> None:
    result = RUN.invoke(app, ["recommend", "--user", "u000", "-k", "1", "--explain", "--no-language-model", *artifacts])
    assert "Did you mean u00" in result.stderr


def test_brackets_and_colons_of_a_title_are_shown_as_they_are() -> None:
    table = Table("title", title="Mug [/]")
    table.add_row("Cable [/USB-C] :smile:")
    with OUT.capture() as shown:
        OUT.print(table)
    assert "Cable [/USB-C] :smile:" in shown.get()
    assert "Mug [/]" in shown.get()


def test_import_flat_prints_what_it_read_and_writes_nothing_in_a_dry_run(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("Kunde;Artikelnummer;Bezeichnung;Datum;Notiz\nk1;a1;Tasse [blau];01.12.2024;x\n")
    options = ["import", "flat", str(orders), "--out", str(tmp_path / "out")]
    result = RUN.invoke(app, [*options, "--dry-run"], catch_exceptions=False)
    assert "Tasse [blau]" in result.stdout
    assert "left out: Notiz" in result.stdout
    assert not (tmp_path / "out").exists()
    record = _json_lines(*options)[0]
    assert record["rows"] == {"events": 1, "items": 1, "users": 0, "promotions": 0}
    assert [column["name"] for column in record["columns"]] == ["user_id", "item_id", "title", "timestamp", ""]
    assert (tmp_path / "out" / "shop.yaml").exists()


def test_importing_the_package_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys, llm_explain; print([name for name in ('torch', 'transformers', 'pandas') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def test_every_public_name_is_there() -> None:
    import llm_explain

    assert sorted(llm_explain.__all__) == list(llm_explain.__all__)
    assert len(llm_explain.__all__) <= 12
    for name in llm_explain.__all__:
        assert getattr(llm_explain, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'Nope'"):
        _ = llm_explain.Nope


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tower_steps: 0", "tower_steps is 0 but Input should be greater than or equal to 1"),
        ("epoch: 3", "epoch is 3 but Extra inputs are not permitted"),
        ("[1, 2", "settings of training are needed"),
    ],
)
def test_settings_of_training_are_checked(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match=message):
        TrainConfig.read(path)


def test_a_surface_is_an_option(artifacts: list[str]) -> None:
    options = ["--user", "u01", "-k", "4", "--explain", "--no-language-model", "--locale", "zh", "--surface", "push"]
    rows = _json_lines("recommend", *options, *artifacts)
    assert {(row["locale"], row["tone"]) for row in rows} == {("zh", "concise")}
    assert all(len(row["text"]) <= 32 for row in rows if row["text"])


def test_the_linter_shows_sentences_and_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(self: Linter, report: object) -> list[Linted]:
        return [
            self.sentence("x, sentence 1", "You've bought {item} {times}.", ["repeat_item"], "friendly"),
            *(
                [self.sentence("x, sentence 2", "Buy it {times}!", ["repeat_item"], "friendly")]
                if self.is_faulty
                else []
            ),
        ]

    monkeypatch.setattr(Linter, "check", check)
    monkeypatch.setattr(Linter, "is_faulty", False, raising=False)
    result = RUN.invoke(app, ["prompts", "lint", "--locale", "en"], catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, "x, sentence 1: You've bought these rice cakes 12 times.\n")
    monkeypatch.setattr(Linter, "is_faulty", True, raising=False)
    result = RUN.invoke(app, ["prompts", "lint", "--locale", "en", "--only-faults"], catch_exceptions=False)
    assert result.exit_code == 1
    assert "pressing at 0-3 'Buy'" in result.stdout
    rows = RUN.invoke(app, ["prompts", "lint", "--locale", "en", "--json"], catch_exceptions=False).stdout.splitlines()
    assert [bool(json.loads(row)["faults"]) for row in rows] == [False, True]


def test_an_item_without_a_title_is_printed_with_its_id(artifacts: list[str]) -> None:
    from llm_explain import Explainer

    explainer = Explainer.load(artifacts[1], language_model=None)
    rows = explainer.recommend("u00", k=2)
    item_id = str(rows[0].item_id)
    titles = {**explainer.titles, item_id: ""}
    with OUT.capture() as captured:
        _print_table(SimpleNamespace(titles=titles), "u00", rows)
    assert f"item {item_id}" in captured.get()
