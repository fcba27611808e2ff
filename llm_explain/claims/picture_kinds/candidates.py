"""Past items that raised a score and that a claim about pictures may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llm_explain.claims.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.values import PastItem
    from llm_explain.claims.occasions import Flags
    from scoring.data.catalogue import IndexArray


class Cited(NamedTuple):
    """Subjects and the past item that a claim cites for each.

    Attributes:
        rows: Subjects, ascending, shape ``(n,)``.
        other: The past items, shape ``(n,)``.
        past: The same with their attributions.
    """

    rows: IndexArray
    other: IndexArray
    past: Sequence[PastItem]


def first_alike(subjects: Subjects, is_alike: Flags) -> Cited:
    """Return, for each subject, the past item with the largest attribution that is alike and may be named.

    Args:
        subjects: What is explained, with the past items that raised each score, largest attribution first.
        is_alike: Whether each item is alike by the rule, shape ``(n_subjects, n_items)``.

    Returns:
        Subjects for which there is one: the user bought it, it has another title than the item, and is not sensitive.
    """
    shop = subjects.shop
    titles, title_index = shop.catalogue.titles, shop.title_index
    found: dict[int, PastItem] = {}
    for row, past in enumerate(subjects.past_items):
        own = [each for each in past if is_alike[row, each.item_index]]
        if not own:
            continue
        other = np.array([each.item_index for each in own], dtype=np.int64)
        counts = Subjects.of(subjects.evidence, np.full(len(own), subjects.user[row]), other).of_item.counts
        for each, count in zip(own, counts.tolist(), strict=True):
            item = each.item_index
            is_named = any(letter.isalpha() for letter in str(titles[item])) and not shop.is_sensitive(item)
            if count and is_named and title_index[item] != title_index[subjects.item[row]]:
                found[row] = each
                break
    past = [*found.values()]
    return Cited(np.array([*found], dtype=np.int64), np.array([each.item_index for each in past], dtype=np.int64), past)
