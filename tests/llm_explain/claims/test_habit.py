from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims.kinds.usual_brand import UsualBrand, has_choice
from llm_explain.claims.kinds.usual_price import UsualPrice
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from scoring.data.catalogue import Catalogue
from tests.llm_explain.claims.scene import AS_OF, INDEX, ITEMS, bought, evidence, find, snapshot


def test_usual_brand_is_a_share_of_occasions() -> None:
    # Five occasions with chips, four of them with the store brand (one with both brands).
    found = find(
        UsualBrand, evidence("ridged", bought("tortilla", 70, 60, 50), bought("ridged", 40), bought("kettle", 50, 30))
    )
    assert found is not None
    assert found.facts == {"brand": "store brand", "category": "chips", "share": 0.8, "count": 4}


@pytest.mark.parametrize(
    ("own", "other", "holds"), [((5, 4, 3), (9, 8), True), ((5, 4, 3), (9, 8, 7), False), ((5, 4), (), False)]
)
def test_usual_brand_is_at_least_half_and_three(own: tuple[int, ...], other: tuple[int, ...], *, holds: bool) -> None:
    found = find(UsualBrand, evidence("ridged", bought("tortilla", *own), bought("kettle", *other)))
    assert (found is not None) == holds


def test_a_category_has_one_usual_brand() -> None:
    both = (bought("tortilla", 50, 40, 30), bought("kettle", 50, 40, 30))
    assert find(UsualBrand, evidence("ridged", *both)) is None
    assert find(UsualBrand, evidence("ridged", *both, bought("tortilla", 20))) is not None


@pytest.mark.parametrize(("n_rivals", "holds"), [(0, False), (1, False), (2, True)])
def test_a_brand_needs_rivals_to_be_a_choice(n_rivals: int, *, holds: bool) -> None:
    brands = ["own"] * 18 + ["another"] * n_rivals + [""]  # 18 of 20 are 90 %; an item without a brand does not count
    ids = [str(number) for number in range(len(brands))]
    items = pd.DataFrame({"item_id": ids, "title": ids, "category": "tea", "brand": brands})
    assert has_choice(SimpleNamespace(catalogue=Catalogue(items)))[0] == holds


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


PAID = [2.0, 2.5, 2.8, 3.0, 3.0, 3.0, 3.0, 3.3, 4.0, 4.6]


def purchases(paid: list[float]) -> list[pd.DataFrame]:
    return [bought("tortilla", 10 + place, price=price) for place, price in enumerate(paid)]


def test_usual_price_is_the_median() -> None:
    # Rank 5 of 10 is 3.00; six prices lie between 2.70 and 3.30.
    found = find(UsualPrice, evidence("ridged", *purchases(PAID), statistics=prices(2.704)))
    assert found is not None
    assert found.facts == {"price": 2.7, "is_typical": 1, "usual": 3.0, "category": "chips"}
    assert "usually" in found.licences


@pytest.mark.parametrize("price", [2.69, 3.31, np.nan])
def test_a_price_far_from_the_median_is_not_usual(price: float) -> None:
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


def test_what_was_mostly_paid_is_usual_and_no_range_around_it() -> None:
    # 14 of 20 prices are 0.59; a range from 0.59 to 0.99 would call 0.99 usual.
    paid = [0.59] * 14 + [0.99] * 6
    assert find(UsualPrice, evidence("ridged", *purchases(paid), statistics=prices(0.99))) is None
    assert find(UsualPrice, evidence("ridged", *purchases(paid), statistics=prices(0.59))) is not None


def test_a_median_between_two_prices_is_not_usual() -> None:
    paid = [1.0] * 5 + [2.0] * 5 + [3.0] * 5
    assert find(UsualPrice, evidence("ridged", *purchases(paid), statistics=prices(2))) is None


@pytest.mark.parametrize(("age_days", "holds"), [(-0.1, False), (0, True), (7, True), (7.1, False)])
def test_usual_price_asks_for_fresh_statistics(age_days: float, *, holds: bool) -> None:
    found = find(UsualPrice, evidence("ridged", *purchases(PAID), statistics=prices(3, age_days)))
    assert (found is not None) == holds
