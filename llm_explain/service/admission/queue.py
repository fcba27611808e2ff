"""The admission queue: a few requests run, a few wait, and any other request is refused at once.

A queue without a bound makes every answer late. A refusal costs little and says when to try again.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from contextvars import ContextVar
from dataclasses import replace
from typing import Final, Literal

from llm_explain.service.schemas import problems
from llm_explain.state.database import storage_deadline

ShedReason = Literal["queue_full", "deadline", "rate"]

_REST_SECONDS: Final = 0.1
"""Part of a deadline that is kept for the work after a language model's answer."""

_SMOOTHING: Final = 0.05
_FIRST_WORK_SECONDS: Final = 0.03

current_ticket: ContextVar[Ticket | None] = ContextVar("current_ticket", default=None)
"""The ticket of the request that this task or thread works for."""


class ShedError(Exception):
    """A request is refused before any work is done for it.

    Args:
        reason: ``queue_full``, ``deadline`` or ``rate``.
        retry_seconds: Seconds after which the client should try again.

    Attributes:
        problem: What the client is told.
    """

    def __init__(self, reason: ShedReason, retry_seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        kind = problems.RATE_LIMITED if reason == "rate" else problems.OVERLOADED
        self.problem = replace(kind, retry_after=max(1, math.ceil(retry_seconds)))


class Ticket:
    """A place in the queue that one request holds while it computes.

    Args:
        queue: The queue that admitted the request.
        deadline: Time of ``time.monotonic()`` at which the answer is due.
        had_to_wait: Whether the request waited for its place.

    Attributes:
        held_seconds: How long the places were held that it gave back.
    """

    def __init__(self, queue: AdmissionQueue, deadline: float, *, had_to_wait: bool) -> None:
        self._queue = queue
        self._deadline = deadline
        self._had_to_wait = had_to_wait
        self._since = time.monotonic()
        self._seconds = deadline - self._since
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._is_held = True
        self.held_seconds = 0.0

    def model_seconds(self) -> float:
        """Return how long a language model may write for this request; 0 while requests wait."""
        if self._had_to_wait or self._queue.n_waiting:
            return 0.0
        return max(0.0, self._deadline - time.monotonic() - _REST_SECONDS)

    def storage_seconds(self) -> float:
        """Return how long storing the answer may take."""
        return max(0.0, self._deadline - time.monotonic())

    async def reenter(self) -> None:
        """Let the requests that wait go first, then take a place again.

        A request for many users calls this after each of them; each user has the time of a request.
        """
        self.release()
        await self._queue.take()
        with self._lock:
            self._since, self._is_held = time.monotonic(), True
        self._deadline = self._since + self._seconds
        storage_deadline.set(self._deadline)

    def release(self) -> None:
        """Give the place to the next request, from any thread; a second call does nothing.

        A request that waits for a language model or for the storage computes nothing, so it releases its place early.
        """
        with self._lock:
            was_held, self._is_held = self._is_held, False
        if was_held:
            seconds = time.monotonic() - self._since
            self.held_seconds += seconds
            self._loop.call_soon_threadsafe(self._queue.leave, seconds)


class AdmissionQueue:
    """Admits a bounded number of requests, in the order in which they come.

    Args:
        max_running: Requests that run at a time.
        max_waiting: Requests that wait at a time.

    Attributes:
        n_running: Requests that run now.
        n_waiting: Requests that wait now.
        work_seconds: Smoothed time for which a request holds its place.
    """

    def __init__(self, *, max_running: int, max_waiting: int) -> None:
        self.n_running = 0
        self.n_waiting = 0
        self.work_seconds = _FIRST_WORK_SECONDS
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._places = asyncio.Semaphore(max_running)

    async def enter(self, deadline: float) -> Ticket:
        """Wait for a place.

        Args:
            deadline: Time of ``time.monotonic()`` at which the answer is due.

        Returns:
            A ticket; call its ``release`` when the work is done.

        Raises:
            ShedError: If the queue is full, or if the request would wait past its deadline.
        """
        self.raise_if_full()
        had_to_wait = self._places.locked()
        wait = self.expected_wait()
        if had_to_wait and time.monotonic() + wait + self.work_seconds > deadline:
            raise ShedError("deadline", wait)
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic()) if had_to_wait else None):
                await self.take()
        except TimeoutError:
            raise ShedError("deadline", self.expected_wait()) from None
        return Ticket(self, deadline, had_to_wait=had_to_wait)

    async def take(self) -> None:
        """Wait for a place, behind the requests that wait already."""
        had_to_wait = self._places.locked()
        self.n_waiting += had_to_wait
        try:
            await self._places.acquire()
        finally:
            self.n_waiting -= had_to_wait
        self.n_running += 1

    def raise_if_full(self) -> None:
        """Refuse a request for which there is no room, whatever its deadline.

        Raises:
            ShedError: If ``max_waiting`` requests wait.
        """
        if self._places.locked() and self.n_waiting >= self._max_waiting:
            raise ShedError("queue_full", self.expected_wait())

    def expected_wait(self) -> float:
        """Return how many seconds a request that comes now waits for its place."""
        return (self.n_waiting + 1) * self.work_seconds / self._max_running if self._places.locked() else 0.0

    def leave(self, seconds: float) -> None:
        """Free one place; ``Ticket.release`` calls this in the event loop.

        Args:
            seconds: How long the place was held.
        """
        self.work_seconds += _SMOOTHING * (seconds - self.work_seconds)
        self.n_running -= 1
        self._places.release()
