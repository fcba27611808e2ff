"""Read any export into a frame of text: delimited text, gzip, zip, Excel, Parquet, JSON lines."""

from __future__ import annotations

import ast
import gzip
import io
import json
import re
import zipfile
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from llm_explain.errors import TableError
from llm_explain.importers.flat.dialect import (
    SAMPLE,
    SAMPLE_ROWS,
    WHITE_SPACE,
    Dialect,
    as_utf8,
    decode,
    has_header,
    rows_before_header,
    sniff,
)  # fmt: skip
from llm_explain.importers.flat.nested import flat_rows, rows_of
from llm_explain.importers.flat.vocabulary import headers, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

ROW: Final = "row"
REASON: Final = "reason"
TEXT: Final = "text"
UNIT_SEPARATOR: Final = "\x1f"
BYTES_A_LETTER: Final = 4
EXCEL_ENDINGS: Final = (".xlsx", ".xlsm")
PARQUET_ENDINGS: Final = (".parquet", ".pq")
JSON_ENDINGS: Final = (".jsonl", ".ndjson", ".json")
MANY_RAGGED: Final = 0.01
MOST_PACKED: Final = 3
"""Packed files within one another; a file may hold itself."""

MOST_RATIO: Final = 200
POINTER_BYTES: Final = 8
LEAST_BOUND: Final = 100_000_000
"""A packed file is unpacked to so many times its size and so many bytes beyond: tables are packed to a tenth."""

SHOWN: Final = re.compile(r"\S+-[01](?:\s+\S+-[01])*")
LIST: Final = re.compile(r"\s*\[(?:\s*[{'\"]|\])")
"""Beginning of a list of records or of texts, or an empty list."""

TYPED: Final = re.compile(r"(.+):(token|float)(_seq)?")
"""Header of an atomic file of RecBole, with the type of its values; a sequence has spaces between its values."""

_ZIP: Final = b"PK\x03\x04"
MOST_COLUMNS: Final = 2_000
TEXT_COLUMNS: Final = {f"f{n}": pa.string() for n in range(MOST_COLUMNS)}
"""Types of the columns of a file whose names are read later."""


@dataclass(frozen=True, slots=True)
class Source:
    """One table of an export.

    Attributes:
        name: What messages and ``--map`` call it: the file's name, or the name inside a zip file.
        frame: Text columns; the index, called ``row``, numbers the rows from 1, the header not counted.
        ragged: Rows with too few or too many fields, with ``row``, ``reason`` and their ``text``.
        how: How it is written, for the report.
        has_header: Whether the file names its columns.
        is_decimal_comma: Whether the separator suggests decimal commas.
    """

    name: str
    frame: pd.DataFrame
    ragged: pd.DataFrame
    how: str
    has_header: bool = True
    is_decimal_comma: bool = False


def read_sources(path: Path, is_known: Callable[[str], bool]) -> list[Source]:
    """Read a file.

    Args:
        path: The file.
        is_known: Whether a header names a column that is known.

    Returns:
        Its tables: several for a zip file or an Excel file with sheets of different columns.

    Raises:
        TableError: If the file is missing, empty, unreadable, or has more than 2,000 columns.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "missing"
        raise TableError(f"{path} is {what} but a file is needed. Check the path.")
    try:
        data = path.read_bytes()
        sources = list(_sources(path.name, data, is_known))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError, pa.ArrowException) as error:
        raise TableError(
            f"{path.name} is not readable as its ending or content says ({error}) but a table is needed. "
            "Export it again."
        ) from error
    if (widest := max((source.frame.shape[1] for source in sources), default=0)) > MOST_COLUMNS:
        raise TableError(
            f"{path.name} has {widest:,} columns but at most {MOST_COLUMNS:,} are read. Export fewer columns."
        )
    if not any(len(source.frame) for source in sources):
        raise TableError(f"{path.name} has no rows but at least one is needed. Check the export.")
    return [replace(source, frame=_untyped(source.frame)) for source in sources if len(source.frame)]


def _untyped(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without the types in its headers, and with ``|`` in sequences that are no titles."""
    found = {str(column): TYPED.fullmatch(str(column)) for column in frame.columns}
    if not all(found.values()):
        return frame
    names = {column: match[1] for column, match in found.items() if match}
    lists = [
        c for c, match in found.items() if match and match[3] and headers()["title"].rank(normal(match[1])) is None
    ]
    return frame.assign(**{c: frame[c].str.replace(" ", "|") for c in lists}).rename(columns=names)


