import numpy as np
import pytest

from llm_explain.attribution.counterfactual import Contrast, contrast, what_if
from llm_explain.attribution.exact import attribute
from llm_explain.errors import AttributionError, UnknownGroupError
from tests.llm_explain.linear_shop import LinearScorer, catalogue, history

SHOP = catalogue(("ale", "beans", "cheese", "dip", "eggs", "fish"))
BOUGHT = {"ale-0": 1, "beans-0": 3, "beans-1": 1, "cheese-0": 2, "dip-0": 2, "eggs-0": 1}
ITEMS = np.arange(len(SHOP))


@pytest.fixture
def scorer() -> LinearScorer:
    return LinearScorer(SHOP, has_sink=True)


@pytest.mark.parametrize("name", ["ale", "beans", "cheese", "dip", "eggs"])
def test_without_a_group_is_a_fresh_read_of_the_shortened_history(scorer: LinearScorer, name: str) -> None:
    of = history(SHOP, BOUGHT)
    found = what_if(scorer, scorer.read(of), without=[f"group:{name}"], item_index=ITEMS)
    shortened = scorer.read(of.without([SHOP.category_names.index(name)], SHOP))
    np.testing.assert_allclose(found.score_without, scorer.score(shortened, ITEMS), atol=1e-12)
    np.testing.assert_allclose(found.score, scorer.score(scorer.read(of), ITEMS), atol=1e-12)


def test_without_the_rest(scorer: LinearScorer) -> None:
    of = history(SHOP, BOUGHT)
    found = what_if(scorer, scorer.read(of), without=["rest"], max_groups=3)
    kept = scorer.read(history(SHOP, {"beans-0": 3, "beans-1": 1, "cheese-0": 2}))
    np.testing.assert_allclose(found.score_without, scorer.score(kept, ITEMS), atol=1e-12)


def test_without_everything_is_the_base_value(scorer: LinearScorer) -> None:
    state = scorer.read(history(SHOP, BOUGHT))
    attributions = attribute(scorer, state, ITEMS)
    found = what_if(scorer, state, without=attributions[0].players, item_index=ITEMS)
    np.testing.assert_allclose(found.score_without, [each.base_value for each in attributions], atol=1e-12)


def test_without_a_context_term_it_has_its_mean(scorer: LinearScorer) -> None:
    state = scorer.read(history(SHOP, BOUGHT))
    found = what_if(scorer, state, without=["context:promotion"])
    expected = found.score - scorer.context[:, 0] + scorer.context_mean[0]
    np.testing.assert_allclose(found.score_without, expected, atol=1e-12)


def test_ranks_are_among_candidates_best_first_ties_by_item_index(scorer: LinearScorer) -> None:
    # Scores without context and own history are V alone for someone who only bought ale: w = 1, U = 1/2 on ale.
    scorer.item_embedding[:, 0] = [4, 9, 6, 6, 2, 8, 0, 0, 0, 0, 0, 0]
    scorer.context[:], scorer.empty[:], scorer.slopes[:], scorer.context_mean[:] = 0, 0, 0, 0
    scorer.candidates = np.array([0, 2, 3, 4, 5])
    found = what_if(scorer, scorer.read(history(SHOP, {"ale-0": 1})), without=["group:ale"], item_index=np.arange(6))
    assert found.score.tolist() == [2.0, 4.5, 3.0, 3.0, 1.0, 4.0]
    assert found.rank.tolist() == [4, 0, 2, 3, 5, 1]
    assert found.rank_without.tolist() == [1, 0, 2, 3, 4, 5]


def test_items_come_back_in_the_order_asked(scorer: LinearScorer) -> None:
    state = scorer.read(history(SHOP, BOUGHT))
    found = what_if(scorer, state, without=["group:ale"], item_index=np.array([7, 2, 2]))
    assert found.item_index.tolist() == [7, 2, 2]
    np.testing.assert_allclose(found.score, scorer.score(state, np.array([7, 2, 2])), atol=1e-12)


def test_an_unknown_group_is_refused_with_near_matches(scorer: LinearScorer) -> None:
    state = scorer.read(history(SHOP, BOUGHT))
    with pytest.raises(
        UnknownGroupError, match=r"'group:chese' but one of this user's 5 .* Did you mean 'group:cheese'"
    ):
        what_if(scorer, state, without=["group:chese"])
    with pytest.raises(UnknownGroupError, match="'group:fish' but one of this user's 5 history groups and 2 context"):
        what_if(scorer, state, without=["group:fish"])


def test_contrast_of_two_small_categories_carves_both(scorer: LinearScorer) -> None:
    state = scorer.read(history(SHOP, BOUGHT))
    ale, eggs = SHOP.index_of(["ale-0", "eggs-0"])
    found = contrast(scorer, state, int(ale), int(eggs), max_groups=3)
    assert found.item.players[:3] == ("group:ale", "group:eggs", "rest")
    gap = scorer.score(state, np.array([ale, eggs]))
    assert found.base_difference + found.difference.sum() == pytest.approx(gap[0] - gap[1], abs=1e-12)


def test_contrast_with_itself_is_nothing(scorer: LinearScorer) -> None:
    found = contrast(scorer, scorer.read(history(SHOP, BOUGHT)), 3, 3)
    assert (found.base_difference, np.abs(found.difference).max()) == (0.0, 0.0)


def test_a_contrast_over_different_players_is_refused(scorer: LinearScorer) -> None:
    first, second = attribute(scorer, scorer.read(history(SHOP, BOUGHT)), np.array([0, 8]), max_groups=3)
    with pytest.raises(AttributionError, match=r"Attribute both items with one partition\."):
        Contrast(first, second, first.values - second.values, first.base_value - second.base_value)
