"""``train``: fit the scorer on a shop's tables and write self-contained artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import ERR, OUT, progress
from llm_explain.errors import SettingError


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
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="YAML with training settings.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random choice.")] = None,
    json: options.Json = False,
) -> None:
    """Train the scorer, measure it beside the baselines, and write artifacts."""
    import json as json_format

    from scoring.config import TrainConfig
    from scoring.tables import Tables
    from scoring.training import train

    settings = TrainConfig.read(config) if config else TrainConfig()
    if seed is not None:
        settings = settings.model_copy(update={"seed": seed})
    moment = options.moment(cutoff)
    if moment is not None and artifacts.resolve() == data.resolve():
        raise SettingError(f"--artifacts is {artifacts} but that is the data folder. Choose another folder.")
    with progress() as report:
        result = train(Tables.read(data), settings, artifacts, cutoff=moment, progress=report)
    if json:
        OUT.file.write(json_format.dumps(result.metrics) + "\n")
        return
    table = Table("scorer", "recall@10", "NDCG@10", "recall@10, new to the user", title="held-out purchases")
    rows = {"llm-explain": result.metrics.get("test", {}), **result.metrics.get("baselines", {})}
    for name, row in rows.items():
        table.add_row(
            name, *(f"{row[key]:.3f}" if key in row else "–" for key in ("recall@10", "ndcg@10", "recall@10_new"))
        )
    OUT.print(table)
    ERR.print(f"Artifacts: {artifacts.resolve()}  ({result.metrics['seconds']:.0f} s)", highlight=False)
