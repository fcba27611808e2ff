"""Users that the demo shop offers to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.service.handlers.answer import Answer

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer
    from llm_explain.service.state import State


class DemoShop:
    """Looks up users.

    Args:
        explainer: Holds the event log.
        state: Knows which users were erased.
    """

    def __init__(self, explainer: Explainer, state: State) -> None:
        self._explainer = explainer
        self._state = state

    def households(self, n: int) -> Answer:
        """Return users to choose from, those with most events first; without erased users."""
        events, gone = self._explainer.events, self._state.users.erased()
        known = events.user_ids
        chosen = [known[place] for place in np.unique(np.linspace(0, len(known) - 1, n).astype(int))] if known else []
        there = [user_id for user_id in chosen if self._state.users.user_hash(user_id) not in gone]
        counts = {user_id: len(events.history(user_id, self._explainer.as_of)) for user_id in there}
        ordered = sorted(there, key=lambda user_id: -counts[user_id])
        users = [{"user_id": user_id, "events": counts[user_id]} for user_id in ordered if counts[user_id]]
        return Answer({"users": users, "currency": self._explainer.shop.policy.currency})
