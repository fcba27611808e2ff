from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims.kinds.category_affinity import CategoryAffinity
from llm_explain.claims.kinds.related_category import RelatedCategory
from llm_explain.claims.kinds.similar_item import SimilarItem
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from tests.llm_explain.claims.scene import AS_OF, INDEX, ITEMS, about, bought, evidence, find, snapshot


def test_category_affinity_counts_occasions_in_90_days() -> None:
    # Chips and kettle chips at one moment are one occasion; 91 days ago is outside.
    found = find(
        CategoryAffinity, evidence("ridged", bought("tortilla", 91, 30, 12), bought("kettle", 30), bought("milk", 3))
    )
    assert found is not None
    assert found.facts == {"category": "chips", "count": 2, "window_days": 90}
    assert found.licences == {"recently", "current"}  # two in 90 days, and two months among the three


def test_category_affinity_falls_back_to_a_year() -> None:
    found = find(CategoryAffinity, evidence("ridged", bought("tortilla", 366, 365, 30)))
    assert found is not None
    assert found.facts == {"category": "chips", "count": 2, "window_days": 365}


def test_one_purchase_is_no_affinity() -> None:
    assert find(CategoryAffinity, evidence("ridged", bought("tortilla", 3))) is None
    assert find(CategoryAffinity, evidence("ridged", bought("tortilla", 366, 3))) is None


def test_related_category_speaks_of_the_group_it_is_asked_about() -> None:
    seen = evidence("ridged", bought("tortilla", 3), bought("milk", 30, 20, 10))
    found = find(RelatedCategory, about(seen, "milk"))
    assert found is not None
    assert found.facts == {"category": "milk", "count": 3, "window_days": 90}
    assert find(RelatedCategory, about(seen, "dips")) is None


def similar(*pairs: tuple[str, float], age_days: int = 0):
    index, similarity = np.full((len(ITEMS), 10), -1), np.zeros((len(ITEMS), 10))
    for place, (other, value) in enumerate(pairs):
        index[INDEX["tortilla"], place], similarity[INDEX["tortilla"], place] = INDEX[other], value
    return snapshot(neighbour_index=index, neighbour_similarity=similarity, as_of=AS_OF - pd.Timedelta(days=age_days))


def test_similar_item_is_the_nearest_that_the_user_bought_in_the_group() -> None:
    near = similar(("milk", 0.5), ("salsa", 0.3199), ("hummus", 0.3))
    seen = evidence("tortilla", bought("hummus", 30, 20), bought("salsa", 30, 10), statistics=near)
    found = find(SimilarItem, about(seen, "dips"))
    assert found is not None
    assert found.facts == {"other_item_id": "salsa", "similarity": 0.31}  # rounded down, never up
    assert find(SimilarItem, about(seen, "milk")) is None


def test_similar_item_carries_its_group() -> None:
    # One of three occasions with dips was salsa: what the model read there is mostly hummus.
    seen = evidence(
        "tortilla", bought("hummus", 30, 20), bought("salsa", 10), statistics=similar(("salsa", 0.4), ("hummus", 0.2))
    )
    found = find(SimilarItem, about(seen, "dips"))
    assert found is not None
    assert found.facts["other_item_id"] == "hummus"


@pytest.mark.parametrize(("value", "holds"), [(0.1, True), (np.float32(0.1), True), (0.0999, False)])
def test_similar_item_has_a_floor(value: float, *, holds: bool) -> None:
    seen = evidence("tortilla", bought("salsa", 30, 20), statistics=similar(("salsa", value)))
    assert (find(SimilarItem, about(seen, "dips")) is not None) == holds


@pytest.mark.parametrize(("age_days", "holds"), [(-1, False), (0, True), (90, True), (91, False)])
def test_similar_item_asks_for_statistics_of_the_time(age_days: int, *, holds: bool) -> None:
    seen = evidence("tortilla", bought("salsa", 30, 20), statistics=similar(("salsa", 0.4), age_days=age_days))
    assert (find(SimilarItem, about(seen, "dips")) is not None) == holds


def test_a_sensitive_item_is_never_the_other_item() -> None:
    policy = Policy(PolicySettings.model_validate({"sensitive": {"categories": ["Dips"]}}))
    seen = evidence("tortilla", bought("salsa", 30, 20), statistics=similar(("salsa", 0.4)), policy=policy)
    assert find(SimilarItem, about(seen, "dips")) is None
