"""The rating that an event states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; events that are stored already state no rating."""
    op.add_column("event", sa.Column("value", sa.Double(), nullable=True))
