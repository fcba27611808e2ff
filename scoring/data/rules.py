"""The rules of docs/design.md §8: which columns a table has and what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa

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


CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff\ufffd]")
"""Characters without a place in a name. Joiners and marks of direction (U+200C to U+200F) are part of some scripts."""

SPACING: Final = re.compile(r"[\t\r\n]")


def schema(frame: pd.DataFrame, name: str, item_ids: Collection[str] | None) -> pa.DataFrameSchema:
    """Return the rules for a table whose columns already have their types.

    Args:
        frame: The table, which some rules compare columns of.
        name: Its name.
        item_ids: Items that rows may name; ``None`` if any may be. An index is looked up in as it is.

    Returns:
        A schema whose checks are named as in ``scoring.data.violations.MESSAGES``.
    """
    columns = {}
    for column in frame.columns:
        rule = rule_of(name, column)
        checks = list(_checks(rule))
        if column == ITEM_ID and item_ids is not None:
            known = item_ids if isinstance(item_ids, pd.Index) else pd.Index(list(item_ids), dtype=object).unique()
            checks.append(pa.Check(partial(_are_among, known=known), error="unknown_item"))
        if name == "promotions" and column == END:
            checks.append(pa.Check(lambda series: ~(series <= frame.loc[series.index, START]), error="backwards"))
        columns[column] = pa.Column(None, checks, nullable=rule.is_nullable)
    return pa.DataFrameSchema(columns)


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


def _are_among(ids: pd.Series, known: pd.Index) -> pd.Series:
    return ids.map(pd.Series(True, index=known)).notna()


def _checks(rule: ColumnRule) -> list[pa.Check]:
    checks: list[pa.Check] = []
    if rule.kind in {"id", "text", "word"}:
        checks = [
            _each_value(lambda value: value.strip() != "", "empty"),
            _each_value(
                lambda value: not CONTROL.search(SPACING.sub(" ", value) if rule.is_prose else value), "control"
            ),
        ]
    if rule.kind == "id":
        checks.append(_each_value(lambda value: value == value.strip() or not value.strip(), "outer_space"))
    if rule.kind == "number":
        checks = [
            pa.Check(lambda series: ~np.isinf(series), error="infinite"),
        ]
        if not rule.is_signed:
            checks.append(pa.Check(lambda series: ~(series < 0) | np.isinf(series), error="negative"))
    if rule.is_unique:
        checks.append(pa.Check(lambda series: ~series.duplicated(), error="duplicate"))
    return checks


def _each_value(holds: Callable[[str], bool], error: str) -> pa.Check:
    """Check each distinct value once: millions of rows share few ids."""

    def check(series: pd.Series) -> pd.Series:
        values = series.cat.categories if isinstance(series.dtype, pd.CategoricalDtype) else pd.unique(series)
        broken = [value for value in values if isinstance(value, str) and not holds(value)]
        return ~series.isin(broken) if broken else pd.Series(data=True, index=series.index)

    return pa.Check(check, error=error)
