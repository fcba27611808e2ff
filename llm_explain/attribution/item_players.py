"""Single items of one history group as players: exact values that sum to the group's (docs/design.md §5).

The group's category is split into its heaviest items and a remainder. The value of a coalition of groups and items is
the score of the history with only these. Owen values keep the groups' Shapley values: the parts of a category share
exactly what the category has. Only the events of this category are read again, once for each subset of its parts.

Source: Owen (1977), "Values of games with a priori unions".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.attribution.group_vectors import group_vectors
from llm_explain.attribution.partition import GROUP_PREFIX, Partition
from llm_explain.attribution.shapley import MAX_PLAYERS, all_coalitions, shapley_values, size_weights
from llm_explain.attribution.values import ITEM, LINKS, TOWER, Attribution, PastItem
from llm_explain.errors import SettingError
from scoring.data.targets import OTHER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from llm_explain.attribution.games import Game
    from llm_explain.attribution.group_vectors import VectorCache
    from llm_explain.attribution.shapley import FloatArray
    from scoring.data.catalogue import IndexArray
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.scorer.user_state import Floats, UserState

MAX_PARTS: Final = 4
"""Parts of a category: its heaviest items and the remainder. Each further part doubles the work."""

PAIR: Final = 2
"""Of two parts, the values follow from the group's value and from the scores with one part each."""

MIN_EVENT_SHARE: Final = 0.5
"""Least share of a category's target events that its heaviest item has, so that it speaks for the category."""


@dataclass(frozen=True, eq=False)
class ItemValues:
    """Values of the parts of one history group for some scores.

    Attributes:
        player: The history group.
        items: Its single items, shape ``(n_items,)``; the remainder of the category is a further part if there is one.
        names: Names of the parts of a value: ``tower``, ``links``, and the own-history features.
        values: Attribution of each part of the category for each score, in logits, shape ``(n, n_parts, n_names)``.
    """

    player: str
    items: IndexArray
    names: tuple[str, ...]
    values: FloatArray

    def past_items(self, row: int, item_ids: npt.NDArray[np.object_]) -> tuple[PastItem, ...]:
        """Return the single items that raise one score, largest attribution first.

        Args:
            row: Place of the score.
            item_ids: The shop's ids by ``item_index``.

        Returns:
            Items with their parts, those that are not zero.
        """
        found = [
            PastItem(
                int(item),
                f"{ITEM}:{item_ids[int(item)]}",
                {name: value for name, value in zip(self.names, values, strict=True) if value},
            )
            for item, values in zip(self.items, self.values[row].tolist(), strict=False)
        ]
        return tuple(sorted((item for item in found if item.phi > 0), key=lambda item: -item.phi))


