import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_explain.attribution.exact import attribute, attribute_catalogue, attribute_items
from llm_explain.attribution.group_vectors import VectorCache
from llm_explain.attribution.partition import partition
from llm_explain.attribution.shapley import play
from llm_explain.attribution.values import Attribution
from llm_explain.errors import AttributionError, SettingError, ShapeError
from tests.llm_explain.linear_shop import LinearScorer, catalogue, history

SHOP = catalogue(("ale", "beans", "cheese", "dip", "eggs", "fish"))
BOUGHT = {"ale-0": 1, "beans-0": 3, "beans-1": 1, "cheese-0": 2, "dip-0": 2, "eggs-0": 1}


def example(**changes: object) -> Attribution:
    fields = {
        "players": ("group:ale", "context:promotion"),
        "values": np.array([1.5, -0.25]),
        "parts": ({"tower": 1.0, "times_bought": 0.5}, {"promotion": -0.25}),
        "base_value": -2.0,
        "score": -0.75,
        "categories": ((0,), ()),
    }
    return Attribution(**(fields | changes))


def test_records_name_every_player_in_order() -> None:
    assert example().to_records() == [
        {"player": "group:ale", "phi": 1.5, "parts": {"tower": 1.0, "times_bought": 0.5}},
        {"player": "context:promotion", "phi": -0.25, "parts": {"promotion": -0.25}},
    ]


def test_refuses_to_exist_when_it_does_not_add_up() -> None:
    with pytest.raises(AttributionError, match=r"base value plus attributions is -0\.75 but the score is -0\.7498"):
        example(score=-0.7498)
    assert example(score=-0.75009).score == -0.75009


def test_refuses_a_score_that_is_no_number() -> None:
    with pytest.raises(AttributionError, match="but the score is nan"):
        example(score=math.nan)


def test_refuses_parts_that_are_not_their_player() -> None:
    with pytest.raises(AttributionError, match=r"parts of 'group:ale' sum to 1 but its attribution is 1\.5"):
        example(parts=({"tower": 1.0}, {"promotion": -0.25}))


def test_refuses_players_without_values() -> None:
    with pytest.raises(ShapeError, match="has 1 players, 2 values, 2 parts and 2 groups of categories"):
        example(players=("group:ale",))


def test_two_groups_worked_by_hand() -> None:
    # Pooling with a sink: U(S) = Σ w e / (1 + Σ w). Ale was bought once (w = 1), beans three times (w = 3).
    # Item ale-0 has V = (2, 1): <U, V> is 0 for nobody, 1·2/2 = 1 for ale, 3·1/4 = 0.75 for beans and
    # (1·2 + 3·1)/5 = 1 for both.   ale: joins first 1, after beans 0.25, mean 0.625.   beans: 0.75 and 0, mean 0.375.
    # Own history of ale-0: 0.5 for one purchase and 0.25 for the whole of its category, above 0.1 and 0 for none.
    # Context: promotion 0.3 with mean 0.1, popularity -0.2 with mean 0.   Base: 0 + 0.1 + 0.1.
    shop = catalogue(("ale", "beans"), items_each=1)
    scorer = LinearScorer(shop, has_sink=True)
    scorer.item_embedding = np.array([[2.0, 1.0], [0.0, 0.0]])
    scorer.slopes, scorer.empty = np.array([0.5, 0.25]), np.array([[0.1, 0.0], [0.0, 0.0]])
    scorer.context, scorer.context_mean = np.array([[0.3, -0.2], [0.0, 0.0]]), np.array([0.1, 0.0])
    (found,) = attribute(scorer, scorer.read(history(shop, {"ale-0": 1, "beans-0": 3})), np.array([0]))
    assert found.players == ("group:beans", "group:ale", "context:promotion", "context:popularity")
    np.testing.assert_allclose(found.values, [0.375, 0.625 + 0.75, 0.2, -0.2], atol=1e-14)
    assert found.parts[1] == pytest.approx({"tower": 0.625, "times_bought": 0.5, "category_share": 0.25})
    assert found.parts[0] == pytest.approx({"tower": 0.375})
    assert found.base_value == pytest.approx(0.2)
    assert found.score == pytest.approx(1.0 + 0.85 + 0.3 - 0.2)
    assert found.categories == ((1,), (0,), (), ())


def test_summed_pooling_gives_every_group_its_own_summands() -> None:
    # U(S) = Σ w e has no interaction: group g adds Σ w_c V_i[c] over its categories, whatever else is there.
    scorer = LinearScorer(SHOP)
    state = scorer.read(history(SHOP, BOUGHT))
    phi = attribute_catalogue(scorer, state, max_groups=3)
    weight = dict(zip(state.categories.tolist(), state.summands[:, -1], strict=True))
    for group, members in enumerate(phi.groups.categories):
        expected = sum(weight[c] * scorer.item_embedding[:, c] for c in members)
        np.testing.assert_allclose(phi.tower[:, group], expected, atol=1e-12)


