"""The claim kind ``lower_price``: the item costs less than the user paid for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims.kinds.lower_price import LowerPrice
from tests.llm_explain.claims.scene import INDEX, ITEMS, bought, evidence, find, snapshot


def at(price: float, age_days: float = 0.0) -> dict[str, Any]:
    """Return a catalogue that states a price of the tortilla chips, and statistics of some age."""
    plain = snapshot()
    return {
        "stated": {"tortilla": price},
        "statistics": snapshot(as_of=plain.as_of - pd.Timedelta(days=age_days)),
    }


def paid(*prices: float) -> list[pd.DataFrame]:
    """Return purchases of the tortilla chips, 10 days apart, the latest last."""
    return [bought("tortilla", 10 * (len(prices) - place), price=price) for place, price in enumerate(prices)]


def test_the_facts_are_the_price_the_median_and_what_was_paid_the_last_time() -> None:
    found = find(LowerPrice, evidence("tortilla", *paid(2.0, 2.5, 3.0, 2.5), **at(1.9)))
    assert found is not None
    assert found.facts == {"price": 1.9, "usual": 2.5, "last_paid": 2.5}


@pytest.mark.parametrize(
    ("prices", "now", "holds"),
    [
        ((2.0, 2.0), 1.9, True),  # 95 % of both
        ((2.0, 2.0), 1.91, False),
        ((2.0, 2.0), 1.0, True),  # half of both
        ((2.0, 2.0), 0.99, False),  # hardly a price of the same quantity
        ((2.0, 2.0, 1.5), 1.5, False),  # paid as little the last time
        ((1.5, 1.5, 2.0), 1.5, False),  # a median as low
        ((2.0,), 1.0, False),  # one price is no habit
        ((2.0, 2.0), float("nan"), False),
        ((2.0, 2.1), 1.5, False),  # amounts of a good sold by weight
        ((2.0, 2.0, 1.9, 2.1, 2.2, 2.3), 1.5, True),  # a third at one price
        ((2.0, 2.0, 1.9, 2.1, 2.2, 2.3, 2.4), 1.5, False),
    ],
)
def test_it_holds_below_the_median_and_the_last_price(prices: tuple[float, ...], now: float, *, holds: bool) -> None:
    assert (find(LowerPrice, evidence("tortilla", *paid(*prices), **at(now))) is not None) == holds


def test_only_purchases_of_the_title_count() -> None:
    others = [bought("kettle", 20, price=3.0), bought("tortilla", 15, price=3.0, kind="view")]
    assert find(LowerPrice, evidence("tortilla", *paid(3.0), *others, **at(2.0))) is None


def test_it_needs_fresh_statistics() -> None:
    assert find(LowerPrice, evidence("tortilla", *paid(2.0, 2.0), **at(1.5, age_days=7))) is not None
    assert find(LowerPrice, evidence("tortilla", *paid(2.0, 2.0), **at(1.5, age_days=8))) is None


def test_what_users_paid_lately_is_no_price_of_today() -> None:
    prices = np.full(len(ITEMS), np.nan)
    prices[INDEX["tortilla"]] = 1.9
    assert find(LowerPrice, evidence("tortilla", *paid(2.5, 2.5), statistics=snapshot(price=prices))) is None