def _sources(name: str, data: bytes, is_known: Callable[[str], bool], depth: int = 0) -> Iterator[Source]:
    lower = name.lower()
    if depth > MOST_PACKED:
        raise TableError(f"{name} is packed more than {MOST_PACKED} times but a table is needed. Unpack it.")
    if data[:2] == b"\x1f\x8b":
        inner = name.removesuffix(".gz").removesuffix(".GZ")
        with gzip.open(io.BytesIO(data)) as packed:
            yield from _sources(inner, _unpacked(packed, len(data)), is_known, depth + 1)
    elif lower.endswith(EXCEL_ENDINGS):
        with _archive(data) if data[:4] == _ZIP else nullcontext():
            yield from _excel(name, data, is_known)
    elif data[:4] == _ZIP:
        with _archive(data) as archive:
            for member in archive.infolist():
                base = member.filename.rpartition("/")[2]
                if base and not base.startswith(".") and "__MACOSX" not in member.filename:
                    yield from _sources(base, archive.read(member), is_known, depth + 1)
    elif data[:4] == b"PAR1":
        shape = pyarrow.parquet.read_metadata(io.BytesIO(data))
        # A column of one value repeated takes no room in the file, whatever its number of rows.
        n_bytes = sum(shape.row_group(each).total_byte_size for each in range(shape.num_row_groups))
        _check_unpacked(max(n_bytes, shape.num_rows * shape.num_columns), len(data))
        yield _parquet(name, pyarrow.parquet.read_table(io.BytesIO(data)))
    elif lower.endswith(JSON_ENDINGS) or data[:1] in {b"{", b"["}:
        yield _records(name, _json(decode(data)[0]), "JSON")
    else:
        content, encoding = as_utf8(data)
        try:
            dialect = sniff(content[: BYTES_A_LETTER * SAMPLE].decode("utf-8", errors="ignore"), is_known)
        except TableError as error:
            raise TableError(f"{name}: {error}") from error
        yield read_text(name, content, encoding, dialect)


def _archive(data: bytes) -> zipfile.ZipFile:
    """Return an archive whose files together are as large as tables are; none is read beyond its stated size."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    _check_unpacked(sum(each.file_size for each in archive.infolist()), len(data))
    return archive


def _unpacked(packed: gzip.GzipFile, size: int) -> bytes:
    """Return what a file of some size is unpacked to, if it is as large as tables are."""
    data = packed.read(_most_unpacked(size) + 1)
    _check_unpacked(len(data), size)
    return data


def _check_unpacked(n_bytes: int, size: int) -> None:
    if n_bytes > _most_unpacked(size):
        raise TableError(
            f"a packed file of {size:,} bytes is more than {_most_unpacked(size):,} bytes but a table is smaller. "
            "Unpack it, and import what it holds."
        )


def _most_unpacked(size: int) -> int:
    return LEAST_BOUND + MOST_RATIO * size


def _parquet(name: str, table: pa.Table) -> Source:
    if any(pa.types.is_nested(column.type) for column in table.schema):
        return _records(name, table.to_pylist(), "Parquet")
    columns = [column.cast(pa.string()) for column in table.columns]
    frame = pa.table(columns, names=unique_names(table.column_names)).to_pandas()
    return Source(name, numbered(frame), no_ragged(), "Parquet")


def _json(text: str) -> list[Mapping[str, Any]]:
    """Return the records of a document, or of one document a line."""
    lines = [line for line in text.split("\n") if line.strip()]
    first = lines[0].strip() if lines else ""
    is_document = len(lines) == 1 or first[:1] == "[" or first[-1:] != "}"
    if is_document:
        return rows_of(_parsed(text))
    return [row for line in lines if isinstance(row := _parsed(line), dict)]


def _parsed(text: str) -> Any:
    """Return a value of JSON, or one that Python printed: some exports hold dictionaries with single quotes."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        try:
            return ast.literal_eval(text.strip())
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise ValueError(str(error)) from None


