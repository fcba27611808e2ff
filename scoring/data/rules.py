"""The rules of docs/design.md §8: which columns a table has and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from scoring.data.tables import (
    AVAILABLE,
    BRAND,
    CATEGORIES,
    CATEGORY,
    CHANNEL,
    DESCRIPTION,
    EMBEDDING_PREFIX,
    END,
    FIRST_SEEN,
    IMAGE,
    ITEM_ID,
    KIND,
    LABEL,
    ORDER_ID,
    PARENT_ID,
    PRICE,
    QUANTITY,
    START,
    STORE_ID,
    TIMESTAMP,
    TITLE,
    USER_ID,
    VALUE,
)

Kind = Literal["id", "text", "word", "moment", "end", "number", "embedding", "any"]


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What one column must hold.

    Attributes:
        kind: The kind of value.
        is_required: Whether the table must have the column.
        is_nullable: Whether a value may be missing.
        is_unique: Whether no two rows may share a value.
        is_prose: Whether line breaks and tabs may be in it.
        is_signed: Whether a number may be below 0.
    """

    kind: Kind
    is_required: bool = False
    is_nullable: bool = False
    is_unique: bool = False
    is_prose: bool = False
    is_signed: bool = False


COLUMNS: Final[Mapping[str, Mapping[str, ColumnRule]]] = {
    "events": {
        USER_ID: ColumnRule("id", is_required=True),
        ITEM_ID: ColumnRule("id", is_required=True),
        TIMESTAMP: ColumnRule("moment", is_required=True),
        QUANTITY: ColumnRule("number", is_nullable=True, is_signed=True),
        PRICE: ColumnRule("number", is_nullable=True),
        KIND: ColumnRule("word"),
        VALUE: ColumnRule("number", is_nullable=True, is_signed=True),
        CHANNEL: ColumnRule("text", is_nullable=True),
        STORE_ID: ColumnRule("id", is_nullable=True),
        ORDER_ID: ColumnRule("id", is_nullable=True),
    },
    "items": {
        ITEM_ID: ColumnRule("id", is_required=True, is_unique=True),
        TITLE: ColumnRule("text", is_nullable=True),
        CATEGORY: ColumnRule("text", is_nullable=True),
        CATEGORIES: ColumnRule("text", is_nullable=True),
        BRAND: ColumnRule("text", is_nullable=True),
        PRICE: ColumnRule("number", is_nullable=True),
        DESCRIPTION: ColumnRule("text", is_nullable=True, is_prose=True),
        FIRST_SEEN: ColumnRule("moment", is_nullable=True),
        PARENT_ID: ColumnRule("id", is_nullable=True),
        IMAGE: ColumnRule("text", is_nullable=True),
        AVAILABLE: ColumnRule("any", is_nullable=True),
    },
    "users": {USER_ID: ColumnRule("id", is_required=True, is_unique=True)},
    "promotions": {
        ITEM_ID: ColumnRule("id", is_required=True),
        START: ColumnRule("moment", is_required=True),
        END: ColumnRule("end", is_required=True, is_nullable=True),
        LABEL: ColumnRule("text", is_required=True),
        STORE_ID: ColumnRule("id", is_nullable=True),
    },
}
EMBEDDING: Final = ColumnRule("embedding")
FREE: Final = ColumnRule("any", is_nullable=True)


def rule_of(name: str, column: str) -> ColumnRule:
    """Return the rule of a column.

    Args:
        name: The table.
        column: A column that the table may have.

    Returns:
        Its rule; free columns of the users table have the loosest.
    """
    if name == "items" and column.startswith(EMBEDDING_PREFIX):
        return EMBEDDING
    return COLUMNS[name].get(column, FREE)
