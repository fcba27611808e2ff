"""What an import read, for the command line and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llm_explain.importers.flat.rows import FILE

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from llm_explain.importers.summary import LeftOut
    from scoring.data.tables import Tables


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """What the report says of one column.

    Attributes:
        file: The table.
        column: Its header.
        name: What it is read as; empty if it is left out.
        how: How its values are written, or why it has its name.
        values: Its first different values.
    """

    file: str
    column: str
    name: str
    how: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlatImport:
    """What an import read.

    Attributes:
        tables: The tables, checked.
        columns: What each column was read as.
        files: How each file is written and what it is.
        rejects: Rows that were set aside, with ``file``, ``row`` and ``reason``.
        left_out: Rows left out because the shop confirmed a proposal.
        notes: Counts for the report.
        lines: Other lines for the report.
        files_written: Files of rows that were set aside; empty in a dry run.
    """

    tables: Tables
    columns: tuple[ColumnReport, ...]
    files: dict[str, str]
    rejects: pd.DataFrame
    left_out: tuple[LeftOut, ...] = ()
    notes: dict[str, int] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    files_written: dict[Path, int] = field(default_factory=dict)

    @property
    def set_aside(self) -> dict[str, int]:
        """Rows that were set aside, by file and reason."""
        reasons = self.rejects[FILE].astype("str") + ": " + self.rejects["reason"].astype("str")
        return {str(reason): int(rows) for reason, rows in reasons.value_counts(sort=False).items()}
