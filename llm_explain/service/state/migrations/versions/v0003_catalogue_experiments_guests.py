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
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exposure",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("arm", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=128), nullable=False),
        sa.Column("explanation_id", sa.String(length=24), nullable=True),
        sa.Column("timestamp", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("exposure_of_user", "exposure", ["user_id"], unique=False)
    op.create_index("exposure_of_experiment", "exposure", ["tag"], unique=False)
    op.create_table(
        "guest",
        sa.Column("guest_id", sa.String(length=128), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("guest_id"),
    )
    op.create_index("guest_of_user", "guest", ["user_id"], unique=False)
