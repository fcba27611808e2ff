"""The queue before the work: bounded, with a deadline for each request, and short in an overload.

A request that would wait too long is turned away when it comes, not when it has waited: an answer that costs nothing
leaves the machine to the requests that were let in. A burst, or a few clients who each wait for their answer, may wait
as long as there is room and deadlines allow. Whoever has to be turned away shows that more is coming than can be done,
and then hardly anybody may wait, and not for one who has only just come in, which keeps everybody's time near what it
is without a queue, until nobody was turned away for ``CALM_SECONDS``. Source: Maurer, "Fail at Scale", ACM Queue 13(8),
2015 (controlled delay).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

CALM_SECONDS = 0.25
"""An overload is over when nobody was turned away for so long; with so few waiting, their queue is often empty."""

QUEUE_FULL: Final = "queue_full"
"""Why a request is turned away that too many are before."""

_OVERLOAD_PLACES = 1
"""Requests that may wait in an overload: whoever comes next finds a place soon, and nobody waits longer than that."""

_FRESH = 0.25
"""Share of a request's time inside that has to be over, in an overload, before the next one may wait for its place."""

_REST_SECONDS = 0.1
"""What is left of a deadline for the work after a language model's answer."""

_SMOOTHING = 0.05
_FIRST_GUESS_SECONDS = 0.03

current_ticket: ContextVar[Ticket | None] = ContextVar("current_ticket", default=None)
"""The ticket of the request that this task or thread works for."""


