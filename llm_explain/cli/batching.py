"""``batch``: lists with reasons for many users, as shards of Parquet or JSON lines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from llm_explain.cli import options
from llm_explain.cli.console import note, progress, write_json_lines


def batch(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to create, or to complete.")],
    users: Annotated[
        str, typer.Option("--users", metavar="FILE", help="all, or CSV or Parquet with user_id; other columns survive.")
    ] = "all",
    k: options.K = 10,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="Processes here, or actors of a cluster.")] = "local",
    workers: Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Processes.")] = 1,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only users with an event at this ISO 8601 moment or later.")
    ] = None,
    format: Annotated[Literal["parquet", "jsonl"], typer.Option(help="Format of the files.")] = "parquet",  # noqa: A002
    shard_users: Annotated[int, typer.Option(min=1, metavar="N", help="Most users of a file.")] = 200,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another batch in the folder.")] = False,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    channel: options.Channel = "",
    events: options.Events = None,
    tone: options.ToneOption = None,
    locale: options.Locale = None,
    surface: options.Surface = None,
    section: options.SectionOption = "mixed",
    sources: options.Sources = "phrasebook,template",
    language_model: options.LanguageModel = "auto",
    policy_file: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Replaces prompts/policy.yaml.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Explain lists of many users; a run that was stopped goes on where it ended."""
    from llm_explain.batch import BatchSettings, read_users, run_batch, users_of_log, with_events
    from scoring.scorer.versions import active

    artifacts = active(artifacts)  # another version may be activated meanwhile
    settings = BatchSettings(
        k=k,
        section=None if section == "score" else section,
        locale=locale,
        tone=tone,
        surface=surface,
        as_of=as_of,
        channel=channel,
        sources=tuple(sources.split(",")),
        language_model=language_model,
        policy_file=policy_file,
    )
    table = users_of_log(artifacts, events=events) if users == "all" else read_users(Path(users))
    if since is not None:
        table = with_events(table, users_of_log(artifacts, events=events, since=options.moment(since)))
    if not len(table):
        note("no user is left to explain.")
    with progress() as report:
        summary = run_batch(
            artifacts,
            table,
            out,
            settings,
            events=events,
            engine=engine,
            workers=workers,
            shard_users=shard_users,
            format=format,
            overwrite=overwrite,
            report=lambda done, total: report("explain shards", done, total),
        )
    if json:
        write_json_lines([asdict(summary)])
    else:
        rate = summary.sentences / max(summary.seconds, 1e-9)
        note(
            f"{summary.users} users, {summary.sentences} sentences, {summary.refused} rows without one, "
            f"{summary.seconds:.1f} s ({rate:.0f} sentences a second): {out.resolve()}"
        )
