"""``catalogue``: change items, prices, availability and promotions of trained artifacts without training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, write_json_lines
from llm_explain.cli.opening import open_explainer
from llm_explain.cli.state import Url, opened

if TYPE_CHECKING:
    import pandas as pd

    from llm_explain.catalogue import LiveCatalogue
    from scoring.data.changes import Change

app = typer.Typer(help="Change items, prices, availability and promotions without training.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet file.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of items.")]
Moment = Annotated[
    str | None,
    typer.Option(
        "--moment", metavar="TIME",
        help="From when on the change counts, ISO 8601; right after the latest known moment if not given.",
    ),
]  # fmt: skip


def _open(artifacts: Path) -> LiveCatalogue:
    return open_explainer(artifacts).catalogue


def _read(file: Path) -> pd.DataFrame:
    from scoring.data.reading import read_table

    return read_table(file).frame


def _record(change: Change) -> dict[str, Any]:
    return {
        "operation": change.operation,
        "moment": change.moment,
        "items": [str(item["item_id"]) for item in change.items],
        "promotions": len(change.promotions) + len(change.ended),
    }


def _say(change: Change, *, json: bool) -> None:
    if json:
        write_json_lines([_record(change)])
    else:
        n = len(change.items) or len(change.promotions) or len(change.ended)
        note(f"{change.operation}: {n:,} rows, from {change.moment} on")


@app.command("put")
def put(
    file: File,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    moment: Moment = None,
    json: options.Json = False,
) -> None:
    """Add items, and change those that are there (item_id, title, category, brand, price, …)."""
    _say(_open(artifacts).put(_read(file), moment=moment), json=json)


@app.command("patch")
def patch(
    file: File,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    moment: Moment = None,
    json: options.Json = False,
) -> None:
    """Change fields of items: item_id and the columns that change, for example price or available."""
    _say(_open(artifacts).patch(_read(file), moment=moment), json=json)


@app.command("discontinue")
def discontinue(
    item_ids: Ids,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    moment: Moment = None,
    json: options.Json = False,
) -> None:
    """Recommend items no more."""
    _say(_open(artifacts).discontinue(item_ids, moment=moment), json=json)


@app.command("promote")
def promote(
    file: File,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    moment: Moment = None,
    json: options.Json = False,
) -> None:
    """Add promotions (item_id, start, end, label; optional store_id)."""
    _say(_open(artifacts).promote(_read(file), moment=moment), json=json)


@app.command("end-promotions")
def end_promotions(
    item_ids: Ids,
    label: Annotated[str | None, typer.Option(metavar="LABEL", help="Only promotions with this label.")] = None,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    moment: Moment = None,
    json: options.Json = False,
) -> None:
    """End promotions of items before their time."""
    _say(_open(artifacts).end_promotions(item_ids, label=label, moment=moment), json=json)


@app.command("pull")
def pull(
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS, state: Url = None, json: options.Json = False
) -> None:
    """Take over the changes that a service received over HTTP, so that every command and batch sees them."""
    import pandas as pd

    from llm_explain.catalogue import CHANGES
    from scoring.data.changes import ChangeLog
    from scoring.scorer.artifacts import read_manifest

    as_of = pd.Timestamp(read_manifest(artifacts, is_checked=True)["as_of"])  # the tables know earlier changes
    with opened(state) as keeper:
        changes = [change for change in keeper.changes.read() if change.since > as_of]
    new = ChangeLog(artifacts / CHANGES).take(changes)
    if json:
        write_json_lines([{"operation": "pull", "changes": new}])
    else:
        note(f"pull: {new:,} new of {len(changes):,} changes that came over HTTP")


@app.command("show")
def show(artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS, json: options.Json = False) -> None:
    """List the changes, oldest first."""
    from llm_explain.catalogue import CHANGES
    from scoring.data.changes import ChangeLog
    from scoring.scorer.artifacts import read_manifest

    read_manifest(artifacts, is_checked=True)
    rows = [_record(change) for change in ChangeLog(artifacts / CHANGES).read()]
    if json:
        write_json_lines(rows)
        return
    table = Table("moment", "operation", "items", "promotions")
    for row in rows:
        shown = ", ".join(row["items"][:5]) + (f" and {len(row['items']) - 5:,} more" if len(row["items"]) > 5 else "")
        table.add_row(row["moment"], row["operation"], shown, str(row["promotions"] or ""))
    OUT.print(table)
