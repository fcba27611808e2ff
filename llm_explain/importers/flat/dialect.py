"""How a text file is written: its encoding, its separator, and whether it has a header."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from charset_normalizer import from_bytes

from llm_explain.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN: Final = "cp1252"
CENTRAL: Final = "cp1250"
IN_WORDS: Final = re.compile(rb"[A-Za-z][\xa3\xa5\xaf\xb3\xb9\xbc\xbe\xbf](?=[a-z])")
"""Letters of Central European words that the Western code page reads as signs: "bia³y" for "biały"."""

LEAST_IN_WORDS: Final = 0.05
OTHER_CODE_PAGES: Final = ["cp1250", "cp1251", "cp1253", "cp1254", "gb18030", "big5", "shift_jis", "euc_kr"]
MANY_HIGH_BYTES: Final = 0.15
"""Western European text has fewer bytes above 0x7F than this share."""

FEW_HIGH_BYTES: Final = 16
"""Too few bytes above 0x7F to tell code pages apart."""

SAMPLE: Final = 1 << 18
SAMPLE_ROWS: Final = 200
SEPARATORS: Final = (",", ";", "\t", "|", "::")
MOST_BEFORE: Final = 30
"""Rows that may stand before a header."""

WHITE_SPACE: Final = " "
LEAST_AGREEMENT: Final = 0.8
NUMERIC: Final = re.compile(r"\s*[-+(]?[\d.,'\s]*\d[\d.,:/\-\s]*\)?\s*%?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the rows of a text file are written.

    Attributes:
        separator: What stands between fields; a space stands for any white space.
        preamble: Lines before the header or the first row.
        has_header: Whether the first row names the columns.
        gap: Where the rows have a field without a header: row numbers ``first``, or nothing ``last``.
    """

    separator: str
    preamble: int
    has_header: bool
    gap: Literal["", "first", "last"] = ""


def decode(data: bytes) -> tuple[str, str]:
    """Decode a file's bytes.

    Args:
        data: The whole file.

    Returns:
        The text and the name of its encoding.
    """
    encoded, encoding = as_utf8(data)
    return encoded.decode("utf-8"), encoding


def as_utf8(data: bytes) -> tuple[bytes, str]:
    """Return a file's bytes in UTF-8 without a BOM; those of a UTF-8 file are not copied.

    Args:
        data: The whole file.

    Returns:
        The bytes and the name of the file's encoding.
    """
    encoding = _encoding(data)
    if encoding == "utf-8":
        return data, encoding
    if encoding == "utf-8-sig":
        data = data.removeprefix(codecs.BOM_UTF8)
        return (data if _is_utf8(data) else data.decode("utf-8", errors="replace").encode()), encoding
    return data.decode(encoding, errors="replace").encode("utf-8", errors="replace"), encoding


def _encoding(data: bytes) -> str:
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return encoding
    head = data[:SAMPLE]
    if head.count(0) > len(head) // 5:
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    return "utf-8" if _is_utf8(data) else _code_page(data)


