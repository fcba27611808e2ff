"""Orders and ratings of events, hidden items, what each feedback suppresses, the catalogue, experiments and guests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0001"

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = (("user_id", 128), ("kind", 40), ("player", 200), ("item_id", 128))


def upgrade() -> None:
    """Change the tables of release 0.1 into those of 0.2; SQLite can only copy a table to change its key."""
    op.add_column("event", sa.Column("order_id", sa.String(length=128), nullable=False, server_default=""))
    op.add_column("event", sa.Column("value", sa.Double(), nullable=True))
    op.add_column("person", sa.Column("items_off", sa.JSON(), nullable=False, server_default="[]"))
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
    op.rename_table("suppression", "suppression_before")
    columns = [sa.Column(name, sa.String(length), primary_key=True) for name, length in KEY]
    op.create_table(
        "suppression", *columns, sa.Column("feedback_id", sa.String(24), server_default="", primary_key=True)
    )
    names = ", ".join(name for name, _ in KEY)
    op.execute(f"INSERT INTO suppression ({names}) SELECT {names} FROM suppression_before")  # noqa: S608
    op.drop_table("suppression_before")
