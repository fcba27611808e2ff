"""The past item that a claim names and cites: the one that raised the score most and may be named."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llm_explain.claims.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.values import PastItem
    from llm_explain.claims.occasions import Flags, Occasions
    from scoring.data.catalogue import IndexArray


class Cited(NamedTuple):
    """Subjects and the past item that a claim cites for each.

    Attributes:
        rows: Subjects, ascending, shape ``(n,)``.
        other: The past items, shape ``(n,)``.
        past: The same with their attributions.
        occasions: The user's occasions with each past item's title.
    """

    rows: IndexArray
    other: IndexArray
    past: Sequence[PastItem]
    occasions: Occasions


def first_named(subjects: Subjects, is_alike: Flags | None = None) -> Cited:
    """Return, for each subject, the past item with the largest attribution that may be named.

    Args:
        subjects: What is explained, with the past items that raised each score, largest attribution first.
        is_alike: Whether a rule holds for each item, shape ``(n_subjects, n_items)``; for all if not given.

    Returns:
        Subjects for which there is one: the user has a counted target event of it, its title has a letter and is not
        the item's, and it is not sensitive.
    """
    shop, titles = subjects.shop, subjects.shop.catalogue.titles
    row = np.repeat(np.arange(len(subjects.past_items)), [len(own) for own in subjects.past_items])
    past = [item for own in subjects.past_items for item in own]
    other = np.array([item.item_index for item in past], dtype=np.int64)
    occasions = Subjects.of(subjects.evidence, subjects.user[row], other).of_item
    may_be = (occasions.counts > 0) & (shop.title_index[other] != shop.title_index[subjects.item[row]])
    if is_alike is not None:
        may_be &= is_alike[row, other]
    chosen: dict[int, int] = {}
    for place in np.flatnonzero(may_be).tolist():
        item = int(other[place])
        if int(row[place]) in chosen or shop.is_sensitive(item):
            continue
        if any(letter.isalpha() for letter in str(titles[item])):
            chosen[int(row[place])] = place
    places = np.array([*chosen.values()], dtype=np.int64)
    return Cited(row[places], other[places], [past[place] for place in places.tolist()], occasions.take(places))
