"""Each feedback keeps what it suppresses, whatever another one suppresses too, so that each can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = (("user_id", 128), ("kind", 40), ("player", 200), ("item_id", 128))


def upgrade() -> None:
    """Make the feedback a part of the key; SQLite can only copy the table."""
    op.rename_table("suppression", "suppression_before")
    columns = [sa.Column(name, sa.String(length), primary_key=True) for name, length in KEY]
    op.create_table(
        "suppression", *columns, sa.Column("feedback_id", sa.String(24), server_default="", primary_key=True)
    )
    names = ", ".join((*(name for name, _ in KEY), "feedback_id"))
    op.execute(f"INSERT INTO suppression ({names}) SELECT {names} FROM suppression_before")  # noqa: S608
    op.drop_table("suppression_before")
