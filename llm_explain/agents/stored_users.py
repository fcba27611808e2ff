"""What the HTTP service has stored of users, for the tools of agents.

The tools answer as the service does: without erased events, with what a user switched off, and as of the present.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.service.handlers.chat import preferring
from llm_explain.service.handlers.user_context_reader import UserContextReader, may_score

if TYPE_CHECKING:
    from llm_explain.dialogue.turns import Context
    from llm_explain.explainer import Explainer
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.service.handlers.user_context_reader import Clock
    from llm_explain.state import State
    from scoring.data.history import History


class StoredUsers:
    """Reads and changes stored users.

    Args:
        explainer: The shop; it reads the changes of the catalogue that are stored.
        state: The storage.
        clock: The present time in UTC without a zone; the snapshot's time if not given.
    """

    def __init__(self, explainer: Explainer, state: State, clock: Clock | None) -> None:
        self._explainer, self._state = explainer, state
        self._reader = UserContextReader(explainer, state, clock)
        if explainer.is_changeable:
            explainer.catalogue.keep_in(state.changes)

    def read(self, user_id: str, context: Context) -> tuple[Context, History, Suppressions]:
        """Return a user's context, the events that count and the claims that are not said, as of now."""
        if self._explainer.is_changeable:
            self._explainer.catalogue.refresh()
        with self._reader.reading_user(user_id, None) as read:
            return preferring(context, read, self._explainer), read.history, read.suppressions

    def may_score(self, user_id: str) -> bool:
        """Return whether a user's history may be used for staff: not after an erasure or without personalisation."""
        return may_score(self._state.users.read(user_id))

    def store(self, user_id: str, context: Context) -> None:
        """Store what a user has switched off."""
        self._state.users.prefer(user_id, context.preferences(), expects=lambda _: True)
