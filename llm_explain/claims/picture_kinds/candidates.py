"""Past purchases that a claim about pictures may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags, Floats
    from llm_explain.claims.subjects import Subjects
    from scoring.data.catalogue import IndexArray

MIN_GROUP_SHARE: Final = 0.5
"""Share of the group's occasions that the other item makes, so that the model mostly read this item there."""


def bought_and_alike(subjects: Subjects, is_alike: Flags, distance: Floats) -> tuple[IndexArray, IndexArray]:
    """Return, for each subject, the nearest item that the user bought and that a claim may name.

    Args:
        subjects: What is explained.
        is_alike: Whether each item is alike by the rule, shape ``(n_subjects, n_items)``.
        distance: Smaller is nearer, shape ``(n_subjects, n_items)``.

    Returns:
        Subjects for which there is one, ascending, and the items.
    """
    shop, evidence = subjects.shop, subjects.evidence
    may_be = is_alike & (shop.catalogue.category_index[None, :] == subjects.group[:, None])
    row, other = np.nonzero(may_be)
    key = evidence.title_in_category_key(subjects.user[row], other)
    count = evidence.by_title_in_category.of(key, subjects.as_of[row]).counts
    of_group = subjects.take(row).of_group.counts
    carries = (count >= 1) & (count >= MIN_GROUP_SHARE * of_group)
    row, other = row[carries], other[carries]
    order = np.lexsort((other, distance[row, other], row))
    best: dict[int, int] = {}
    for place in order.tolist():
        if int(row[place]) not in best and not shop.is_sensitive(int(other[place])):
            best[int(row[place])] = int(other[place])
    return np.array([*best], dtype=np.int64), np.array([*best.values()], dtype=np.int64)
