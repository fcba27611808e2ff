"""Read a table from a CSV or Parquet file without interpreting it: a CSV field stays the text that it is."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from scoring.data.violations import REASON, ROW
from scoring.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

CSV_ENDINGS: Final = frozenset({".csv"})
PARQUET_ENDINGS: Final = frozenset({".parquet", ".pq"})
OTHER_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
CHUNK_BYTES: Final = 1 << 20
RAGGED_TEXT: Final = "text"
WHOLE_NUMBERS: Final = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
}  # fmt: skip
"""Keeps whole numbers whole where some are missing: an id 7 must not become 7.0."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as a file holds it.

    Attributes:
        frame: All columns; its index, called ``row``, numbers the rows from 1, the header not counted.
        ragged: Rows with too few or too many fields, with ``row``, ``reason`` and their ``text``.
    """

    frame: pd.DataFrame
    ragged: pd.DataFrame


def read_table(path: Path, *, skip_bad: bool = False) -> RawTable:
    """Read a file by its ending.

    Args:
        path: A ``.csv`` (UTF-8, commas) or ``.parquet`` file.
        skip_bad: Set aside rows with too few or too many fields instead of refusing the file.

    Returns:
        The table; empty CSV fields are missing.

    Raises:
        TableError: If the file is missing, empty, of another format, or not a table.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "missing"
        raise TableError(f"{path} is {what} but a .csv or .parquet file is needed. Check the path.")
    if path.stat().st_size == 0:
        raise TableError(f"{path.name} has 0 bytes but a header and rows are needed. Export the table again.")
    ending = path.suffix.lower()
    if ending in PARQUET_ENDINGS:
        return RawTable(_read_parquet(path), _no_ragged())
    if ending in CSV_ENDINGS:
        return _read_csv(path, skip_bad=skip_bad)
    raise TableError(f"{path.name} ends in {ending!r} but .csv or .parquet is needed. Convert or rename the file.")


def _no_ragged() -> pd.DataFrame:
    return pd.DataFrame(
        {ROW: pd.Series(dtype="int64"), REASON: pd.Series(dtype="str"), RAGGED_TEXT: pd.Series(dtype="str")}
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TableError(
            f"{path.name} is not a readable Parquet file but ends in {path.suffix!r} ({error}). Export the table again."
        ) from error
    frame: pd.DataFrame = table.to_pandas(types_mapper=WHOLE_NUMBERS.get, ignore_metadata=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name=ROW)
    return frame


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass
class _Ragged:
    rows: list[tuple[int, str, str]] = field(default_factory=list)

    def __call__(self, row: pa.csv.InvalidRow) -> str:
        reason = f"the row has {_counted(row.actual_columns, 'field')} but the header has {row.expected_columns}"
        self.rows.append((row.number - 1, reason, row.text))
        return "skip"


def _read_csv(path: Path, *, skip_bad: bool) -> RawTable:
    _check_encoding(path)
    names = _header(path)
    ragged = _Ragged()
    try:
        table = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=ragged),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except (ValueError, pa.ArrowException) as error:
        raise TableError(
            f"{path.name} cannot be read as comma-separated values ({error}). Check its quotes and line breaks."
        ) from error
    if ragged.rows and not skip_bad:
        row, reason, text = ragged.rows[0]
        raise TableError(
            f"{path.name}: {reason} in {_counted(len(ragged.rows), 'row')} (first: row {row}, {text[:60]!r}). "
            "Put quotes around fields that contain a comma, and write every field."
        )
    return _numbered(table, ragged)


def _numbered(table: pa.Table, ragged: _Ragged) -> RawTable:
    aside = pd.DataFrame(ragged.rows, columns=[ROW, REASON, RAGGED_TEXT]) if ragged.rows else _no_ragged()
    rows = pd.RangeIndex(1, table.num_rows + len(aside) + 1)
    frame = table.to_pandas()
    frame.index = rows.difference(pd.Index(aside[ROW])).rename(ROW)
    return RawTable(frame, aside)


def _check_encoding(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK_BYTES)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                at = done - pending + error.start
                raise TableError(
                    f"{path.name}: byte {at + 1} is 0x{error.object[error.start]:02X}, which is not UTF-8 but UTF-8 is "
                    "needed. Save the file with the encoding UTF-8."
                ) from error
            if "\0" in text:
                raise TableError(
                    f"{path.name} holds NUL bytes, as UTF-16 and binary files do, but UTF-8 text is needed. "
                    "Save the file as CSV with the encoding UTF-8."
                )
            if not chunk:
                return
            done += len(chunk)


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        line = stream.readline()
    if not line.strip():
        raise TableError(
            f"{path.name}: the first line is empty but a header is needed. Write the names of the columns."
        )
    try:
        names: list[str] = pyarrow.csv.read_csv(
            pa.BufferReader(line.encode()), read_options=pyarrow.csv.ReadOptions(use_threads=False)
        ).column_names
    except pa.ArrowException as error:
        raise TableError(
            f"{path.name}: the header {line.strip()!r} has a quote that does not close but names on one line are "
            "needed. Complete the quote."
        ) from error
    if len(names) == 1:
        for delimiter, called in OTHER_DELIMITERS.items():
            if delimiter in names[0]:
                raise TableError(
                    f"{path.name}: the header is {names[0]!r}, separated by {called}, but commas are needed. "
                    "Export the file with commas."
                )
    if "" in names:
        raise TableError(
            f"{path.name}: column {names.index('') + 1} has no name but every column needs one. Complete the header."
        )
    return names
