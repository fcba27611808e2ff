"""``train``: fit the scorer on a shop's tables and write self-contained artifacts."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, progress, write_json_lines
from llm_explain.cli.state import opened
from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from scoring.data.tables import Tables


def train(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Tables that `llm-explain import` wrote.")] = Path(
        "data/completejourney"
    ),
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    cutoff: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Events from this moment on are held out for the metrics; the log's end if not given."
        ),
    ] = None,
    protocol: Annotated[
        Literal["time", "last"] | None,
        typer.Option(
            help="time: the next 30 days; last: the next event, new items only. The log decides if not given."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="YAML with training settings.")] = None,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="State of the HTTP service, for example sqlite:///llm-explain.db: its events and feedback count too.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random choice.")] = None,
    json: options.Json = False,
) -> None:
    """Train the scorer, compare it with the baselines, and write artifacts."""
    from scoring.data.tables import TIMESTAMP, Tables
    from scoring.data.targets import end_of_log
    from scoring.scorer.versions import new_version
    from scoring.training.comparison import measured
    from scoring.training.config import TrainConfig
    from scoring.training.lineage import lineage
    from scoring.training.training import train

    settings = TrainConfig.read(config) if config is not None else TrainConfig()
    if seed is not None:
        settings = settings.model_copy(update={"seed": seed})
    moment = options.moment(cutoff)
    _check_folder(artifacts, data, is_cut=moment is not None)
    tables = Tables.read(data)
    notes: dict[str, Any] = {"lineage": lineage(data)}
    if state is not None:
        tables, learned = _learned(tables, state)
        notes |= learned
    if moment is None:
        moment, late = end_of_log(tables.events[TIMESTAMP])
        if late:
            note(
                f"{late:,} {'event lies' if late == 1 else 'events lie'} long after {moment} and "
                f"{'is' if late == 1 else 'are'} left out (last: {tables.events[TIMESTAMP].max()}). "
                "Give --cutoff to train up to another moment."
            )
            tables = tables.before(moment)
    is_main = os.environ.get("RANK", "0") == "0"  # `accelerate launch` numbers its processes
    stage: AbstractContextManager[Path | str] = new_version(artifacts) if is_main else TemporaryDirectory()
    with progress() as report, stage as folder:
        trained = train(
            tables,
            settings,
            Path(folder),
            cutoff=moment,
            protocol=protocol,
            progress=report,
            notes=notes,
        )
        if not is_main:
            return
        metrics = measured(trained, tables, settings, progress=report)
    if json:
        write_json_lines([metrics])
        return
    if "skipped" in metrics["test"]:
        note(f"not measured: {metrics['test']['skipped']}. llm-explain evaluate ranking --data {data} measures.")
    else:
        _print_metrics(metrics)
    if "ece" in metrics["test"]:
        note(f"expected calibration error {metrics['test']['ece']:.4f} over the best 100 candidates of each user")
    note(f"artifacts in {artifacts.resolve()} after {metrics['seconds']:.0f} s, at most {metrics['peak_rss_mb']:,} MB")


def _print_metrics(metrics: dict[str, Any]) -> None:
    """Print a row for the scorer and each baseline."""
    columns = ("recall@10", "ndcg@10", "recall@10_new", "ndcg@10_new")
    table = Table("scorer", *columns, title="held-out events", title_justify="left")
    for name, row in {"llm-explain": metrics["test"], **metrics["baselines"]}.items():
        table.add_row(name, *("–" if row.get(column) is None else f"{row[column]:.3f}" for column in columns))
    OUT.print(table)


def _check_folder(artifacts: Path, data: Path, *, is_cut: bool) -> None:
    """Refuse a folder for artifacts that cannot be written, before anything is trained."""
    if is_cut and artifacts.resolve() == data.resolve():
        raise SettingError(f"--artifacts is {artifacts} but that is the data folder. Choose another folder.")
    if artifacts.exists() and not artifacts.is_dir():
        raise SettingError(f"--artifacts is {artifacts}, a file, but a folder is needed. Choose another path.")


def _learned(tables: Tables, url: str) -> tuple[Tables, dict[str, Any]]:
    """Return the tables with what the service has taken in, and what the manifest is to say of it."""
    with opened(url) as state:
        from llm_explain.cli.training_feedback import learn

        learned = learn(tables, state)
    note(
        f"{learned.n_new:,} events from the service, {learned.n_unknown:,} of unknown items left out, "
        f"{learned.n_erased:,} of erased users left out, {len(learned.feedback['retired'])} skeletons retired"
    )
    return learned.tables, {"feedback": learned.feedback}
