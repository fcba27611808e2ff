"""What another training changes: the items of users' lists, their reasons and their sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer

SOURCES = ("phrasebook", "template")


def list_changes(old: Explainer, new: Explainer, *, n_users: int, k: int = 10) -> dict[str, float]:
    """Compare the lists that two versions compose for the same users at the same moment.

    Args:
        old: The earlier version.
        new: The later version.
        n_users: Most users, evenly spread over those that both logs know.
        k: Length of a list.

    Returns:
        ``users``; shares of the items that stay in a list, of the lists with the same first item, and of the items
        in both lists with the same reasons and with the same sentence.

    Raises:
        SettingError: If no user is in both logs.
    """
    known = sorted(set(old.events.user_ids) & set(new.events.user_ids))
    if not known:
        raise SettingError("the two versions have no user in common but one is needed. Compare versions of one shop.")
    users = [known[place] for place in np.unique(np.linspace(0, len(known) - 1, n_users).astype(np.int64))]
    as_of = max(old.as_of, new.as_of)
    before, after = (each.recommend_many(users, k=k, as_of=as_of, sources=SOURCES) for each in (old, new))
    n_old = n_common = n_reasons = n_texts = 0
    for own, other in zip(before, after, strict=True):
        later = {row.item_id: row for row in other}
        pairs = [(row, later[row.item_id]) for row in own if row.item_id in later]
        n_old, n_common = n_old + len(own), n_common + len(pairs)
        n_reasons += sum([r.kind for r in a.reasons] == [r.kind for r in b.reasons] for a, b in pairs)
        n_texts += sum((a.text and a.text.text) == (b.text and b.text.text) for a, b in pairs)
    firsts = [
        ([row.item_id for row in own[:1]], [row.item_id for row in other[:1]])
        for own, other in zip(before, after, strict=True)
    ]
    return {
        "users": len(users),
        f"same_items@{k}": n_common / max(n_old, 1),
        "same_first_item": float(np.mean([first == other for first, other in firsts])),
        "same_reasons": n_reasons / max(n_common, 1),
        "same_sentence": n_texts / max(n_common, 1),
    }