def _records(name: str, rows: Sequence[Mapping[str, Any]], how: str) -> Source:
    frame = pd.DataFrame(flat_rows(rows), dtype="str")
    return Source(name, numbered(frame), no_ragged(), how)


def _excel(name: str, data: bytes, is_known: Callable[[str], bool]) -> Iterator[Source]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    sheets: dict[tuple[str, ...], list[tuple[str, pd.DataFrame]]] = {}
    for sheet in book.worksheets:
        rows = _filled_rows(sheet, len(data))
        rows = rows[rows_before_header([[value or "" for value in row] for row in rows[:SAMPLE_ROWS]], is_known) :]
        if len(rows) < 2:
            continue
        is_headed = has_header([[value or "" for value in row] for row in rows[:200]], is_known)
        names = unique_names(rows[0]) if is_headed else [str(n + 1) for n in range(len(rows[0]))]
        frame = pd.DataFrame(rows[1:] if is_headed else rows, columns=names, dtype="str")
        frame = frame.loc[:, [n for n, raw in zip(names, rows[0], strict=True) if raw or frame[n].notna().any()]]
        sheets.setdefault(tuple(frame.columns), []).append((sheet.title, frame))
    for group in sheets.values():
        called = name if len(sheets) == 1 else f"{name}/{group[0][0]}"
        yield Source(called, numbered(pd.concat([frame for _, frame in group])), no_ragged(), "Excel")


def _filled_rows(sheet: Any, size: int) -> list[list[str | None]]:
    """Return the rows of a sheet that are not empty, of equal length, if they have as many cells as tables have."""
    sheet.reset_dimensions()  # else each row is as long as the file says
    rows: list[list[str | None]] = []
    width = 0
    for values in sheet.iter_rows(values_only=True):
        row = [_cell(value) for value in values]
        while row and not row[-1]:
            row.pop()
        if row:
            rows.append(row)
            width = max(width, len(row))
            _check_unpacked(len(rows) * width * POINTER_BYTES, size)
    return [row + [None] * (width - len(row)) for row in rows]


def _cell(value: object) -> str | None:
    if value is None or value == "":
        return None
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def read_text(name: str, content: bytes, encoding: str, dialect: Dialect) -> Source:
    """Read delimited text.

    Args:
        name: What to call it.
        content: The file in UTF-8.
        encoding: The name of its own encoding, for the report.
        dialect: How its rows are written.

    Returns:
        The table.
    """
    separator = dialect.separator
    for _ in range(dialect.preamble):
        content = _from_first_row(content, separator).partition(b"\n")[2]
    content = _from_first_row(content, separator) if dialect.preamble else content
    if dialect.gap:
        header, newline, rest = content.partition(b"\n")
        ended, mark = header.rstrip(b"\r"), separator.encode()
        content = (mark + ended if dialect.gap == "first" else ended + mark) + newline + rest
    if separator == WHITE_SPACE:
        lines = content.decode("utf-8").splitlines()
        content = "\n".join(UNIT_SEPARATOR.join(line.split()) for line in lines if line.strip()).encode()
    elif len(separator) > 1:
        content = content.replace(separator.encode(), UNIT_SEPARATOR.encode())
    is_plain = len(separator) == 1 and separator != WHITE_SPACE
    delimiter = separator if is_plain else UNIT_SEPARATOR
    quotes: list[str | bool] = [False] if delimiter == UNIT_SEPARATOR else ['"', False]
    tries = (_delimited(content, delimiter, quote, is_headed=dialect.has_header) for quote in quotes)
    frame, ragged = next((found for found in tries if len(found[1]) <= MANY_RAGGED * len(found[0])), (None, None))
    if frame is None or ragged is None:
        frame, ragged = _delimited(content, delimiter, quotes[0], is_headed=dialect.has_header)
    shown = {"\t": "tabs", WHITE_SPACE: "spaces"}.get(separator, f"'{separator}'")
    how = f"{shown}, {encoding}" + ("" if dialect.has_header else ", no header")
    return Source(name, frame, ragged, how, dialect.has_header, is_decimal_comma=separator in {";", "\t"})


