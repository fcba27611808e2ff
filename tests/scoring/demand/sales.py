"""A small shop with known effects: a display multiplies sales by 2, and demand falls with the square of the price."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from scoring.demand.forecaster import Forecaster
from scoring.demand.model import DemandConfig
from scoring.demand.panel import SalesPanel
from scoring.demand.reading import panel_of_sales

N_WEEKS = 70
CONFIG = DemandConfig(weeks=3, n_trees=20, validation_weeks=10)


def sales(n_weeks: int = N_WEEKS) -> pd.DataFrame:
    """Return weekly sales of four items in two stores; item ``rare`` sells in few weeks."""
    random, rows = np.random.default_rng(3), []
    for number, item in enumerate(("apples", "bread", "cheese", "rare")):
        for store in ("1", "2"):
            rate = 0.2 if item == "rare" else 40.0 * (number + 1)
            for week in range(n_weeks):
                display = float(random.random() < 0.2)
                price = 2.0 if random.random() < 0.7 else 1.6
                units = random.poisson(rate * 2**display * (price / 2) ** -2)
                rows.append((item, store, str(week + 1), units, price, display))
    return pd.DataFrame(rows, columns=["item_id", "store_id", "week", "units", "price", "display"])


@cache
def panel() -> SalesPanel:
    """Return the panel of the shop."""
    return panel_of_sales(sales())


@cache
def fitted() -> Forecaster:
    """Return a forecaster of the shop."""
    return Forecaster.fit(panel(), CONFIG)
