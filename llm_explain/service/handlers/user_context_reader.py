"""Reads users, and empties the caches when a user was erased while a request was being answered."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from llm_explain.explainer import Explainer
    from llm_explain.service.handlers.user_context import UserContext, UserContexts
    from llm_explain.service.schemas.requests import HistoryEvent
    from llm_explain.service.state import State
    from llm_explain.service.state.users import StoredUser


class UserContextReader:
    """Reads the context of a request.

    Args:
        contexts: Builds contexts from events and stored users.
        state: The stored users.
        explainer: Its caches are emptied after an erasure, in this process or in another.
    """

    def __init__(self, contexts: UserContexts, state: State, explainer: Explainer) -> None:
        self._contexts = contexts
        self._state = state
        self._explainer = explainer
        self._lock = threading.Lock()
        self._erasures = 0

    @contextmanager
    def of_history(self, events: Sequence[HistoryEvent], as_of: datetime | None) -> Iterator[UserContext]:
        """Read a history that came with the request.

        Args:
            events: Its events.
            as_of: Only events before this time count.

        Yields:
            UserContext: What the answer is computed from.
        """
        yield self._contexts.of_history(events, as_of)

    @contextmanager
    def of_user(self, user_id: str, as_of: datetime | None) -> Iterator[UserContext]:
        """Read a user of the shop.

        Args:
            user_id: The shop's id.
            as_of: Only events before this time count.

        Yields:
            UserContext: What the answer is computed from.
        """
        user = self._state.users.read(user_id)
        with self.watching_erasures(user):
            yield self._contexts.of_user(user_id, user, as_of)

    @contextmanager
    def watching_erasures(self, user: StoredUser) -> Iterator[None]:
        """Empty the caches if a user is erased during a block of work.

        Args:
            user: The stored user as it was read before the work.

        Yields:
            None: Nothing.
        """
        self.note_erasures(user.erasures)
        try:
            yield
        finally:
            if user.erasures < self._erasures:  # perhaps this user
                self._explainer.reader.forget()

    def note_erasures(self, erasures: int) -> None:
        """Empty the caches if there was an erasure since the last call.

        Args:
            erasures: Number of erasures that the state has stored.
        """
        with self._lock:
            is_new = erasures > self._erasures
            self._erasures = max(erasures, self._erasures)
        if is_new:
            self._explainer.reader.forget()
            self._state.records.forget()
