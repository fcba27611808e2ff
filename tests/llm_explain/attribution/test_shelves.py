import numpy as np
import pytest

from llm_explain.attribution.exact import attribute_catalogue
from llm_explain.attribution.shelves import shelves
from llm_explain.errors import SettingError
from tests.llm_explain.linear_shop import LinearScorer, catalogue, history

SHOP = catalogue(("ale", "beans", "cheese"), items_each=3)
BOUGHT = {"ale-0": 2, "beans-0": 1}


@pytest.fixture
def scorer() -> LinearScorer:
    """With summed pooling ale (w = 2) adds 2 V[ale] to an item and beans (w = 1) adds V[beans]."""
    found = LinearScorer(SHOP)
    found.item_embedding = np.zeros((9, 3))
    found.item_embedding[:, 0] = [9, 9, 9, 1, 2, 0, 3, 1, -1]  # ale:   18 18 18 | 2 4 0 | 6 2 -2
    found.item_embedding[:, 1] = [1, 0, 2, 9, 9, 9, 1, 5, -5]  # beans:  1  0  2 | 9 9 9 | 1 5 -5
    found.slopes[:], found.context[:] = 0, 0
    return found


def ids(shelf: object) -> list[str]:
    return SHOP.item_ids[shelf.item_index].tolist()


def test_an_item_lies_on_the_shelf_of_the_other_group_that_adds_most(scorer: LinearScorer) -> None:
    ale, beans = shelves(scorer, scorer.read(history(SHOP, BOUGHT)))
    assert (ale.player, ids(ale), ale.phi.tolist()) == ("group:ale", ["cheese-0", "beans-1", "beans-0"], [6, 4, 2])
    assert (beans.player, ids(beans), beans.phi.tolist()) == ("group:beans", ["cheese-1", "ale-2", "ale-0"], [5, 2, 1])
    assert (ale.category_index, beans.category_index) == (0, 1)


def test_items_of_the_groups_own_category_on_request(scorer: LinearScorer) -> None:
    ale, beans = shelves(scorer, scorer.read(history(SHOP, BOUGHT)), with_own_category=True)
    assert (sorted(ids(ale)[:3]), ids(ale)[3:]) == (["ale-0", "ale-1", "ale-2"], ["cheese-0"])
    assert (sorted(ids(beans)[:3]), ids(beans)[3:]) == (["beans-0", "beans-1", "beans-2"], ["cheese-1"])


def test_only_the_best_candidates_are_shelved(scorer: LinearScorer) -> None:
    scorer.empty[:] = 0
    scorer.empty[:, 0] = [0, 0, 0, 0, 100, 0, 0, 90, 0]  # beans-1 and cheese-1 score best
    found = shelves(scorer, scorer.read(history(SHOP, BOUGHT)), pool=2)
    assert [ids(shelf) for shelf in found] == [["cheese-1"], ["beans-1"]]
    scorer.candidates = np.array([6])
    assert [ids(shelf) for shelf in shelves(scorer, scorer.read(history(SHOP, BOUGHT)), pool=None)] == [["cheese-0"]]


def test_items_are_left_out_on_request(scorer: LinearScorer) -> None:
    bought = SHOP.index_of(["cheese-0", "ale-2"])
    ale, beans = shelves(scorer, scorer.read(history(SHOP, BOUGHT)), exclude=bought.tolist())
    assert (ids(ale), ids(beans)) == (["beans-1", "beans-0"], ["cheese-1", "ale-0"])


def test_at_most_k_items_and_n_shelves_strongest_first(scorer: LinearScorer) -> None:
    (found,) = shelves(scorer, scorer.read(history(SHOP, BOUGHT)), k=2, n_shelves=1)
    assert ids(found) == ["cheese-0", "beans-1"]


def test_the_rest_has_no_shelf(scorer: LinearScorer) -> None:
    of = history(SHOP, BOUGHT | {"cheese-0": 1})
    assert attribute_catalogue(scorer, scorer.read(of), max_groups=2).groups.players == ("group:ale", "rest")
    assert [shelf.player for shelf in shelves(scorer, scorer.read(of), max_groups=2)] == ["group:ale"]


@pytest.mark.parametrize("bought", [{}, {"ale-0": 1}])
def test_a_short_history_has_few_shelves(scorer: LinearScorer, bought: dict[str, int]) -> None:
    found = shelves(scorer, scorer.read(history(SHOP, bought)))
    assert [shelf.player for shelf in found] == [f"group:{item[:-2]}" for item in bought]


def test_a_shelf_without_room_is_refused(scorer: LinearScorer) -> None:
    with pytest.raises(SettingError, match="k is 0 and pool is 1000 but at least 1 is needed"):
        shelves(scorer, scorer.read(history(SHOP, BOUGHT)), k=0)
