"""Facts where the rule of a churn kind holds, and when two values differ enough to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from llm_explain.claims.kind import Findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.churn.spending import Floats, Truths

LEAST_CHANGE: Final = 0.1
"""Least relative difference that is told."""

LEAST_VISITS: Final = 4
"""Least visits of the usual window in which spending can be called usual."""


def found(holds: Truths, columns: Mapping[str, Any]) -> Findings:
    """Return facts where a rule holds."""
    rows = np.flatnonzero(holds)
    facts = {name: np.broadcast_to(np.asarray(column), holds.shape)[rows].tolist() for name, column in columns.items()}
    return Findings(rows, cast("Mapping[str, list[Any]]", facts))


def is_below(low: Any, high: Any) -> Truths:
    """Return whether a value is below another one by at least a tenth of it."""
    below: Truths = np.logical_and(low <= (1 - LEAST_CHANGE) * high, low < high)
    return below


def rounded(values: Any, digits: int) -> Floats:
    """Return values rounded to some decimals, halves upwards as SQL rounds them."""
    found: Floats = np.floor(np.asarray(values) * 10.0**digits + 0.5) / 10.0**digits
    return found
