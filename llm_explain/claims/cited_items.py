"""The past item that a claim names and cites: the one that raised the score most and may be named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llm_explain.attribution.values import ITEM, PastItem
from llm_explain.claims.kind import kinds_of
from llm_explain.claims.signal_events import SIGNALS, signal_events
from llm_explain.claims.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from llm_explain.claims.occasions import Flags, Floats, Occasions
    from scoring.data.catalogue import IndexArray


LEAST_OF_LARGEST: Final = 0.5
"""Share of the largest attribution from which on the most alike of several past items is named."""


class Cited(NamedTuple):
    """Subjects and the past item that a claim cites for each.

    Attributes:
        rows: Subjects, ascending, shape ``(n,)``.
        other: The past items, shape ``(n,)``.
        past: The same with their attributions.
        occasions: The user's occasions with each past item's title; none of one that the user has signal events of.
        event_kind: What the user did with each past item.
        places: Place of each among ``past_pairs``.
    """

    rows: IndexArray
    other: IndexArray
    past: Sequence[PastItem]
    occasions: Occasions
    event_kind: Sequence[str]
    places: IndexArray


def past_pairs(subjects: Subjects) -> tuple[IndexArray, IndexArray]:
    """Return the subject and the row number of each past item that a claim may cite, subject by subject, ``(n,)``."""
    row = np.repeat(np.arange(len(subjects.past_items)), [len(own) for own in subjects.past_items])
    return row, np.array([item.item_index for own in subjects.past_items for item in own], dtype=np.int64)


def with_known_items(subjects: Subjects, rows: Collection[int], *, are_counted: bool = False) -> Subjects:
    """Return subjects whose past items are those of the user that a person would link with each item, for facts.

    Args:
        subjects: What is explained.
        rows: Places of the subjects that get past items.
        are_counted: Whether the counts of pairs have to show the link.

    Returns:
        The same subjects. Their past items are of the item's category or share a telling word with it, whatever they
        add to the score; or else those that the counts link with the item. Those whose name ends like the item's come
        first, then those that the user has most occasions with, ties by the smallest id.
    """
    evidence, shop = subjects.evidence, subjects.shop
    ids = shop.catalogue.item_ids
    past: list[Sequence[PastItem]] = [()] * len(subjects)
    for row in rows:
        item, links = int(subjects.item[row]), shop.visible_links
        items = evidence.items_by_count(int(subjects.user[row]))
        linked = items[links.by_counts(items, item) if are_counted else links.of_titles(items, item)].tolist()
        alike = [each for each in linked if links.end_alike(each, item)]
        past[row] = [PastItem(each, f"{ITEM}:{ids[each]}", {}) for each in dict.fromkeys((*alike, *linked))]
    return subjects.take(np.arange(len(subjects)), past_items=past)


def first_named(
    subjects: Subjects,
    may_cite: Flags | None = None,
    *,
    distance: Floats | None = None,
    with_signals: bool = False,
    min_count: int = 1,
) -> Cited:
    """Return, for each subject, the past item with the largest attribution that may be named.

    Args:
        subjects: What is explained, with the past items that raised each score, largest attribution first.
        may_cite: Whether a rule holds for each of ``past_pairs``, shape ``(n,)``; for all if not given.
        distance: How unlike the item each of ``past_pairs`` is, shape ``(n,)``. Of those with at least half of the
            largest attribution, the most alike is named.
        with_signals: Whether an item that the user has no counted target event of may be named for signal events.
        min_count: Least number of the user's occasions with the past item's title.

    Returns:
        Subjects for which there is one: the user has a counted target event of it (or a signal event), its title has a
        letter and is not the item's, the user did not rate it low, and it is not sensitive.
    """
    shop, titles = subjects.shop, subjects.shop.catalogue.titles
    row, other = past_pairs(subjects)
    past = [item for own in subjects.past_items for item in own]
    others = Subjects.of(subjects.evidence, subjects.user[row], other)
    occasions = others.of_item
    event_kind = kinds_of(others, occasions)
    is_done = occasions.counts >= min_count
    if with_signals and not is_done.all():
        for place, kind in _signal_kinds(others, np.flatnonzero(~is_done)).items():
            event_kind[place], is_done[place] = kind, True
    may_be = is_done & (shop.title_index[other] != shop.title_index[subjects.item[row]])
    may_be &= ~_are_disliked(others)
    if may_cite is not None:
        may_be &= may_cite
    chosen: dict[int, int] = {}
    largest: dict[int, float] = {}
    for place in np.flatnonzero(may_be).tolist():
        item, subject = int(other[place]), int(row[place])
        if subject in chosen:
            is_less = distance is None or distance[place] >= distance[chosen[subject]]
            if is_less or past[place].phi < LEAST_OF_LARGEST * largest[subject]:
                continue
        if not shop.is_sensitive(item) and any(letter.isalpha() for letter in str(titles[item])):
            chosen[subject] = place
            largest.setdefault(subject, past[place].phi)
    places = np.array([*chosen.values()], dtype=np.int64)
    cited, kinds = ([column[place] for place in places.tolist()] for column in (past, event_kind))
    return Cited(row[places], other[places], cited, occasions.take(places), kinds, places)


def _are_disliked(others: Subjects) -> Flags:
    """Return whether the user disliked each item."""
    found = np.zeros(len(others), dtype=bool)
    for user in np.unique(others.user).tolist():
        rows = np.flatnonzero(others.user == user)
        found[rows] = np.isin(others.item[rows], others.evidence.disliked(user))
    return found


def _signal_kinds(others: Subjects, places: IndexArray) -> dict[int, str]:
    """Return the first of ``SIGNALS`` that the user has an event of, for those past items that have one."""
    found: dict[int, str] = {}
    asked = others.take(places)
    present = {str(kind) for history in others.evidence.histories for kind in history.kind}
    for kind in SIGNALS:
        if kind in present and kind not in others.shop.shop.target_kinds:
            for row in np.unique(signal_events(asked, kind).row).tolist():
                found.setdefault(int(places[row]), kind)
    return found
