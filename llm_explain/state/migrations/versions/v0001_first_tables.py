"""The first tables. ``Database`` makes the tables of a new database from the models, so nothing is left to do."""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing."""