@pytest.mark.parametrize("max_groups", [3, 10])
def test_agrees_with_a_game_of_whole_rescoring(max_groups: int) -> None:
    """The other way: remove events from the history, read and score afresh, for every coalition."""
    scorer = LinearScorer(SHOP, has_sink=True)
    of = history(SHOP, BOUGHT)
    everything = np.arange(len(SHOP))
    phi = attribute_catalogue(scorer, scorer.read(of), max_groups=max_groups)

    def rescored(coalitions: np.ndarray) -> np.ndarray:
        removed = [
            [c for there, members in zip(row, phi.groups.categories, strict=True) if not there for c in members]
            for row in coalitions
        ]
        return np.stack([scorer.score(scorer.read(of.without(each, SHOP)), everything) for each in removed])

    np.testing.assert_allclose(phi.phi, play(rescored, len(phi.groups)).T, atol=1e-12)


def test_an_item_of_a_small_category_has_it_carved_out_of_rest() -> None:
    scorer = LinearScorer(SHOP, has_sink=True)
    state = scorer.read(history(SHOP, BOUGHT))
    found = attribute(scorer, state, SHOP.index_of(["eggs-0", "beans-0", "fish-1", "ale-1"]), max_groups=3)
    assert [each.players[:3] for each in found] == [
        ("group:beans", "group:eggs", "rest"),
        ("group:beans", "group:cheese", "rest"),
        ("group:beans", "group:ale", "rest"),
        ("group:beans", "group:ale", "rest"),
    ]
    assert [sorted(each.parts[1]) for each in (found[0], found[3])] == [["category_share", "times_bought", "tower"]] * 2
    assert sorted(found[1].parts[0]) == ["category_share", "times_bought", "tower"]
    assert all(list(parts) == ["tower"] for parts in found[2].parts[:3]), "nothing was bought from the fish category"


def test_a_whole_catalogue_keeps_one_partition() -> None:
    scorer = LinearScorer(SHOP, has_sink=True)
    phi = attribute_catalogue(scorer, scorer.read(history(SHOP, BOUGHT)), max_groups=3)
    eggs, fish = SHOP.index_of(["eggs-0", "fish-0"])
    assert phi.own_group[eggs] == phi.groups.players.index("rest")
    assert phi.own_group[fish] == -1
    assert sorted(phi.attribution(int(eggs)).parts[2]) == ["category_share", "times_bought", "tower"]


def test_an_empty_history_is_context_alone() -> None:
    scorer = LinearScorer(SHOP, has_sink=True)
    (found,) = attribute(scorer, scorer.read(history(SHOP, {})), np.array([3]))
    assert found.players == ("context:promotion", "context:popularity")
    assert found.base_value + found.values.sum() == pytest.approx(found.score, abs=1e-12)


def test_no_items_have_no_attributions() -> None:
    scorer = LinearScorer(SHOP)
    assert attribute(scorer, scorer.read(history(SHOP, BOUGHT)), np.array([], dtype=np.int64)) == []


def test_a_scorer_whose_score_is_not_the_sum_of_its_parts_is_refused() -> None:
    scorer = LinearScorer(SHOP)
    scorer.score = lambda state, item_index: np.full(len(item_index), 0.5)
    with pytest.raises(AttributionError, match=r"but the score is 0\.5"):
        attribute_catalogue(scorer, scorer.read(history(SHOP, BOUGHT)))


def test_a_scorer_with_nan_is_refused() -> None:
    scorer = LinearScorer(SHOP)
    scorer.item_embedding[4] = np.nan
    with pytest.raises(AttributionError, match="but the score is nan"):
        attribute_catalogue(scorer, scorer.read(history(SHOP, BOUGHT)))


purchases = st.dictionaries(st.sampled_from(SHOP.item_ids.tolist()), st.integers(1, 5), max_size=len(SHOP))


@settings(deadline=None)
@given(purchases, st.integers(2, 7), st.integers(0, 1000))
def test_efficiency_for_any_history(bought: dict[str, int], max_groups: int, seed: int) -> None:
    scorer = LinearScorer(SHOP, has_sink=True, seed=seed)
    for each in attribute(scorer, scorer.read(history(SHOP, bought)), np.arange(len(SHOP)), max_groups=max_groups):
        assert each.base_value + each.values.sum() == pytest.approx(each.score, abs=1e-10)
        for value, parts in zip(each.values, each.parts, strict=True):
            assert sum(parts.values()) == pytest.approx(value, abs=1e-12)


@settings(deadline=None)
@given(purchases, st.integers(0, 1000))
def test_dummy_group_that_the_pooling_ignores(bought: dict[str, int], seed: int) -> None:
    scorer = LinearScorer(SHOP, has_sink=True, seed=seed)
    state = scorer.read(history(SHOP, bought | {"ale-0": 2}))
    silent = dataclasses.replace(state, summands=np.where(state.categories[:, None] == 0, 0.0, state.summands))
    (found,) = attribute(scorer, silent, SHOP.index_of(["fish-0"]))
    assert found.values[found.players.index("group:ale")] == pytest.approx(0.0, abs=1e-12)


