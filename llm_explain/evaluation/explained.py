"""Explanations of many users: what the audit and the test of exactness look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.text.skeleton import TONES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation


def draw_users(explainer: Explainer, n: int, *, seed: int) -> list[str]:
    """Return users with events before the snapshot's moment, drawn by chance.

    Args:
        explainer: Knows the events.
        n: How many; all if there are fewer.
        seed: Source of chance.

    Returns:
        Shop ids.
    """
    events = explainer.events.events
    known = sorted(set(events.loc[(events["timestamp"] < explainer.as_of).to_numpy(), "user_id"].astype(str)))
    order = np.random.default_rng(seed).permutation(len(known))
    return [known[place] for place in order[:n]]


def explain_users(
    explainer: Explainer, user_ids: Sequence[str], *, k: int, locale: str, report: Callable[[str, int, int], None]
) -> list[Explanation]:
    """Recommend to users and explain, in turn in every tone.

    Args:
        explainer: Recommends and explains.
        user_ids: Users.
        k: Items for each.
        locale: Locale of the sentences.
        report: Called with a description, the number done and the total.

    Returns:
        Explanations, user by user.
    """
    explained: list[Explanation] = []
    for user, user_id in enumerate(user_ids):
        report("explaining", user, len(user_ids))
        explained += explainer.recommend(user_id, k=k, tone=TONES[user % len(TONES)], locale=locale)
    return explained
