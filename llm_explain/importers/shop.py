"""Import the tables of any shop from CSV or Parquet files.

Everything is checked by ``scoring.data.validation``. Names lose markup, placeholders become missing, and of a path of
categories the last name stands for the item.
"""

from __future__ import annotations

from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.errors import SettingError, TableError
from llm_explain.importers.flat.corrections import command
from llm_explain.importers.flat.items import clean_names, told_availability, with_availability
from llm_explain.importers.flat.proposals import sensitive, told_languages
from llm_explain.importers.rejects import write_rejects
from llm_explain.importers.shop_settings import given_settings, proposed_settings
from llm_explain.importers.sorted_events import PART_BYTES, write_sorted
from llm_explain.importers.summary import ImportSummary, Progress, row_counts, silent
from scoring.data.reading import RawTable, csv_pieces, is_csv, no_ragged, read_table
from scoring.data.rules import COLUMNS
from scoring.data.tables import AVAILABLE, EMBEDDING_PREFIX, ITEM_ID, Tables
from scoring.data.validation import check, check_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


READ_ORDER: Final = ("items", "events", "users", "promotions")
"""Items first: events and promotions may only name those."""


def import_csv(
    *,
    events: Path,
    items: Path,
    out: Path,
    users: Path | None = None,
    promotions: Path | None = None,
    column_map: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    settings: Mapping[str, object] | None = None,
    progress: Progress = silent,
) -> ImportSummary:
    """Write the four tables from a shop's files; the ending says whether one is CSV or Parquet.

    Args:
        events: File of the events.
        items: File of the items.
        out: Folder to create or fill.
        users: File of the users, if there is one.
        promotions: File of the promotions, if there is one.
        column_map: The contract's name by the files' name of a column, in every file that has it; a column whose new
            name is empty is left out.
        skip_bad: Set aside rows that break a rule, in ``<out>/rejects/<table>.csv``, instead of refusing the file.
        settings: Settings of ``shop.yaml`` by name; they replace those of a file that is in the folder already.
        progress: Told of each file.

    Returns:
        Rows written and rows set aside. ``shop.yaml`` in ``out`` keeps its settings and gets proposals of sensitive
        names.
    """
    paths = {"items": items, "events": events, "users": users, "promotions": promotions}
    given = {name: path for name in READ_ORDER if (path := paths[name]) is not None}
    shop = given_settings(out, settings or {})
    raw: dict[str, RawTable] = {}
    for done, (name, path) in enumerate(given.items()):
        progress("Reading files", done, len(given))
        with _or_as_it_is(given.values(), out, is_export=path.exists()):
            raw[name] = _head(path) if name == "events" else read_table(path, skip_bad=skip_bad)
    progress("Reading files", len(given), len(given))
    frames = rename_columns({name: table.frame for name, table in raw.items()}, column_map or {})
    good: dict[str, pd.DataFrame] = {}
    rejects: dict[str, pd.DataFrame] = {}
    for done, (name, frame) in enumerate(frames.items()):
        progress("Checking tables", done, len(given))
        needed = {column for column, rule in COLUMNS[name].items() if rule.is_required}
        with _or_as_it_is(given.values(), out, is_export=not needed <= set(frame.columns)):
            check_columns(frame, name, given[name].name)
        if name != "events":
            source, item_ids = given[name].name, good["items"][ITEM_ID] if good else None
            checked = check(frame, name, source=source, item_ids=item_ids, skip_bad=skip_bad, shop=shop)
            good[name], rejects[name] = checked.frame, checked.rejects
    ragged = [raw["events"].ragged]

    def read() -> Iterator[pd.DataFrame]:
        if not is_csv(events):
            yield frames["events"]
            return
        with _or_as_it_is(given.values(), out, is_export=True):
            for piece in csv_pieces(events, skip_bad=skip_bad, ragged=ragged):
                yield renamed(piece, column_map or {})

    with TemporaryDirectory(dir=next(each for each in (out, *out.parents) if each.is_dir())) as folder:
        path = Path(folder, "events.parquet")
        written, rejects["events"] = write_sorted(
            read, path, n_parts=1 + events.stat().st_size // PART_BYTES, source=events.name,
            item_ids=pd.Index(good["items"][ITEM_ID]), skip_bad=skip_bad, shop=shop,
        )  # fmt: skip
        progress("Checking tables", len(given), len(given))
        notes: dict[str, int] = {}
        good["items"] = clean_names(good["items"], shop.locale)
        shop, remarks = proposed_settings(shop, written)
        if AVAILABLE in good["items"]:
            said, good["items"] = good["items"], with_availability(good["items"])
            remarks += told_availability(said, good["items"])
        remarks += told_languages(good["items"], shop.locale)
        proposals = shop.proposals.updated(sensitive(written.of_item, good["items"], shop.locale))
        tables = Tables(pd.DataFrame(), **good, shop=shop.model_copy(update={"proposals": proposals}))
        if proposals.open:
            notes["proposals without a decision in shop.yaml"] = proposals.open
        tables.write(out, events=path)
    set_aside = _write_rejects(
        out, rejects, {**{name: table.ragged for name, table in raw.items()}, "events": ragged[-1]}
    )
    rows = {**row_counts(tables), "events": written.rows}
    return ImportSummary(out, rows, notes=notes, rejects=set_aside, remarks=tuple(remarks))


