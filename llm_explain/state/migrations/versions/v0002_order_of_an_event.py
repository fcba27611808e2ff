"""The order of an event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; events that are stored already have no order."""
    op.add_column("event", sa.Column("order_id", sa.String(length=128), nullable=False, server_default=""))
