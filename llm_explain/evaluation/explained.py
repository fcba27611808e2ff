"""Explanation records of many users, and for each the same item explained as the controls would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.text.skeleton import TONES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation


@dataclass(frozen=True)
class Explained:
    """One explanation, and its record as the service returns it.

    Attributes:
        explanation: The explanation.
        record: Its record (docs/design.md §9).
        user: Number of the user.
    """

    explanation: Explanation
    record: dict[str, Any]
    user: int

    @property
    def text(self) -> str:
        """The sentence; the empty string without one."""
        return self.explanation.text.text if self.explanation.text else ""


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
    explainer: Explainer,
    user_ids: Sequence[str],
    *,
    k: int = 10,
    locale: str = "en",
    advance: Callable[[int], None] | None = None,
) -> list[Explained]:
    """Recommend to users and explain, in turn in every tone.

    Args:
        explainer: Recommends and explains.
        user_ids: Users.
        k: Items for each.
        locale: Locale of the sentences.
        advance: Called with the number of users that are done.

    Returns:
        Explanations, user by user.
    """
    explained = []
    for user, user_id in enumerate(user_ids):
        explanations = explainer.recommend(user_id, k=k, tone=TONES[user % len(TONES)], locale=locale)
        explained += [Explained(each, each.to_dict(), user) for each in explanations]
        if advance is not None:
            advance(user + 1)
    return explained
