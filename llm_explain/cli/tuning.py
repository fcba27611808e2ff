"""``tune``: teach a language model this one task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm_explain.cli import options
from llm_explain.cli.console import note, progress, write_json_lines


def tune(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the adapter, its record and its curves.")],
    base: Annotated[
        str,
        typer.Option(metavar="NAME", help="untuned for the packaged weights, a local folder, or a Hugging Face id."),
    ] = "untuned",
    start: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Adapter of the same base whose training goes on.")
    ] = None,
    locale: options.LocaleFolder = "en",
    epochs: Annotated[
        float | None, typer.Option(min=0.01, help="Passes over the sentences; the recipe's own if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    json: options.Json = False,
) -> None:
    """Train a LoRA adapter on the hand-written sentences of a locale."""
    from llm_explain.generation.tuning import TuningConfig
    from llm_explain.generation.tuning import tune as train_adapter

    config = TuningConfig(seed=seed) if epochs is None else TuningConfig(seed=seed, epochs=epochs)
    with progress() as report:
        record = train_adapter(out, language_model=base, start=start, locale=locale, config=config, progress=report)
    if json:
        write_json_lines([record])
        return
    losses = [row["eval_loss"] for row in record["curve"] if "eval_loss" in row]
    found = f", held-out loss {losses[-1]:.3f}" if losses else ""
    note(f"adapter in {out.resolve()} after {record['seconds']:.0f} s{found}; curves in tuning.png")
