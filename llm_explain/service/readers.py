"""Reads who asks, and sees to it that nothing worked out from an erased user's events outlives the erasure."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from llm_explain.explainer import Explainer
    from llm_explain.service.schemas import HistoryEvent
    from llm_explain.service.state import State
    from llm_explain.service.state.people import Person
    from llm_explain.service.visits import Visit, Visits


class Readers:
    """Opens visits.

    Args:
        visits: Makes them.
        state: Knows users.
        explainer: Whose caches are emptied when somebody was erased, here or in another process.
    """

    def __init__(self, visits: Visits, state: State, explainer: Explainer) -> None:
        self._visits = visits
        self._state = state
        self._explainer = explainer
        self._lock = threading.Lock()
        self._erasures = 0

    @contextmanager
    def of_history(self, events: Sequence[HistoryEvent], as_of: datetime | None) -> Iterator[Visit]:
        """Read a history that came with the request.

        Args:
            events: Its events.
            as_of: Only events before this moment count.

        Yields:
            Visit: What an answer is made from.
        """
        yield self._visits.of_history(events, as_of)

    @contextmanager
    def of_user(self, user_id: str, as_of: datetime | None) -> Iterator[Visit]:
        """Read a user of the shop.

        Args:
            user_id: The shop's id.
            as_of: Only events before this moment count.

        Yields:
            Visit: What an answer is made from.
        """
        person = self._state.people.read(user_id)
        with self.watched(person):
            yield self._visits.of_user(user_id, person, as_of)

    @contextmanager
    def watched(self, person: Person) -> Iterator[None]:
        """Work with what is known of a user.

        Args:
            person: What the state kept of the user when it was read.

        Yields:
            None: Nothing.
        """
        self.saw(person.erasures)
        try:
            yield
        finally:
            if person.erasures < self._erasures:  # somebody was erased meanwhile: perhaps this user
                self._explainer.reader.forget()

    def saw(self, erasures: int) -> None:
        """Empty the caches if somebody was erased since the last time.

        Args:
            erasures: How many erasures the state has seen.
        """
        with self._lock:
            is_new = erasures > self._erasures
            self._erasures = max(erasures, self._erasures)
        if is_new:
            self._explainer.reader.forget()
            self._state.records.forget()