@contextmanager
def _or_as_it_is(files: Iterable[Path], out: Path, *, is_export: bool) -> Iterator[None]:
    """Add to an error of a file with another form that ``import flat`` reads exports as they are."""
    try:
        yield
    except TableError as error:
        if not is_export:
            raise
        told = command(dict.fromkeys(files), out, (), ())
        raise TableError(f"{error} For exports of a shop system, `{told}` reads them as they are.") from error


def _head(path: Path) -> RawTable:
    """Read the first rows of a CSV file, or a whole Parquet file."""
    if not is_csv(path):
        return read_table(path)
    rows = next(csv_pieces(path, skip_bad=True, ragged=[]))
    return RawTable(rows, no_ragged())


def _write_rejects(out: Path, rejects: dict[str, pd.DataFrame], ragged: dict[str, pd.DataFrame]) -> dict[Path, int]:
    files = {name: out / "rejects" / f"{name}.csv" for name in rejects}
    counts = {path: write_rejects(rejects[name], ragged[name], path) for name, path in files.items()}
    return {path: count for path, count in counts.items() if count}


def rename_columns(frames: Mapping[str, pd.DataFrame], column_map: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """Give columns the contract's names.

    Args:
        frames: Tables by name.
        column_map: The contract's name by the files' name; an empty name leaves the column out.

    Returns:
        The tables with renamed columns.

    Raises:
        SettingError: If no file has a column that is to be renamed, or the contract has no such name.
    """
    there = sorted({str(column) for frame in frames.values() for column in frame.columns})
    known = sorted({column for columns in COLUMNS.values() for column in columns})
    for column, name in column_map.items():
        if column not in there:
            near = get_close_matches(column, there, n=1)
            raise SettingError(
                f"--map {column}={name}: column {column!r} is in none of the files but one of theirs is needed. "
                + (f"Did you mean {near[0]!r}?" if near else f"They have {', '.join(there)}.")
            )
        if name and name not in known and not name.startswith(EMBEDDING_PREFIX) and "users" not in frames:
            near = get_close_matches(name, known, n=1)
            raise SettingError(
                f"--map {column}={name}: {name!r} is no column of the tables but one of theirs is needed. "
                + (f"Did you mean {near[0]!r}?" if near else f"They have {', '.join(known)}.")
            )
    return {table: renamed(frame, column_map) for table, frame in frames.items()}


def renamed(frame: pd.DataFrame, column_map: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with renamed columns, without those whose new name is empty."""
    left_out = [column for column, name in column_map.items() if not name]
    return frame.drop(columns=left_out, errors="ignore").rename(columns=dict(column_map))
