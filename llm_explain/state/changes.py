"""Changes of the catalogue in the database, which all processes of the service read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from llm_explain.state.models import CatalogueChangeRow
from scoring.data.changes import Change, check_order

if TYPE_CHECKING:
    from llm_explain.state.database import Database


class Changes:
    """A log of changes. Rows are only ever added.

    Args:
        database: The state.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: tuple[int, tuple[Change, ...]] = (0, ())

    def read(self) -> tuple[Change, ...]:
        """Return all changes, oldest first."""
        newest, changes = self._read
        row = CatalogueChangeRow
        with self._database.reading() as connection:
            rows = connection.execute(select(row.id, row.line).where(row.id > newest).order_by(row.id)).all()
        if rows:
            changes += tuple(Change.model_validate_json(line) for _, line in rows)
            self._read = rows[-1][0], changes
        return changes

    def append(self, change: Change) -> None:
        """Write a change behind the others; its moment must not be before theirs.

        Args:
            change: The change.
        """
        last = select(CatalogueChangeRow.line).order_by(CatalogueChangeRow.id.desc()).limit(1)
        with self._database.writing(erases=True) as connection:  # one writer at a time, so that ids grow with time
            check_order(change, [Change.model_validate_json(line) for line in connection.scalars(last)])
            connection.execute(insert(CatalogueChangeRow).values(line=change.line))
