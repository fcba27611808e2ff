"""Any table of customers as features: numbers as they are, one column for each level of a text, a level for a gap."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import charset_normalizer
import numpy as np
import pandas as pd

from scoring.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scoring.boosting.additive import Floats

MOST_LEVELS: Final = 50
"""Text columns with more levels tell customers apart, not kinds of customers, and are left out."""

LEAST_ROWS: Final = 10
"""Rows that a level needs; rarer levels are one."""

NUMBER_SHARE: Final = 0.95
"""Share of the filled values that must be numbers for a column of numbers."""

LEVELS_OF_NUMBER: Final = 2
"""A column with at most this many different numbers holds levels."""

YES: Final = frozenset({"yes", "y", "true", "1", "1.0", "churned", "churn", "left", "是"})


@dataclass(frozen=True)
class Column:
    """One column of the table as features.

    Attributes:
        name: Its header.
        levels: Levels of a text column, each a feature; empty for a column of numbers, which is one feature.
        median: Median of a column of numbers; NaN for levels.
    """

    name: str
    levels: tuple[str, ...] = ()
    median: float = float("nan")

    @property
    def features(self) -> tuple[str, ...]:
        """Names of its features: ``name`` or ``name=level``; the level ``""`` is a gap."""
        return tuple(f"{self.name}={level}" for level in self.levels) if self.levels else (self.name,)

    def encode(self, values: pd.Series) -> Floats:
        """Return the features of some values, shape ``(n, n_features)``."""
        if not self.levels:
            return np.asarray(cell_numbers(values)[:, None])
        texts = cell_texts(values)
        return np.column_stack([texts == level for level in self.levels]).astype(np.float64)


@dataclass(frozen=True)
class CustomerColumns:
    """How a table of customers becomes features.

    Attributes:
        columns: Columns in use.
        id_column: Column of the customers' ids.
        label_column: Column of the label; empty for none.
        positive: Value of the label that is churn.
        left_out: Columns that are not used, with the reason.
    """

    columns: tuple[Column, ...]
    id_column: str
    label_column: str
    positive: str
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of all features."""
        return tuple(name for column in self.columns for name in column.features)

    @property
    def player_of(self) -> dict[str, str]:
        """Column of each feature."""
        return {name: column.name for column in self.columns for name in column.features}

    def encode(self, table: pd.DataFrame) -> Floats:
        """Return the features of a table.

        Args:
            table: Rows with all columns in use.

        Returns:
            Feature values, NaN for a missing number, shape ``(n, n_features)``.

        Raises:
            TableError: If a column is missing.
        """
        if missing := [column.name for column in self.columns if column.name not in table]:
            raise TableError(
                f"the customers have no column {missing[0]!r} but the model was trained with it. Add the column."
            )
        return np.column_stack([column.encode(table[column.name]) for column in self.columns])

    def ids(self, table: pd.DataFrame) -> tuple[str, ...]:
        """Return the customers' ids; numbers from 1 for a table without an id column."""
        if self.id_column:
            return tuple(table[self.id_column].astype(str))
        return tuple(map(str, range(1, len(table) + 1)))

    def labels(self, table: pd.DataFrame) -> Floats:
        """Return 1 for churn and 0 for the rest, shape ``(n,)``."""
        return np.asarray(cell_texts(table[self.label_column]) == self.positive, dtype=np.float64)

    def labelled(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table that have a label."""
        rows = np.flatnonzero(cell_texts(table[self.label_column]) != "")
        return table.iloc[rows].reset_index(drop=True)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        columns = [
            {"name": each.name, "levels": list(each.levels), "median": None if each.levels else each.median}
            for each in self.columns
        ]
        return {
            "columns": columns,
            "id_column": self.id_column,
            "label_column": self.label_column,
            "positive": self.positive,
            "left_out": dict(self.left_out),
        }

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> CustomerColumns:
        """Read what ``to_json`` returned."""
        columns = tuple(
            Column(each["name"], tuple(each["levels"]), float("nan") if each["median"] is None else each["median"])
            for each in content["columns"]
        )
        rest = {name: content[name] for name in ("id_column", "label_column", "positive", "left_out")}
        return cls(columns, **rest)

    @classmethod
    def infer(
        cls,
        table: pd.DataFrame,
        *,
        label: str | None = None,
        positive: str | None = None,
        id_column: str | None = None,
        exclude: Sequence[str] = (),
    ) -> CustomerColumns:
        """Infer the columns of a table.

        Args:
            table: One row for each customer.
            label: Column of the label; none if not given.
            positive: Value of the label that is churn; yes, true or 1 if not given.
            id_column: Column of the ids. If not given: of the columns of texts or whole numbers that all differ, one
                with "id" in its name, else the first.
            exclude: Columns not to use.

        Returns:
            The columns.

        Raises:
            TableError: If a column is missing, the label has not two values, or no column is left.
        """
        for name in (*((label,) if label else ()), *((id_column,) if id_column else ()), *exclude):
            if name not in table:
                raise TableError(
                    f"the customers have no column {name!r} but it is named. "
                    f"Choose one of {', '.join(map(str, table))}."
                )
        chosen = _positive(table[label], label, positive) if label else ""
        unique = [str(name) for name in table if name != label and _is_id(table[name])]
        named = id_column or next((name for name in unique if "id" in name.casefold()), next(iter(unique), ""))
        columns: list[Column] = []
        left_out = dict.fromkeys(exclude, "excluded")
        for name in table.columns:
            if name in {label, named, *exclude}:
                continue
            found = "another value in each row" if name in unique else _column(str(name), table[name])
            if isinstance(found, str):
                left_out[str(name)] = found
            else:
                columns.append(found)
        if not columns:
            raise TableError("no column of the customers can be a feature but one is needed. Add numbers or levels.")
        return cls(tuple(columns), named, label or "", chosen, left_out)


_MISSING: Final = ("", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null")
"""Texts of missing values. "None" is an answer, such as no contract or no treatment."""


def read_customers(path: Path) -> pd.DataFrame:
    """Read a table of customers.

    Args:
        path: CSV (comma, semicolon or tab), Parquet or Excel.

    Returns:
        The table.

    Raises:
        TableError: If the file cannot be read or has no rows.
    """
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        elif path.suffix in {".xlsx", ".xls"}:
            table = pd.read_excel(path)
        else:
            table = _read_csv(path)
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read as a table ({error}). Give CSV, Parquet or Excel.") from error
    if table.empty:
        raise TableError(f"{path} has no rows but customers are needed. Give a table with rows.")
    return table.rename(columns=str)


def _read_csv(path: Path) -> pd.DataFrame:
    """Read CSV of any common encoding and separator."""
    try:
        table = _parsed(path, "utf-8-sig")
    except UnicodeDecodeError:
        found = charset_normalizer.from_path(path).best()
        table = _parsed(path, found.encoding if found else "latin-1")
    for name in table.select_dtypes(exclude="number"):
        rest = table[name].mask(table[name].eq("None"))
        numbers = pd.to_numeric(rest, errors="coerce")
        if numbers.notna().any() and numbers.count() == rest.count():
            table[name] = numbers  # among numbers, "None" is a missing one
    return table


def _parsed(path: Path, encoding: str) -> pd.DataFrame:
    return pd.read_csv(path, sep=None, engine="python", encoding=encoding, keep_default_na=False, na_values=_MISSING)


def words_of(header: str) -> str:
    """Return a header as words: ``MonthlyCharges`` is "monthly charges", ``StreamingTV`` "streaming TV"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_", " ", header).split()
    return " ".join(word.lower() if word.istitle() else word for word in words)


def cell_texts(values: pd.Series) -> Any:
    """Return values as trimmed texts, ``""`` for a gap; whole numbers without a decimal point, shape ``(n,)``."""
    texts = values.astype("string").fillna("").str.strip()
    if pd.api.types.is_float_dtype(values):
        texts = texts.str.removesuffix(".0")
    return texts.to_numpy(dtype=object)


def cell_numbers(values: pd.Series) -> Floats:
    """Return values as numbers, NaN for a gap, a text or infinity, shape ``(n,)``."""
    if pd.api.types.is_bool_dtype(values):
        values = values.astype(float)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _is_id(values: pd.Series) -> bool:
    return bool(values.is_unique and not values.isna().any() and not pd.api.types.is_float_dtype(values))


def _column(name: str, values: pd.Series) -> Column | str:
    """Return a column as features, or why it cannot be one."""
    texts = cell_texts(values)
    filled = texts != ""
    if not filled.any():
        return "empty"
    numbers = cell_numbers(values)
    is_number = np.isfinite(numbers[filled]).mean() >= NUMBER_SHARE
    counts = pd.Series(texts).value_counts()
    if is_number and counts.drop("", errors="ignore").size > LEVELS_OF_NUMBER:
        return Column(name, (), float(np.nanmedian(numbers)))
    if counts.size < LEVELS_OF_NUMBER:
        return "always the same"
    if counts.size > MOST_LEVELS:
        return f"{counts.size} different texts"
    levels = sorted(str(level) for level, n in counts.items() if n >= min(LEAST_ROWS, len(values) // 20 + 1))
    return Column(name, tuple(levels)) if len(levels) > 1 else "rare values only"


def _positive(values: pd.Series, label: str, positive: str | None) -> str:
    found = sorted({str(text) for text in cell_texts(values)} - {""})
    if positive is not None and positive in found and len(found) > 1:
        return positive
    yes = [text for text in found if text.casefold() in YES]
    if positive is None and len(found) == LEVELS_OF_NUMBER and len(yes) == 1:
        return yes[0]
    shown = ", ".join(found[:5])
    raise TableError(
        f"column {label!r} has the values {shown} but two are needed, one of them churn. Name it with --positive VALUE."
    )
