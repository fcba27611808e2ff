"""What an import did: rows written, rows left out by a written rule, rows rejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.data.tables import Tables

Progress = Callable[[str, int, int], None]
"""Called with a description, the steps done and the steps in all."""


def silent(description: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that a written rule keeps out of a table.

    Attributes:
        table: The table.
        reason: The rule, in words.
        rows: Rows of the source that it concerns.
    """

    table: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """The counts of one import; nothing that the source holds is missing from them.

    Attributes:
        out: Folder that the tables were written to.
        rows: Rows written, by table.
        left_out: Rows kept out by rule.
        notes: Counts worth knowing that left no row out, by description.
        rejects: Files of rejected rows, with the number of rows, when bad rows were skipped.
        remarks: Sentences on what was proposed and on what looks wrong.
    """

    out: Path
    rows: dict[str, int]
    left_out: tuple[LeftOut, ...] = ()
    notes: dict[str, int] = field(default_factory=dict)
    rejects: dict[Path, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def row_counts(tables: Tables) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {name: len(frame) for name, frame in tables}
