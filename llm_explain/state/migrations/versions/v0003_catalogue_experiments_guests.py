"""Changes of the catalogue, experiments and guests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create their tables."""
    op.create_table(
        "catalogue_change",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("line", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exposure",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("user_id", sa.String(128), nullable=False, index=True),
        sa.Column("tag", sa.String(64), nullable=False, index=True),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(128), nullable=False),
        sa.Column("explanation_id", sa.String(24), index=True),
        sa.Column("timestamp", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "guest",
        sa.Column("guest_id", sa.String(128), primary_key=True),
        sa.Column("user_id", sa.String(128), nullable=False, index=True),
        sa.Column("counts_from", sa.DateTime()),
    )
    op.add_column("suppression", sa.Column("feedback_id", sa.String(24), nullable=False, server_default=""))
