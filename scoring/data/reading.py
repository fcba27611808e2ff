"""Read a table from a CSV or Parquet file without interpreting it: a CSV field stays the text that it is."""

from __future__ import annotations

import codecs
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from scoring.data.violations import REASON, ROW
from scoring.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CSV_ENDINGS: Final = frozenset({".csv"})
PARQUET_ENDINGS: Final = frozenset({".parquet", ".pq"})
OTHER_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
CHUNK_BYTES: Final = 1 << 20
PIECE_BYTES: Final = 1 << 22
"""Size of the pieces in which a CSV file is read."""

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
        The table; empty CSV fields are missing. A ``TableError`` says that the file is missing, empty, of another
        format, or not a table.
    """
    if not is_csv(path):
        return RawTable(_read_parquet(path), no_ragged())
    ragged: list[pd.DataFrame] = []
    frame = pd.concat(csv_pieces(path, skip_bad=skip_bad, ragged=ragged))
    return RawTable(frame, ragged[0])


def is_csv(path: Path) -> bool:
    """Return whether a file is CSV by its ending, and not Parquet.

    Args:
        path: The file.

    Returns:
        The answer.

    Raises:
        TableError: If the file is missing, empty or of another format.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "missing"
        raise TableError(f"{path} is {what} but a .csv or .parquet file is needed. Check the path.")
    if path.stat().st_size == 0:
        raise TableError(f"{path.name} has 0 bytes but a header and rows are needed. Export the table again.")
    ending = path.suffix.lower()
    if ending in PARQUET_ENDINGS | CSV_ENDINGS:
        return ending in CSV_ENDINGS
    raise TableError(f"{path.name} ends in {ending!r} but .csv or .parquet is needed. Convert or rename the file.")


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


def no_ragged() -> pd.DataFrame:
    """Return no rows with too few or too many fields."""
    return _Ragged().frame


@dataclass
class _Ragged:
    rows: list[tuple[int, str, str]] = field(default_factory=list)

    def __call__(self, row: pa.csv.InvalidRow) -> str:
        reason = f"the row has {_counted(row.actual_columns, 'field')} but the header has {row.expected_columns}"
        self.rows.append((row.number - 1, reason, row.text))
        return "skip"

    @property
    def frame(self) -> pd.DataFrame:
        types = {ROW: "int64", REASON: "str", RAGGED_TEXT: "str"}
        return pd.DataFrame(self.rows, columns=list(types)).astype(types)

    def check(self, name: str, *, skip_bad: bool) -> None:
        if self.rows and not skip_bad:
            row, reason, text = self.rows[0]
            raise TableError(
                f"{name}: {reason} in {_counted(len(self.rows), 'row')} (first: row {row}, {text[:60]!r}). "
                "Put quotes around fields that contain a comma, and write every field."
            )


def csv_pieces(path: Path, *, skip_bad: bool, ragged: list[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Read a CSV file piece by piece, so that memory does not grow with it.

    Args:
        path: A file that ``read_table`` reads.
        skip_bad: Set aside rows with too few or too many fields instead of refusing the file.
        ragged: Gets the rows that were set aside, at the end of the file.

    Yields:
        pd.DataFrame: Rows as ``RawTable.frame`` has them, numbered as in the whole file; at least one piece. Without
            ``skip_bad``, a ``TableError`` counts the other rows at the end.
    """
    found, last, is_empty = _Ragged(), 0, True
    with _csv_errors(path), _open_csv(path, found) as reader:
        for batch in reader:
            if batch.num_rows:
                wrong = [row for row, _, _ in found.rows if row > last]
                numbers = np.setdiff1d(np.arange(last + 1, last + 1 + batch.num_rows + len(wrong)), wrong)
                frame = batch.to_pandas().set_axis(pd.Index(numbers[: batch.num_rows], name=ROW), axis=0)
                last = int(frame.index.max()) if len(frame) else last
                is_empty = False
                yield frame
        if is_empty:
            names = reader.schema.names
            yield pd.DataFrame({name: pd.Series(dtype="str") for name in names}, index=pd.Index([], name=ROW))
    found.check(path.name, skip_bad=skip_bad)
    ragged.append(found.frame)


def _open_csv(path: Path, ragged: _Ragged) -> pa.csv.CSVStreamingReader:
    names = _header(path)
    return pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, column_names=names, skip_rows=1, block_size=PIECE_BYTES
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=ragged),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )


@contextmanager
def _csv_errors(path: Path) -> Iterator[None]:
    _check_encoding(path)
    try:
        yield
    except (ValueError, pa.ArrowException) as error:
        raise TableError(
            f"{path.name} cannot be read as comma-separated values ({error}). Check its quotes and line breaks."
        ) from error


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