def _from_first_row(content: bytes, separator: str) -> bytes:
    """Return a text without the lines at its beginning that hold nothing but separators."""
    empty = separator.encode() + b' \r\n"'
    while content and not content.partition(b"\n")[0].strip(empty):
        content = content.partition(b"\n")[2]
    return content


def _delimited(body: bytes, delimiter: str, quote: str | bool, *, is_headed: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows: list[tuple[int, str, str]] = []

    def set_aside(row: Any) -> str:
        found = f"the row has {row.actual_columns} fields but {row.expected_columns} are needed"
        rows.append((int(row.number or 0) - int(is_headed), found, row.text))
        return "skip"

    escape = "\\" if b'\\"' in body and b'""' not in body else False
    table = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, autogenerate_column_names=True, block_size=max(len(body) // 8, 1 << 24)
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter, quote_char=quote, escape_char=escape, newlines_in_values=bool(quote),
            invalid_row_handler=set_aside, double_quote=True,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True,
            column_types=TEXT_COLUMNS,
        ),
    )  # fmt: skip
    frame = table.to_pandas()
    if is_headed:
        names = unique_names([value if isinstance(value, str) else None for value in frame.iloc[0]])
        frame = frame.iloc[1:]
    else:
        names = [str(n + 1) for n in range(frame.shape[1])]
    frame = frame.set_axis(names, axis=1).astype("str")
    aside = pd.DataFrame(rows, columns=[ROW, REASON, TEXT])
    index = pd.RangeIndex(1, len(frame) + len(aside) + 1).difference(pd.Index(aside[ROW]))[: len(frame)]
    frame.index = pd.Index(index, name=ROW)
    return frame, aside


def unique_names(names: list[str | None]) -> list[str]:
    """Return headers without repeats; an empty one is called ``unnamed``.

    Args:
        names: Headers as the file has them.

    Returns:
        One name a column.
    """
    seen: dict[str, int] = {}
    unique = []
    for raw in names:
        name = (raw or "").strip().strip("\ufeff") or "unnamed"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return unique


def _clicked(frame: pd.DataFrame, shown: str) -> pd.DataFrame:
    """Return one row for each click, without columns that number the rows."""
    kept = [column for column in frame if not (frame[column] == frame.index.astype("str")).all()]
    clicks = frame[shown].str.findall(r"(\S+)-1(?!\S)")
    rows = frame[kept].assign(**{shown: clicks}).explode(shown).dropna(subset=[shown])
    return numbered(rows.assign(kind="click").astype("str"))


def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of text whose index numbers the rows from 1."""
    texts = frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name=ROW), axis=0)
    return texts.replace("", None).astype("str")


def no_ragged() -> pd.DataFrame:
    """Return an empty table of rows with too few or too many fields."""
    return pd.DataFrame({ROW: pd.Series(dtype="int64"), REASON: pd.Series(dtype="str"), TEXT: pd.Series(dtype="str")})


def with_nested_rows(source: Source) -> Source:
    """Return a table with one row for each entry of a column that holds lists of items; other lists are joined.

    A column of what was shown, such as "N55689-1 N35729-0", gives one row for each item that was clicked.
    """
    frame = source.frame
    for column in frame:
        head = frame[column].dropna().head(SAMPLE_ROWS)
        ends = {*head.str.findall(r"-([01])(?!\S)").explode()} if head.str.fullmatch(SHOWN).mean() > 0.9 else set()
        if {"0", "1"} <= ends:
            return replace(source, frame=_clicked(frame, str(column)))
    nested = [str(c) for c in frame if frame[c].dropna().head(20).str.match(LIST).mean() > 0.5]
    if not nested:
        return source
    records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]  # columns are texts
    for record in records:
        for column in nested:
            try:
                record[column] = _parsed(record[column]) if isinstance(record[column], str) else []
            except ValueError:
                record[column] = []
    return replace(source, frame=numbered(pd.DataFrame(flat_rows(records), dtype="str")))
