"""The rules of docs/design.md §8 as pandera schemas, which are slow to import: only what checks tables needs them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from scoring.data.rules import ColumnRule, rule_of
from scoring.data.tables import END, ITEM_ID, START

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

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