@settings(deadline=None)
@given(purchases, st.integers(0, 1000))
def test_symmetry_of_groups_that_the_pooling_cannot_tell_apart(bought: dict[str, int], seed: int) -> None:
    scorer = LinearScorer(SHOP, has_sink=True, seed=seed)
    scorer.item_embedding[:, 1] = scorer.item_embedding[:, 0]
    equal = {item: times for item, times in bought.items() if not item.startswith(("ale", "beans"))}
    state = scorer.read(history(SHOP, equal | {"ale-0": 2, "beans-1": 2}))
    phi = attribute_catalogue(scorer, state)
    ale, beans = (phi.groups.players.index(f"group:{name}") for name in ("ale", "beans"))
    np.testing.assert_allclose(phi.tower[:, ale], phi.tower[:, beans], atol=1e-12)


@settings(deadline=None)
@given(purchases, st.floats(-3, 3), st.integers(0, 1000))
def test_linearity_in_the_item_side(bought: dict[str, int], factor: float, seed: int) -> None:
    first, second, both = (LinearScorer(SHOP, has_sink=True, seed=s) for s in (seed, seed + 1, seed))
    both.item_embedding = first.item_embedding + factor * second.item_embedding
    of = history(SHOP, bought)
    a, b, c = (attribute_catalogue(scorer, scorer.read(of)).tower for scorer in (first, second, both))
    np.testing.assert_allclose(c, a + factor * b, atol=1e-10)


def test_the_cache_gives_the_same_and_keeps_its_bound() -> None:
    scorer = LinearScorer(SHOP, has_sink=True)
    cache = VectorCache(max_entries=2)
    items = np.arange(len(SHOP))
    for bought in (BOUGHT, {"ale-0": 1}, BOUGHT, {"fish-0": 2, "ale-0": 1}, {"dip-0": 1}):
        state = scorer.read(history(SHOP, bought))
        cached = attribute_catalogue(scorer, state, cache=cache)
        np.testing.assert_array_equal(cached.values, attribute_catalogue(scorer, state, items).values)
    assert len(cache) == 2


def test_the_cache_computes_once_and_tells_histories_apart() -> None:
    scorer = LinearScorer(SHOP, has_sink=True)
    of, cache = history(SHOP, BOUGHT), VectorCache()
    groups = partition(of, SHOP)
    first = cache.get(scorer.read(of), groups)
    assert cache.get(scorer.read(history(SHOP, BOUGHT)), groups) is first
    assert cache.get(scorer.read(of), partition(of, SHOP, max_groups=3)) is not first
    assert cache.get(scorer.read(history(SHOP, BOUGHT | {"ale-1": 1})), groups) is not first
    variants = [
        of.select(np.arange(len(of)) > 0),
        dataclasses.replace(of, as_of=of.as_of + np.timedelta64(1, "D")),
        dataclasses.replace(of, quantity=of.quantity + 1),
        dataclasses.replace(of, store_id=np.full(len(of), "s1", dtype=object)),
    ]
    assert len({each.digest for each in [of, *variants]}) == 5


def test_a_cache_without_room_is_refused() -> None:
    with pytest.raises(SettingError, match="max_entries is 0 but at least 1 is needed"):
        VectorCache(max_entries=0)


def test_kept_vectors_hold_no_memory_of_the_coalitions_that_they_came_from() -> None:
    scorer, cache = LinearScorer(SHOP), VectorCache()
    of = history(SHOP, BOUGHT)
    kept = cache.get(scorer.read(of), partition(of, SHOP))
    for array in (kept.empty, kept.added):
        owner = array if array.base is None else array.base
        assert owner.nbytes <= kept.added.nbytes, "a view keeps the whole array alive"


def test_a_given_partition_is_kept() -> None:
    scorer = LinearScorer(SHOP)
    state = scorer.read(history(SHOP, BOUGHT))
    groups = partition(state.history, SHOP, max_groups=4, alone=(4,))
    assert attribute_items(scorer, state, np.array([0]), groups=groups).groups is groups


def test_stacked_explanations_have_a_column_for_every_player() -> None:
    pytest.importorskip("shap")
    scorer = LinearScorer(SHOP)
    found = attribute(scorer, scorer.read(history(SHOP, BOUGHT)), np.arange(len(SHOP)), max_groups=3)
    stacked = Attribution.stack(found)
    players = list(dict.fromkeys(player for each in found for player in each.players))
    assert (stacked.feature_names, stacked.shape) == (players, (len(found), len(players)))
    for row, each in enumerate(found):
        assert stacked.base_values[row] + stacked.values[row].sum() == pytest.approx(each.score)
        assert not stacked.values[row, [player not in each.players for player in players]].any()
    with pytest.raises(SettingError, match="attributions is empty but at least one is needed"):
        Attribution.stack([])