def item_values(
    scorer: GlassBoxScorer,
    state: UserState,
    item_index: IndexArray,
    player: str,
    *,
    groups: Partition,
    max_parts: int = MAX_PARTS,
    cache: VectorCache | None = None,
) -> Game[ItemValues]:
    """Find the exact values of single items of a history group; ``read_together`` plays the game.

    Args:
        scorer: The glass-box scorer.
        state: The user, as the scorer read the history.
        item_index: Items that are scored, shape ``(n,)``.
        player: A group of one category, for example ``group:apples``.
        groups: Partition that the group belongs to.
        max_parts: Most parts of the category: single items, those with the largest links and then most target events
            first, and the remainder.
        cache: Where group vectors are kept between calls.

    Returns:
        Values of the parts. Over the parts they sum to the group's attribution.

    Raises:
        SettingError: If the player is no group of one category, or ``max_parts`` is out of range.
    """
    if player not in groups.players or not player.startswith(GROUP_PREFIX):
        raise SettingError(
            f"player is {player!r} but one of {', '.join(groups.players)} that is a single category is needed. "
            "Choose a history group."
        )
    if not 2 <= max_parts <= MAX_PLAYERS:
        raise SettingError(
            f"max_parts is {max_parts} but 2 to {MAX_PLAYERS} are needed: single items and the remainder. "
            "Choose another max_parts."
        )
    group = groups.players.index(player)
    (category,) = groups.categories[group]
    by_item = scorer.linked(state, item_index)  # (n, n_bought)
    parts, items = _parts(scorer, state, category, max_parts, links=by_item.max(axis=0, initial=0.0))
    n_parts = len(items) + int((parts == len(items)).any())
    is_own = scorer.catalogue.category_index[item_index] == category
    states: list[UserState] = []
    dtype = np.float32 if cache is not None and cache.is_single else np.float64
    if n_parts > 1:
        some = all_coalitions(n_parts)[1:-1]  # without any part there is nothing to read, and all parts were read
        states = (yield [state.history.select(np.isin(parts, np.flatnonzero(each))) for each in some]) or []
        whole = state.summands[state.categories == category].sum(axis=0, dtype=np.float64)
        sums = np.array(
            [0.0 * whole, *(each.summands.sum(axis=0, dtype=np.float64) for each in states), whole]
        )  # (2^n_parts, d_sum)
    if n_parts > PAIR:
        added = shapley_values(_embeddings(state, sums.astype(dtype), groups, group))  # (n_parts, d)
    else:
        vectors = cache.get(state, groups) if cache is not None else group_vectors(state, groups)
        added = vectors.added[group][None] / n_parts
        if n_parts == PAIR:  # half of what both have together, and half of what sets them apart
            first, second = _embeddings(state, sums[1:3].astype(dtype), groups, group)
            added = added + np.array([[0.5], [-0.5]]) * (first - second)
    tower = np.asarray(scorer.item_embedding[item_index]) @ added.T  # (n, n_parts)
    part_of = np.zeros((len(state.past), n_parts))
    bought = np.flatnonzero(scorer.catalogue.category_index[state.past] == category)
    single = state.past[bought][:, None] == items
    part_of[bought] = np.eye(n_parts)[np.where(single.any(axis=1), single.argmax(axis=1), n_parts - 1)]
    linked = by_item @ part_of  # (n, n_parts)
    own = np.zeros((len(item_index), n_parts, len(scorer.own_features)))
    if is_own.any() and states:
        asked = item_index[is_own]
        by_subset = [scorer.own_empty(asked), *(scorer.own_parts(each, asked) for each in (*states, state))]
        own[is_own] = np.moveaxis(shapley_values(np.array(by_subset)), 0, 1)
    elif is_own.any():  # the category is one item, and these parts read no other category
        own[is_own, 0] = scorer.own_parts(state, item_index[is_own]) - scorer.own_empty(item_index[is_own])
    values = np.concatenate([tower[:, :, None], linked[:, :, None], own], axis=2)
    return ItemValues(player, items, (TOWER, LINKS, *scorer.own_features), values)


def _parts(
    scorer: GlassBoxScorer, state: UserState, category: int, max_parts: int, *, links: FloatArray
) -> tuple[IndexArray, IndexArray]:
    """Return the part of each event, −1 for other categories, and the items that stand alone.

    The items with the largest links come first, then those with most target events.
    """
    history = state.history
    rows = np.flatnonzero(scorer.catalogue.category_index[history.item_index] == category)
    found, place, n_rows = np.unique(history.item_index[rows], return_inverse=True, return_counts=True)
    n_targets = np.bincount(place, history.is_target[rows], minlength=len(found))
    link = np.zeros(len(scorer.catalogue))
    link[state.past] = links
    order = np.lexsort((found, -n_rows, -n_targets, -link[found]))
    n_single = len(found) if len(found) <= max_parts else max_parts - 1
    part_of_found = np.full(len(found), n_single, dtype=np.int64)
    part_of_found[order[:n_single]] = np.arange(n_single)
    parts = np.full(len(history), -1, dtype=np.int64)
    parts[rows] = part_of_found[place]
    return parts, found[order[:n_single]]


def _embeddings(state: UserState, sums: Floats, groups: Partition, group: int) -> FloatArray:
    """Return U of each subset of the parts, as the mean over coalitions of the other groups in the Shapley order.

    A coalition of the other groups has the weight that it has in the Shapley value of the group.
    """
    others = np.delete(state.group_sums(groups.group_of(state.categories), len(groups)), group, axis=0)
    present, weights = _coalitions_with(len(others), len(sums), sums.dtype)
    rows = np.concatenate([others.astype(sums.dtype, copy=False), sums])
    return state.embed_coalitions(rows, present, weights).astype(np.float64, copy=False)


@lru_cache(maxsize=2 * MAX_PLAYERS)
def _coalitions_with(n_others: int, n_subsets: int, dtype: np.dtype[np.floating]) -> tuple[Floats, Floats]:
    """Return every coalition of the other groups with each subset of the parts, and a row of weights for each subset.

    The shapes are ``(n_subsets * 2^n_others, n_others + n_subsets)`` and ``(n_subsets, n_subsets * 2^n_others)``.
    """
    coalitions, each = all_coalitions(n_others), np.eye(n_subsets, dtype=bool)
    present = np.hstack([np.tile(coalitions, (n_subsets, 1)), each.repeat(len(coalitions), axis=0)])
    weights = np.kron(each, size_weights(n_others + 1)[coalitions.sum(axis=1)])
    return present.astype(dtype), weights.astype(dtype)


