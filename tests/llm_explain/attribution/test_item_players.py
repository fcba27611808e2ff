"""Items of a category as players: every coalition is a history without rows, and the values share the group's."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shop import CUTOFF

from llm_explain.attribution.exact import attribute
from llm_explain.attribution.games import read_together
from llm_explain.attribution.group_vectors import VectorCache
from llm_explain.attribution.item_players import heaviest_items, item_values, largest_group, past_items
from llm_explain.attribution.partition import partition
from llm_explain.attribution.scored_user import AdditiveScoredUser
from llm_explain.errors import SettingError
from scoring.data.history import EventLog, History
from scoring.data.targets import OTHER

if TYPE_CHECKING:
    from scoring.data.tables import Tables
    from scoring.scorer.scorer import GlassBoxScorer

ASKED = np.arange(0, 40, 3)


@pytest.fixture(scope="module")
def history(linked_scorer: GlassBoxScorer, shop_tables: Tables) -> History:
    return EventLog(shop_tables.events, linked_scorer.catalogue).history("u03", CUTOFF)


@pytest.mark.parametrize("max_parts", [2, 4, 5])
def test_the_parts_share_the_value_of_their_group(
    linked_scorer: GlassBoxScorer,
    history: History,
    max_parts: int,
) -> None:
    scorer, state = linked_scorer, linked_scorer.read(history)
    groups = partition(history, scorer.catalogue, max_groups=6)
    for attribution_row, attribution in enumerate(attribute(scorer, state, ASKED, max_groups=6)):
        for place, player in enumerate(groups.players[:-1] if attribution.players[:6] == groups.players else ()):
            game = item_values(scorer, state, ASKED, player, groups=groups, max_parts=max_parts)
            (found,) = read_together(scorer, [game])
            assert found.values[attribution_row].sum() == pytest.approx(attribution.values[place], abs=1e-9)
            by_name = dict(zip(found.names, found.values[attribution_row].sum(axis=0), strict=True))
            for name, value in attribution.parts[place].items():
                assert by_name[name] == pytest.approx(value, abs=1e-9)


def test_a_coalition_is_a_history_without_the_rows(linked_scorer: GlassBoxScorer, history: History) -> None:
    """Score every history with some groups and some items of one of them, and play the game by its definition."""
    scorer, category = linked_scorer, linked_scorer.catalogue.category_index[history.item_index]
    groups = partition(history, scorer.catalogue, max_groups=4)
    player = groups.players[0]
    (own,) = groups.categories[0]
    asked = np.array([int(np.flatnonzero(scorer.catalogue.category_index == own)[0]), 0, 39])
    game = item_values(scorer, scorer.read(history), asked, player, groups=groups, max_parts=3)
    (found,) = read_together(scorer, [game])
    parts = [
        *({int(item)} for item in found.items),
        set(history.item_index[category == own]) - set(found.items.tolist()),
    ]
    assert len(parts) == 3

    def score(present: frozenset[int], others: frozenset[int]) -> np.ndarray:
        in_items = np.isin(history.item_index, [item for part in present for item in parts[part]])
        in_groups = np.isin(category, [c for group in others for c in groups.categories[group]])
        return scorer.score(scorer.read(history.select(in_items | in_groups)), asked)

    values = np.zeros((len(asked), 3))
    n = len(groups)
    for part in range(3):
        rest = [other for other in range(3) if other != part]
        for size in range(3):
            for chosen in combinations(rest, size):
                inner = factorial(size) * factorial(2 - size) / factorial(3)
                for n_others in range(n):
                    outer = factorial(n_others) * factorial(n - n_others - 1) / factorial(n)
                    for others in combinations(range(1, n), n_others):
                        with_it = score(frozenset({*chosen, part}), frozenset(others))
                        values[:, part] += inner * outer * (with_it - score(frozenset(chosen), frozenset(others)))
    assert found.values.sum(axis=2) == pytest.approx(values, abs=1e-9)


def test_the_only_item_of_a_group_has_its_whole_value(linked_scorer: GlassBoxScorer, history: History) -> None:
    groups = partition(history, linked_scorer.catalogue, max_groups=6)
    (category,) = groups.categories[0]
    of_category = linked_scorer.catalogue.category_index[history.item_index] == category
    first = history.item_index[of_category][0]
    only = history.select(~of_category | (history.item_index == first))
    user = AdditiveScoredUser(linked_scorer, linked_scorer.read(only), VectorCache())
    (attribution,) = user.attribute(np.array([1]))
    player = groups.players[0]
    row = attribution.players.index(player)
    (split,) = read_together(linked_scorer, [past_items(linked_scorer, user.state, attribution, 1, player)])
    (item,) = split.items[row] or (None,)
    if attribution.values[row] > 0:
        assert item is not None
        assert item.phi == pytest.approx(attribution.values[row], abs=1e-9)
        assert item.part == f"item:{linked_scorer.catalogue.item_ids[first]}"


def test_items_of_the_largest_group_are_offered(linked_scorer: GlassBoxScorer, history: History) -> None:
    user = AdditiveScoredUser(linked_scorer, linked_scorer.read(history), VectorCache())
    for attribution in user.attribute_past(ASKED):
        cited = [item for own in attribution.items for item in own if item.part.startswith("item:")]
        for player, own in zip(attribution.players, attribution.items, strict=True):
            for item in own:
                record = attribution.citing(player, item.part)
                assert sum(record.parts[record.players.index(player)].values()) == pytest.approx(
                    attribution.values[attribution.players.index(player)], abs=1e-9
                )
        assert len(cited) <= 4


def test_only_a_group_of_one_category_has_items(linked_scorer: GlassBoxScorer, history: History) -> None:
    groups = partition(history, linked_scorer.catalogue, max_groups=3)
    for player in ("rest", "group:nothing"):
        with pytest.raises(SettingError, match="is a single category is needed"):
            next(item_values(linked_scorer, linked_scorer.read(history), ASKED, player, groups=groups))


@pytest.fixture(scope="module")
def loyal(linked_scorer: GlassBoxScorer, history: History) -> tuple[History, int, str]:
    """Return a history that is mostly one item of its category, that category, and the item's id."""
    category = linked_scorer.catalogue.category_index[history.item_index]
    own = int(np.bincount(category).argmax())
    items, counts = np.unique(history.item_index[category == own], return_counts=True)
    heaviest = int(items[counts.argmax()])
    others = history.item_index[(category == own) & (history.item_index != heaviest)]
    kept = history.select((category != own) | (history.item_index == heaviest) | (history.item_index == others[0]))
    return kept, own, str(linked_scorer.catalogue.item_ids[heaviest])


