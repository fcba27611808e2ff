"""Claims about the columns of a table of customers: a level, a number with the median, or a gap.

No name of a column says whether a value is good or bad, so the text says which ones raise
the risk and which lower it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.jobs.churn.facts import LEAST_CHANGE
from llm_explain.jobs.drivers import PREFIX, attributions, by_player, totals
from llm_explain.records import Claim
from scoring.churn.customers import cell_numbers, cell_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from llm_explain.attribution.values import Attribution
    from llm_explain.records import Fact
    from scoring.boosting.additive import AdditiveModel
    from scoring.churn.artifacts import Labels
    from scoring.churn.customers import Column, CustomerColumns


def claims_from_customers(
    model: AdditiveModel, table: pd.DataFrame, columns: CustomerColumns, labels: Labels
) -> tuple[list[Attribution], list[list[Claim]]]:
    """Return attributions and claims of customers: one claim for each column whose term is not zero.

    Args:
        model: The calibrated model.
        table: Rows of customers.
        columns: How the table becomes features.
        labels: Names of the columns.

    Returns:
        One attribution and the claims of each customer, largest attribution first.
    """
    attributed = attributions(model, columns.encode(table), columns.player_of)
    facts = {column.name: _facts(column, table[column.name], labels) for column in columns.columns}
    claims = []
    for row, attribution in enumerate(attributed):
        positive = totals(attribution)
        own = []
        for player, value in by_player(attribution).items():
            kind, found = facts[player.removeprefix(PREFIX)][row]
            if value and kind:
                share = abs(value) / positive[1 if value > 0 else -1]
                own.append(Claim(kind, player, player.removeprefix(PREFIX), value, share, found))
        claims.append(sorted(own, key=lambda claim: (-abs(claim.phi), claim.player)))
    return attributed, claims


def _facts(column: Column, values: pd.Series, labels: Labels) -> list[tuple[str, Mapping[str, Fact]]]:
    """Return kind and facts of each cell of a column; no kind for a number that is nearly the median."""
    label = labels.columns.get(column.name, column.name)
    found: list[tuple[str, Mapping[str, Fact]]] = []
    for text, number in zip(cell_texts(values).tolist(), cell_numbers(values).tolist(), strict=True):
        if not text or (not column.levels and np.isnan(number)):
            found.append(("column_missing", {"label": label, "is_missing": 1}))
        elif column.levels:
            is_flag = int({*column.levels} - {""} == {"0", "1"})
            found.append(("column_level", {"label": label, "value": text, "is_flag": is_flag}))
        else:
            off = number - column.median
            is_told = abs(off) >= max(LEAST_CHANGE * abs(column.median), 1e-12)
            value, median = _rounded(number, 2), _rounded(column.median)
            shown: dict[str, Fact] = {"label": label, "value": value, "median": median, "side": int(np.sign(off))}
            found.append(("column_number" if is_told else "", shown))
    return found


def _rounded(number: float, least: int = 0) -> float:
    """Return a number with three digits, or more before the point, and at least some decimals: 68.595 is 68.6."""
    digits = 2 - int(np.floor(np.log10(max(abs(number), 1e-8))))
    return round(number, max(least, digits))