def heaviest_items(
    scorer: GlassBoxScorer,
    state: UserState,
    attributions: Sequence[Attribution],
    item_index: IndexArray,
    *,
    may_name: Callable[[str], bool],
    least_share: float = 0.0,
    cache: VectorCache | None = None,
    most_games: int = 1,
) -> Game[list[Attribution]]:
    """Find the heaviest item of the history group behind each score, where it speaks for the group.

    An item speaks for a category if it has half of the user's target events in it; of a category without one, half of
    the signals. An item that the user knows in that way is left as it is, since its own history says more. A category
    of one item costs nothing; any other costs as much as the group vectors. ``read_together`` plays the game.

    Args:
        scorer: The glass-box scorer.
        state: The user, as the scorer read the history.
        attributions: Attributions of this user's scores.
        item_index: The items that are scored, shape ``(n,)``.
        may_name: Whether a category may be named.
        least_share: Least share of the positive attribution that the group has.
        cache: Where group vectors are kept between calls.
        most_games: Most categories of several items that are split.

    Returns:
        The attributions, some with ``items``.
    """
    history, catalogue = state.history, scorer.catalogue
    known, place_of = np.unique(history.item_index, return_inverse=True)
    n_targets = np.bincount(place_of, history.is_target, minlength=len(known))
    n_signals = np.bincount(place_of, history.role == OTHER, minlength=len(known))
    known_in = catalogue.category_index[known]
    found = list(attributions)
    for place, (attribution, item) in enumerate(zip(attributions, item_index.tolist(), strict=True)):
        row = largest_group(attribution, may_name)
        if row is None:
            continue
        positive = float(attribution.values[attribution.values > 0].sum())
        if attribution.values[row] < least_share * positive:
            continue
        (category,) = attribution.categories[row]
        counts = n_targets if n_targets[known_in == category].any() else n_signals
        in_category = counts[(known_in == category) & (counts > 0)]
        if item in known[(n_targets > 0) | (counts > 0)]:
            continue
        if in_category.max(initial=0) < max(1.0, MIN_EVENT_SHARE * in_category.sum()):
            continue
        is_single = len(in_category) == 1
        if is_single or most_games > 0:
            most_games -= 0 if is_single else 1
            found[place] = yield from past_items(
                scorer, state, attribution, item, attribution.players[row], max_parts=PAIR, cache=cache
            )
    return found


def past_items(
    scorer: GlassBoxScorer,
    state: UserState,
    attribution: Attribution,
    item: int,
    player: str,
    *,
    max_parts: int = MAX_PARTS,
    cache: VectorCache | None = None,
) -> Game[Attribution]:
    """Find the exact values of single past items of one history group; ``read_together`` plays the game.

    Args:
        scorer: The glass-box scorer.
        state: The user, as the scorer read the history.
        attribution: The attribution of one score of this user.
        item: The item that is scored.
        player: A history group of one category.
        max_parts: Most parts that the group is split into.
        cache: Where group vectors are kept between calls.

    Returns:
        The same attribution with other ``items`` of the player.
    """
    rows = [row for row, categories in enumerate(attribution.categories) if categories]
    groups = Partition(
        tuple(attribution.players[row] for row in rows), tuple(attribution.categories[row] for row in rows)
    )
    asked = np.array([item])
    values = yield from item_values(scorer, state, asked, player, groups=groups, max_parts=max_parts, cache=cache)
    items = list(attribution.items or ((),) * len(attribution.players))
    items[attribution.players.index(player)] = values.past_items(0, scorer.catalogue.item_ids)
    return replace(attribution, items=tuple(items))


def largest_group(attribution: Attribution, may_name: Callable[[str], bool] | None = None) -> int | None:
    """Return the place of the group of one category that raised a score most; ``None`` if it may not be named."""
    raised = [
        row
        for row, (player, value) in enumerate(zip(attribution.players, attribution.values.tolist(), strict=True))
        if value > 0 and player.startswith(GROUP_PREFIX)
    ]
    row = max(raised, key=lambda place: float(attribution.values[place]), default=None)
    if row is None or may_name is None:
        return row
    return row if may_name(attribution.players[row].removeprefix(GROUP_PREFIX)) else None