class ShedError(Exception):
    """A request is turned away.

    Args:
        reason: ``QUEUE_FULL``, ``deadline``, ``rate`` or ``draining``.
        retry_seconds: When to try again.
    """

    def __init__(self, reason: str, retry_seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_seconds = retry_seconds


@dataclass(slots=True)
class Ticket:
    """A request's place.

    Attributes:
        gate: The gate that let it in.
        deadline: Moment of ``time.monotonic()`` at which its answer is due.
        may_use_model: Whether there was room to wait for a language model when it came in.
        is_asked: Whether the client named the deadline.
        is_held: Whether it takes a place now.
        is_over: Whether it was given back for good.
    """

    gate: Gate
    deadline: float
    may_use_model: bool = True
    is_asked: bool = False
    is_held: bool = False
    is_over: bool = False
    _since: float = field(default_factory=time.monotonic)

    def model_seconds(self) -> float:
        """Return how long a language model may take for this request now; 0 under pressure."""
        if not self.may_use_model or self.gate.n_waiting:
            return 0.0
        return max(0.0, self.deadline - time.monotonic() - _REST_SECONDS)

    def storing_seconds(self) -> float | None:
        """Return how long storing what is answered may take now; ``None`` where the client named no deadline."""
        return max(0.0, self.deadline - time.monotonic()) if self.is_asked else None

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Give the place to others while this request only waits, from any thread; take it back at once afterwards."""
        is_resting = self.is_held
        if is_resting:
            self.gate.run_in_loop(self.gate.step_out, self)
        try:
            yield
        finally:
            if is_resting:
                self.gate.run_in_loop(self.gate.step_in, self)


class Gate:
    """Lets a bounded number of requests in, in the order in which they came.

    Args:
        max_running: Requests inside at a time.
        max_waiting: Requests that may wait at a time.

    Attributes:
        max_running: Requests inside at a time.
        max_waiting: Requests that may wait at a time.
        n_running: Requests inside now.
        work_seconds: Smoothed time that a request takes inside.
    """

    def __init__(self, *, max_running: int, max_waiting: int) -> None:
        self.max_running = max_running
        self.max_waiting = max_waiting
        self.n_running = 0
        self.work_seconds = _FIRST_GUESS_SECONDS
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._last_refused = self._last_in = -math.inf
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def n_waiting(self) -> int:
        """Requests that wait now."""
        return len(self._waiting)

    async def enter(self, deadline: float, *, is_asked: bool = False) -> Ticket:
        """Wait for a place.

        Args:
            deadline: Moment of ``time.monotonic()`` at which the request's answer is due.
            is_asked: Whether the client named it; then missing it says nothing about others.

        Returns:
            A ticket, to be given back with ``leave``.

        Raises:
            ShedError: If the request would wait too long, or did.
        """
        self._loop = asyncio.get_running_loop()
        if self.n_running < self.max_running and not self._waiting:
            ticket = Ticket(self, deadline, is_asked=is_asked)
            self.step_in(ticket)
            return ticket
        self.refuse_if_full()
        wait = self.expected_wait()
        if time.monotonic() + wait + self.work_seconds > deadline:
            if not is_asked:
                self.note_refusal()
            raise ShedError("deadline", wait)
        place = self._loop.create_future()
        self._waiting.append(place)
        timer = self._loop.call_at(self._loop.time() + max(0.0, deadline - time.monotonic()), _expire, place)
        is_in = False
        try:
            await place  # whoever makes room has counted us in
            is_in = True
        except TimeoutError as error:
            raise ShedError("deadline", self.expected_wait()) from error
        finally:
            timer.cancel()
            if not is_in:
                self._give_up(place)
        return Ticket(self, deadline, may_use_model=False, is_asked=is_asked, is_held=True)

    def leave(self, ticket: Ticket) -> None:
        """Give a place back for good; a second time does nothing.

        Args:
            ticket: What ``enter`` returned.
        """
        ticket.is_over = True
        self.step_out(ticket)

    def expected_wait(self) -> float:
        """Return how long a request that comes now will wait, in seconds."""
        if self.n_running < self.max_running:
            return 0.0
        return (len(self._waiting) + 1) * self.work_seconds / self.max_running

    def refuse_if_full(self) -> None:
        """Turn a request away that would not get a place, whatever its deadline.

        Raises:
            ShedError: If there are too many before it.
        """
        if self.is_full:
            self.note_refusal()
            raise ShedError(QUEUE_FULL, self.expected_wait())

    @property
    def is_full(self) -> bool:
        """Whether a request that comes now would not get a place."""
        now = time.monotonic()
        if now - self._last_refused >= CALM_SECONDS:
            return len(self._waiting) >= self.max_waiting
        is_fresh = self.n_running >= self.max_running and now - self._last_in < _FRESH * self.work_seconds
        return is_fresh or len(self._waiting) >= min(_OVERLOAD_PLACES, self.max_waiting)

    def note_refusal(self) -> None:
        """Know that somebody was turned away: more is coming than can be done."""
        self._last_refused = time.monotonic()

    def step_in(self, ticket: Ticket) -> None:
        """Take a place, whether there is one or not, unless the request is over."""
        if ticket.is_held or ticket.is_over:
            return
        ticket.is_held = True
        ticket._since = self._last_in = time.monotonic()
        self.n_running += 1

    def step_out(self, ticket: Ticket) -> None:
        """Give up a place, if one is held, and let the next one in."""
        if not ticket.is_held:
            return
        ticket.is_held = False
        self.work_seconds += _SMOOTHING * (time.monotonic() - ticket._since - self.work_seconds)
        self.n_running -= 1
        self._let_in()

    def run_in_loop(self, act: Callable[[Ticket], None], ticket: Ticket) -> None:
        """Do something in the thread of the event loop: now if this is it, else as soon as it can."""
        if asyncio._get_running_loop() is self._loop:
            act(ticket)
        elif self._loop is not None:
            self._loop.call_soon_threadsafe(act, ticket)

    def _let_in(self) -> None:
        while self._waiting and self.n_running < self.max_running:
            place = self._waiting.popleft()
            if not place.done():
                self.n_running += 1
                self._last_in = time.monotonic()
                place.set_result(None)

    def _give_up(self, place: asyncio.Future[None]) -> None:
        """Leave the queue; if room was made in the same moment, pass it on."""
        if place in self._waiting:
            self._waiting.remove(place)
        elif place.done() and not place.cancelled() and place.exception() is None:
            self.n_running -= 1
            self._let_in()


def _expire(place: asyncio.Future[None]) -> None:
    if not place.done():
        place.set_exception(TimeoutError())
