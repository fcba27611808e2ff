import numpy as np
import pytest

from llm_explain.attribution.exact import attribute_catalogue
from llm_explain.attribution.shelves import Shelf, shelves
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


def found(scorer: LinearScorer, bought: dict[str, int], **options: int) -> list[Shelf]:
    of = {"k": 8, "n_shelves": 5} | options
    return shelves(scorer, scorer.read(history(SHOP, bought)), scorer.candidates, **of)


def test_an_item_lies_on_the_shelf_of_the_group_that_adds_most(scorer: LinearScorer) -> None:
    ale, beans = found(scorer, BOUGHT)
    assert (ale.player, ids(ale), ale.phi.tolist()) == (
        "group:ale",
        ["ale-0", "ale-1", "ale-2", "cheese-0"],
        [18, 18, 18, 6],
    )
    assert (beans.player, ids(beans)[3:], beans.phi.tolist()) == ("group:beans", ["cheese-1"], [9, 9, 9, 5])
    assert (ale.category_index, beans.category_index) == (0, 1)


def test_only_candidates_are_shelved(scorer: LinearScorer) -> None:
    scorer.candidates = SHOP.index_of(["cheese-0", "beans-1"])
    assert [ids(shelf) for shelf in found(scorer, BOUGHT)] == [["beans-1"], ["cheese-0"]]


def test_at_most_k_items_and_n_shelves_strongest_first(scorer: LinearScorer) -> None:
    (shelf,) = found(scorer, BOUGHT, k=2, n_shelves=1)
    assert ids(shelf) == ["ale-0", "ale-1"]


def test_the_rest_has_no_shelf(scorer: LinearScorer) -> None:
    bought = BOUGHT | {"cheese-0": 1}
    state = scorer.read(history(SHOP, bought))
    assert attribute_catalogue(scorer, state, max_groups=2).groups.players == ("group:ale", "rest")
    assert [shelf.player for shelf in found(scorer, bought, max_groups=2)] == ["group:ale"]


@pytest.mark.parametrize("bought", [{}, {"ale-0": 1}])
def test_a_short_history_has_few_shelves(scorer: LinearScorer, bought: dict[str, int]) -> None:
    assert [shelf.player for shelf in found(scorer, bought)] == [f"group:{item[:-2]}" for item in bought]
