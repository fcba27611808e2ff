"""Links between items with the same fields, against cosines done by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rows import log_of

from scoring.data.catalogue import Catalogue
from scoring.features.alike import Alike, few_sold_variants, most_alike

ITEMS = pd.DataFrame(
    {
        "item_id": ["0", "1", "2", "3"],
        "title": ["Green tea", "Black tea", "Tea pot", ""],
        "category": ["drinks", "drinks", "pots", None],
        "brand": ["A", "B", "B", None],
    }
)
ALL = np.arange(4)
LOG = log_of([(0, item, float(item)) for item in range(4)])


def table(items: pd.DataFrame, *, with_titles: bool = False) -> np.ndarray:
    alike = Alike.of(Catalogue(items), with_titles=with_titles)
    assert alike is not None
    return alike.fit(LOG, ALL, 4).toarray()


def test_items_are_linked_by_the_fields_that_they_share() -> None:
    # Items 0 and 1 share the category and 1 and 2 the brand; both are values of two items in four and weigh ln 2.
    # Item 1 has both values, so each is 1/√2 of its length; "pots" and "A" are in one item each and link nothing.
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = expected[1, 2] = expected[2, 1] = 1 / np.sqrt(2)
    np.testing.assert_allclose(table(ITEMS), expected, atol=1e-6)


def test_a_value_of_few_items_weighs_more() -> None:
    items = ITEMS.assign(category=["drinks", "drinks", "drinks", None], brand=["A", None, None, "A"])
    # Three of four items are drinks and two are of A: ln(4/3) and ln 2.
    drinks, brand = np.log(4 / 3), np.log(2)
    links = table(items)
    assert links[0, 1] == pytest.approx(drinks / np.hypot(drinks, brand), abs=1e-6)
    assert links[0, 3] == pytest.approx(brand / np.hypot(drinks, brand), abs=1e-6)


def test_words_of_titles_are_fields_where_they_are_asked_for() -> None:
    links = table(ITEMS, with_titles=True)
    assert links[0, 2] > 0, "both titles say tea"
    assert not links[3].any(), "an item without fields is like none"


def test_several_categories_are_several_fields() -> None:
    items = ITEMS.assign(categories=["Home > Kitchen|Gifts", "Gifts", "Home > Garden", None])
    links = table(items)
    # Shared values, each in two items: drinks, Home and Gifts of item 0, drinks, Gifts and B of 1, Home and B of 2.
    assert links[0, 1] == pytest.approx(2 / 3, abs=1e-6)
    assert links[0, 2] == pytest.approx(1 / np.sqrt(6), abs=1e-6)


def test_a_catalogue_without_shared_fields_has_no_such_links() -> None:
    items = ITEMS.assign(category=list("abcd"), brand=None, title="")
    assert Alike.of(Catalogue(items), with_titles=True) is None


def test_a_candidate_is_the_only_target() -> None:
    alike = Alike.of(Catalogue(ITEMS), with_titles=False)
    assert alike is not None
    links = alike.fit(LOG, np.array([2]), 4).toarray()
    assert links[1, 2] == pytest.approx(1 / np.sqrt(2), abs=1e-6)
    assert np.count_nonzero(links) == 1


def test_a_new_item_is_like_the_items_that_share_its_rarest_fields():
    items = pd.DataFrame(
        {
            "item_id": list("abcdn"),
            "title": ["Gouda", "Brie", "Rye", "Oats", "Edam"],
            "category": ["cheese", "cheese", "bread", "bread", "cheese"],
        }
    )
    weights = most_alike(Catalogue(items), np.array([4]), np.arange(4)).toarray()
    # Only the category is shared, and no other field tells the two cheeses apart.
    assert weights == pytest.approx(np.array([[0.5, 0.5, 0.0, 0.0, 0.0]]))
    items.loc[4, "title"] = "Brie, old"
    weights = most_alike(Catalogue(items), np.array([4]), np.arange(4)).toarray()
    assert weights[0, 1] > weights[0, 0] > 0
    assert weights.sum() == pytest.approx(1.0)
    assert most_alike(Catalogue(items), np.array([4]), np.array([2, 3])).nnz == 0


def test_variants_share_their_events() -> None:
    parents = ["p", "p", "p", "q", "q", None, "r"]
    items = pd.DataFrame({"item_id": list("0123456"), "title": "", "category": None, "parent_id": parents})
    n_events = np.array([12, 10, 1, 6, 5, 9, 9])
    few, alike = few_sold_variants(Catalogue(items), n_events, np.array([0, 1]), 10)
    assert few.tolist() == [2, 3, 4]  # p has 23 events and q 11; 5 has no variants, and r has 9 events
    assert alike.toarray().tolist() == [[0.5, 0.5, 0, 0, 0, 0, 0], [0] * 7, [0] * 7]
    few, alike = few_sold_variants(Catalogue(items.drop(columns="parent_id")), n_events, np.array([0, 1]), 10)
    assert (few.tolist(), alike.shape) == ([], (0, 7))