def _is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8, without a decoded copy of all of them."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), SAMPLE):
            decoder.decode(data[start : start + SAMPLE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _code_page(data: bytes) -> str:
    lines = [line for line in data.splitlines() if not line.isascii()]
    sample = b"\n".join(lines)
    if len(sample) > SAMPLE:  # whole lines: half a character is no text of any code page
        sample = sample[:SAMPLE].rpartition(b"\n")[0] or sample
    high = sum(byte > 0x7F for byte in sample)
    letters = sum(byte > 0x7F or chr(byte).isalpha() for byte in sample)
    if high < max(MANY_HIGH_BYTES * letters, FEW_HIGH_BYTES):
        return CENTRAL if len(IN_WORDS.findall(sample)) >= max(LEAST_IN_WORDS * high, 2) else WESTERN
    best = from_bytes(sample, cp_isolation=[*OTHER_CODE_PAGES, WESTERN]).best()
    return best.encoding if best is not None else WESTERN


def sniff(text: str, is_known: Callable[[str], bool]) -> Dialect:
    """Find out how a text's rows are written.

    Args:
        text: The decoded file.
        is_known: Whether a header names a column that is known.

    Returns:
        The dialect.
    """
    lines = text[:SAMPLE]
    first = lines.partition("\n")[0].strip().strip('"')
    if match := re.fullmatch(r"sep=(.)", first, re.IGNORECASE):  # Excel's hint
        rows = split_rows(lines.partition("\n")[2], match[1])
        return Dialect(match[1], 1, has_header(rows, is_known))
    separator = max(SEPARATORS, key=lambda candidate: _agreement(split_rows(lines, candidate)))
    if _agreement(split_rows(lines, separator)) < (LEAST_AGREEMENT, 2):
        is_columns = _agreement(split_rows(lines, WHITE_SPACE)) >= (LEAST_AGREEMENT, 2)
        separator = WHITE_SPACE if is_columns else separator if separator in first else ","
    rows = split_rows(lines, separator)
    width = _width(rows)
    preamble = next((n for n, row in enumerate(rows) if len(row) == width), 0)
    preamble += rows_before_header(rows[preamble:], is_known)
    if preamble and sum(map(is_known, rows[preamble - 1])) > 1:
        return Dialect(separator, preamble - 1, True, _gap(rows[preamble - 1], rows[preamble:]))
    return Dialect(separator, preamble, has_header(rows[preamble:], is_known))


def rows_before_header(rows: list[list[str]], is_known: Callable[[str], bool]) -> int:
    """Return how many rows stand before the header: titles, notes and names of groups of columns.

    Args:
        rows: The first rows, of equal length.
        is_known: Whether a header names a column that is known.

    Returns:
        The place of the first row that has two known headers and a field in most columns, if the rows before it have a
        field in less than half of the columns; else 0.
    """
    filled = [sum(bool(field.strip()) for field in row) for row in rows[:MOST_BEFORE]]
    most = max(filled, default=0)
    for place, row in enumerate(rows[:MOST_BEFORE]):
        if 2 * filled[place] > most:
            return place if sum(map(is_known, row)) > 1 else 0
    return 0


def _gap(header: list[str], rows: list[list[str]]) -> Literal["first", "last"]:
    """Return where rows have one field more than their header."""
    full = [row for row in rows if len(row) == len(header) + 1]
    if full and not any(row[-1].strip() for row in full):
        return "last"
    if full and all(row[0].strip().isdigit() for row in full) and len({row[0] for row in full}) == len(full):
        return "first"
    raise TableError(
        f"the header has {len(header)} columns ({', '.join(header[:3])}, …) but the rows have {len(rows[0])} fields, "
        "and one header a field is needed. Export the file again or correct its first line."
    )


def split_rows(text: str, separator: str) -> list[list[str]]:
    """Split the first rows of a text into fields.

    Args:
        text: The text.
        separator: What stands between fields; a space stands for any white space.

    Returns:
        At most ``SAMPLE_ROWS`` rows; the last one may be cut off and is left out of longer texts.
    """
    if separator == WHITE_SPACE:
        return [line.split() for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()]
    if len(separator) > 1:
        return [line.split(separator) for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        rows = list(itertools.islice(reader, SAMPLE_ROWS))
    except csv.Error:
        rows = [line.split(separator) for line in text.splitlines()[:SAMPLE_ROWS]]
    return [row for row in (rows if len(text) < SAMPLE else rows[:-1]) if any(field.strip() for field in row)]


def _width(rows: list[list[str]]) -> int:
    widths = Counter(len(row) for row in rows)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _agreement(rows: list[list[str]]) -> tuple[float, int]:
    """Return the share of rows with the commonest number of fields, and that number; (0, 0) for one field."""
    width = _width(rows)
    if width < 2:
        return 0.0, 0
    return round(sum(len(row) == width for row in rows) / len(rows), 2), width


def has_header(rows: list[list[str]], is_known: Callable[[str], bool]) -> bool:
    """Return whether the first row names the columns.

    Args:
        rows: The first rows.
        is_known: Whether a header names a column that is known.

    Returns:
        Whether it is a header: it has a known name, or no number where the rows below have numbers.
    """
    if not rows:
        return False
    first, below = rows[0], rows[1:]
    named = [field for field in first if field.strip()]
    if not named or any(NUMERIC.fullmatch(field) for field in named):
        return False
    if any(is_known(field) for field in named) or not below:
        return True
    columns = zip(*(row for row in below if len(row) == len(first)), strict=False)
    return any(all(NUMERIC.fullmatch(v) for v in column if v) and any(column) for column in columns)
