"""Keeps a language model's process alive: starts it, listens for its heartbeat, kills it, starts it again."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_explain.generation.worker_pipe import Waiting, WorkerPipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Seconds = Annotated[float, Field(gt=0)]
State = Literal["starting", "ready", "restarting", "refused", "closed"]

_GLANCE_SECONDS = 0.05


class WorkerSettings(BaseModel):
    """How a language model's process is watched.

    Attributes:
        beat_seconds: Between two heartbeats.
        silence_seconds: Without any sign of life for so long, the process hangs.
        start_seconds: Longest time to load the model.
        longest_seconds: Longest time for one request without a deadline; after that the process hangs.
        grace_seconds: How long after its deadline a caller waits for what is written by then.
        stuck_seconds: How long after its deadline a request may still run before the process counts as hanging.
        first_pause_seconds: Before the first new start; each further one doubles it until a request is answered.
        longest_pause_seconds: Between two starts.
        max_waiting: Requests that may wait at a time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    beat_seconds: Seconds = 0.1
    silence_seconds: Seconds = 0.8
    start_seconds: Seconds = 180.0
    longest_seconds: Seconds = 120.0
    grace_seconds: Annotated[float, Field(ge=0)] = 0.1
    stuck_seconds: Seconds = 5.0
    first_pause_seconds: Annotated[float, Field(ge=0)] = 0.2
    longest_pause_seconds: Seconds = 30.0
    max_waiting: Annotated[int, Field(ge=1)] = 16


class Link:
    """The line to a process that may change under it.

    Args:
        factory: What makes the generator, as ``module:name``.
        options: Keyword arguments of the factory.
        settings: How the process is watched.

    Attributes:
        name: The model's name; empty until it was loaded once.
        n_starts: How often a process was started.
    """

    def __init__(self, factory: str, options: Mapping[str, Any], settings: WorkerSettings) -> None:
        self.name = ""
        self.n_starts = 0
        self._order = {"factory": factory, "options": options, "beat_seconds": settings.beat_seconds}
        self._settings = settings
        self._state: State = "starting"
        self._trouble: Mapping[str, Any] = {}
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._pipe: WorkerPipe | None = None
        self._thread = threading.Thread(target=self._supervise, name="llm-explain-supervise", daemon=True)
        self._thread.start()

    @property
    def process_id(self) -> int | None:
        """Id of the running process."""
        pipe = self._pipe
        return pipe.process_id if pipe and not pipe.ended.is_set() else None

    def wait_ready(self, seconds: float | None = None) -> bool:
        """Wait until the model is loaded, or can never be, and say which."""
        with self._changed:
            self._changed.wait_for(lambda: self._state not in {"starting", "restarting"}, seconds)
            return self._state == "ready"

    def wait_first_start(self, deadline: float) -> bool:
        """Wait while the process starts for the first time; say whether that ended before the deadline."""
        with self._changed:
            while self._state == "starting":
                if time.monotonic() >= deadline:
                    return False
                self._changed.wait(_GLANCE_SECONDS)
        return True

    def cancel(self, request_id: int) -> None:
        """Tell the process that nobody waits for a request any more."""
        if pipe := self._pipe:
            pipe.send({"cancel": request_id})

    @contextmanager
    def request(self, message: Mapping[str, Any], deadline: float) -> Iterator[Waiting]:
        """Send a request and yield where its answer will stand; one that is left without an answer is cancelled."""
        waiting = Waiting(deadline)
        with self._changed:
            pipe = self._pipe
            if self._state == "ready" and pipe is not None:
                pipe.unanswered[message["id"]] = waiting
                pipe.send(message)
            else:
                waiting.answer = self._trouble
                waiting.done.set()
        try:
            yield waiting
        finally:
            if not waiting.done.is_set():
                self.cancel(message["id"])

    def close(self) -> None:
        """End the process and wait for that."""
        self._closing.set()
        self._thread.join()

    def _supervise(self) -> None:
        """Run one process after the other until closed or refused."""
        pause = self._settings.first_pause_seconds
        while not self._closing.is_set():
            self.n_starts += 1
            pipe = self._pipe = WorkerPipe(self._order, self._on_ready)
            ended = pipe.end(self._watch(pipe))
            self._set_state("refused" if pipe.refusal else "restarting", pipe.refusal or _restarting(ended))
            pipe.fail(self._trouble)
            if pipe.refusal:
                self._closing.wait()
                break
            if pipe.n_answers:
                pause = self._settings.first_pause_seconds
            self._closing.wait(pause)
            pause = min(2 * pause, self._settings.longest_pause_seconds)
        closed = {"failed": "the language model was closed but a request came. Open a new one.", "is_retryable": False}
        self._set_state("closed", closed)

    def _watch(self, pipe: WorkerPipe) -> str:
        """Return why the process must be killed; empty if it ended by itself."""
        started = looked = time.monotonic()
        while not pipe.ended.wait(self._settings.beat_seconds):
            now = time.monotonic()
            was_away = now - looked > self._settings.silence_seconds / 2  # this thread itself was not let run
            looked = now
            if self._closing.is_set():
                return "was closed"
            if not pipe.name and now - started > self._settings.start_seconds:
                return f"did not load the model within {self._settings.start_seconds:g} s"
            if pipe.name and not was_away and now - pipe.last_heard > self._settings.silence_seconds:
                return f"gave no sign of life for {self._settings.silence_seconds:g} s"
            if self._is_stuck(pipe, now):
                return "did not finish a request in time"
        return ""

    def _is_stuck(self, pipe: WorkerPipe, now: float) -> bool:
        """Return whether the request that the process works on, the oldest, has run for too long."""
        oldest = next(iter(list(pipe.unanswered.values())), None)
        if oldest is None:
            return False
        since = max(oldest.sent, pipe.last_answer)
        allowed = self._settings.longest_seconds
        if oldest.deadline <= now:
            late = now - max(since, min(float(oldest.deadline), now))
            return late > self._settings.stuck_seconds
        return oldest.deadline == float("inf") and now - since > allowed

    def _on_ready(self, name: str) -> None:
        self.name = name
        self._set_state("ready", {})

    def _set_state(self, state: State, trouble: Mapping[str, Any]) -> None:
        with self._changed:
            self._state = state
            self._trouble = trouble
            self._changed.notify_all()


def _restarting(ended: str) -> Mapping[str, Any]:
    return {
        "failed": f"the language model's process {ended} and is being started again. Try later.",
        "is_retryable": True,
    }
