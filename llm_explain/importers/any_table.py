"""One table from a file in any usual form: CSV of any encoding and separator, Excel, JSON lines, Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.importers.flat.files import PARQUET_ENDINGS, read_sources
from scoring.data.reading import read_table
from scoring.demand.columns import HEADERS, normal

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    import pandas as pd

_KNOWN: Final = {header for headers in HEADERS.values() for header in headers}


def read_any_table(path: Path, known: Container[str] = _KNOWN) -> pd.DataFrame:
    """Read the first table of a file.

    Args:
        path: The file.
        known: Headers, with spaces for other marks, that tell the first row of a table from its names.

    Returns:
        Its columns; text, except in a Parquet file. Decimal commas are points. The call raises ``TableError`` if the
        file cannot be read.
    """
    if path.suffix.lower() in PARQUET_ENDINGS:
        return read_table(path).frame
    source = read_sources(path, lambda header: normal(header) in known)[0]
    frame = source.frame.reset_index(drop=True)
    if source.is_decimal_comma:
        frame = frame.replace(r"^(-?\d+),(\d+)$", r"\1.\2", regex=True)
    return frame
