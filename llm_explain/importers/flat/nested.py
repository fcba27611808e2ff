"""Rows without nesting: one row for each item of an order or event that lists its items."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ITEMS: Final = "items"
LINE_LISTS: Final = (
    ITEMS, "line_items", "lineitems", "lines", "order_items", "products", "order_lines", "events", "interactions",
    "actions", "orders", "purchases", "transactions", "plays", "tracks", "sessions",
)  # fmt: skip
"""Fields whose entries are rows of their own, best first."""


def flat_rows(records: Iterable[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """Return records without nesting.

    Args:
        records: Records as JSON or Parquet hold them.

    Returns:
        Rows of text. A nested record's fields are called ``outer.inner``, those of an item ``items.inner``. Of lists of
        records, that of the items or events gives one row an entry, also inside a nested record or another such entry;
        of other lists of records the names are kept. A list of plain values or names is joined by ``|``.
    """
    return [row for record in records for row in _rows(record)]


def rows_of(document: Any) -> list[Mapping[str, Any]]:
    """Return the records of a document: its list, or a record's longest list of more records than it has fields."""
    if isinstance(document, dict) and _lines_of(document) is None:
        longest: list[Any] = max((value for value in document.values() if _holds_records(value)), key=len, default=[])
        document = longest if len(longest) > len(document) else [document]
    return [row for row in (document if isinstance(document, list) else [document]) if isinstance(row, dict)]


def _lines_of(record: Mapping[str, Any]) -> str | None:
    """Return the path of the list of records whose entries are rows of their own."""
    paths = [path for path, _ in _lists(record)]
    return next((path for name in LINE_LISTS for path in paths if path.rpartition(".")[2].lower() == name), None)


def _rows(record: Mapping[str, Any], prefix: str = "") -> Iterator[dict[str, str | None]]:
    chosen = _lines_of(record)
    plain = {key: value for key, value in _fields(record, prefix) if key != f"{prefix}{chosen}"}
    if chosen is None:
        yield plain
        return
    outer, dot, name = chosen.rpartition(".")
    for entry in dict(_lists(record))[chosen]:
        for own in _rows(entry, prefix + (f"{chosen}." if name == ITEMS else outer + dot)):
            yield {**{key: value for key, value in plain.items() if key not in own}, **own}


def _lists(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Return the lists of records that a record and its nested records hold."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _lists(value, f"{prefix}{key}.")
        elif _holds_records(value):
            yield f"{prefix}{key}", [entry for entry in value if isinstance(entry, dict)]


def _holds_records(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)


def _fields(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _fields(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            names = [entry.get("name") if isinstance(entry, dict) else entry for entry in value]
            yield f"{prefix}{key}", "|".join(text for name in names if (text := as_text(name))) or None
        else:
            yield f"{prefix}{key}", as_text(value)


def as_text(value: object) -> str | None:
    """Return a typed value as the text that a CSV file would hold.

    Args:
        value: A value of JSON or Parquet.

    Returns:
        The text; ``None`` for no value.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)) or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)