def test_the_heaviest_item_speaks_for_its_category(
    linked_scorer: GlassBoxScorer, loyal: tuple[History, int, str]
) -> None:
    kept, own, item_id = loyal
    state, cache = linked_scorer.read(kept), VectorCache()
    asked = np.setdiff1d(np.flatnonzero(linked_scorer.catalogue.category_index != own), kept.item_index)
    given = [replace(each, items=()) for each in attribute(linked_scorer, state, asked, cache=cache)]

    def cited(**settings: Any) -> list[str]:
        chosen = {"may_name": lambda name: name == linked_scorer.catalogue.category_names[own], **settings}
        game = heaviest_items(linked_scorer, state, given, asked, cache=cache, **chosen)
        (found,) = read_together(linked_scorer, [game])
        return [item.part for each in found for items in each.items for item in items if item.part[5:] == item_id]

    behind = [each for each in given if largest_group(each) == each.categories.index((own,))]
    assert behind
    assert len(cited(most_games=100)) <= len(behind)
    assert len(cited()) == 1  # one game a list
    assert cited(most_games=0) == cited(may_name=lambda _: False) == cited(least_share=1.01) == []


def test_of_a_category_without_purchases_the_signals_count(
    linked_scorer: GlassBoxScorer, loyal: tuple[History, int, str]
) -> None:
    kept, own, item_id = loyal
    state = linked_scorer.read(kept)
    asked = np.setdiff1d(np.flatnonzero(linked_scorer.catalogue.category_index != own), kept.item_index)
    given = [replace(each, items=()) for each in attribute(linked_scorer, state, asked)]
    is_own = linked_scorer.catalogue.category_index[kept.item_index] == own
    looked = replace(kept, role=np.where(is_own, OTHER, kept.role).astype(kept.role.dtype))
    for history in (kept, looked):  # the same values of the scorer: what differs is which events speak
        game = heaviest_items(
            linked_scorer, replace(state, history=history), given, asked, most_games=100,
            may_name=lambda name: name == linked_scorer.catalogue.category_names[own],
        )  # fmt: skip
        (found,) = read_together(linked_scorer, [game])
        parts = {item.part for each in found for items in each.items for item in items}
        assert f"item:{item_id}" in parts


def test_two_parts_follow_from_the_value_of_their_group(
    linked_scorer: GlassBoxScorer, loyal: tuple[History, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, own, _ = loyal
    state = linked_scorer.read(kept)
    groups = partition(kept, linked_scorer.catalogue, max_groups=6)
    player = groups.players[groups.categories.index((own,))]
    (short,) = read_together(
        linked_scorer, [item_values(linked_scorer, state, ASKED, player, groups=groups, max_parts=2)]
    )
    monkeypatch.setattr("llm_explain.attribution.item_players.PAIR", 1)
    (enumerated,) = read_together(
        linked_scorer, [item_values(linked_scorer, state, ASKED, player, groups=groups, max_parts=2)]
    )
    assert short.values == pytest.approx(enumerated.values, abs=1e-9)
