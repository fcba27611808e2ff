from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims.kinds.usual_brand import UsualBrand
from llm_explain.claims.kinds.usual_price import UsualPrice, at_rank
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from tests.llm_explain.claims.scene import AS_OF, INDEX, ITEMS, bought, evidence, find, snapshot


def test_usual_brand_is_a_share_of_occasions() -> None:
    # Five occasions with chips, four of them with the store brand (one with both brands).
    found = find(
        UsualBrand, evidence("ridged", bought("tortilla", 70, 60, 50), bought("ridged", 40), bought("kettle", 50, 30))
    )
    assert found is not None
    assert found.facts == {"brand": "store brand", "category": "chips", "share": 0.8, "count": 4}


@pytest.mark.parametrize(
    ("own", "other", "holds"), [((5, 4, 3), (9, 8, 7), True), ((5, 4, 3), (9, 8, 7, 6), False), ((5, 4), (), False)]
)
def test_usual_brand_is_at_least_half_and_three(own: tuple[int, ...], other: tuple[int, ...], *, holds: bool) -> None:
    found = find(UsualBrand, evidence("ridged", bought("tortilla", *own), bought("kettle", *other)))
    assert (found is not None) == holds


def test_an_item_without_a_brand_has_no_usual_brand() -> None:
    assert find(UsualBrand, evidence("hummus", bought("hummus", 5, 4, 3))) is None


def test_a_value_that_stands_for_no_brand_is_none() -> None:
    policy = Policy(PolicySettings(no_brands=("store brand",)))
    assert find(UsualBrand, evidence("ridged", bought("tortilla", 5, 4, 3), policy=policy)) is None


def test_usually_is_licensed_by_share_and_count() -> None:
    found = find(UsualBrand, evidence("ridged", bought("tortilla", 60, 50, 40, 30, 20)))
    assert found is not None
    assert found.licences == {"usually", "often", "current", "some", "crowd"}


def prices(value: float, age_days: float = 0):
    price = np.full(len(ITEMS), np.nan)
    price[INDEX["ridged"]] = value
    return snapshot(price=price, as_of=AS_OF - pd.Timedelta(days=age_days))


PAID = [2.0, 2.5, 3.0, 3.0, 3.0, 3.5, 3.5, 4.0, 4.0, 4.6]


def purchases(paid: list[float]) -> list[pd.DataFrame]:
    return [bought("tortilla", 10 + place, price=price) for place, price in enumerate(paid)]


def test_usual_price_is_the_middle_three_fifths() -> None:
    # Ranks 2 and 8 of 10: 2.50 and 4.00.
    found = find(UsualPrice, evidence("ridged", *purchases(PAID), statistics=prices(2.499)))
    assert found is not None
    assert found.facts == {"price": 2.5, "low": 2.5, "high": 4.0, "category": "chips"}
    assert "usually" in found.licences


@pytest.mark.parametrize("price", [2.49, 4.01, np.nan])
def test_a_price_outside_the_range_is_not_usual(price: float) -> None:
    assert find(UsualPrice, evidence("ridged", *purchases(PAID), statistics=prices(price))) is None


def test_usual_price_needs_five_occasions_in_the_range() -> None:
    assert find(UsualPrice, evidence("ridged", *purchases([3.0] * 4), statistics=prices(3))) is None
    one_moment = [bought("tortilla", 10, price=3.0) for _ in range(5)]
    assert find(UsualPrice, evidence("ridged", *one_moment, statistics=prices(3))) is None
    assert find(UsualPrice, evidence("ridged", *purchases([3.0] * 5), statistics=prices(3))) is not None


def test_prices_that_nobody_paid_do_not_count() -> None:
    events = purchases([3.0] * 4 + [0.0, np.nan])
    assert find(UsualPrice, evidence("ridged", *events, statistics=prices(3))) is None
    assert find(UsualPrice, evidence("ridged", *purchases([3.0] * 5 + [0.0, 0.0]), statistics=prices(3))) is not None
    views = [bought("tortilla", 50 + day, price=3.0, kind="view") for day in range(5)]
    assert find(UsualPrice, evidence("ridged", *views, statistics=prices(3))) is None


def test_a_range_that_says_nothing_is_not_said() -> None:
    wide = [1.0, 1.0, 2.0, 2.0, 2.0, 2.5, 2.5, 2.6, 2.6, 2.6]
    assert find(UsualPrice, evidence("ridged", *purchases(wide), statistics=prices(2))) is None


@pytest.mark.parametrize(("age_days", "holds"), [(-0.1, False), (0, True), (7, True), (7.1, False)])
def test_usual_price_asks_for_fresh_statistics(age_days: float, *, holds: bool) -> None:
    found = find(UsualPrice, evidence("ridged", *purchases(PAID), statistics=prices(3, age_days)))
    assert (found is not None) == holds


@pytest.mark.parametrize(("n", "low", "high"), [(5, 1, 4), (6, 2, 5), (9, 2, 8), (10, 2, 8), (15, 3, 12)])
def test_ranks_are_rounded_up(n: int, low: int, high: int) -> None:
    numbers = np.array([n])
    assert (at_rank(numbers, 2).tolist(), at_rank(numbers, 8).tolist()) == ([low - 1], [high - 1])
