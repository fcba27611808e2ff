"""Items that a user does not want to be recommended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; users that are stored already have hidden nothing."""
    op.add_column("person", sa.Column("items_off", sa.JSON(), nullable=False, server_default="[]"))
