"""Runs a generator in one process of its own, which may hang or die without harm to the caller.

``pebble`` keeps the process: it stops a call that runs past its timeout and reports a process that died. After either,
``ProcessGenerator`` starts a new process.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llm_explain.errors import GenerationError, LlmExplainError, MissingExtraError
from llm_explain.generation.generator import BaseGenerator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from pebble import ProcessPool

    from llm_explain.generation.generator import Draft, Generator
    from llm_explain.generation.prompt_template import Prompt

_LOG = logging.getLogger(__name__)

GRACE_SECONDS: Final = 0.02
"""How long after its deadline a caller waits for what the model has written by then."""


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """How long the process may take, and how soon it is started again.

    Attributes:
        load_seconds: Longest time to load the model.
        overrun_seconds: How long a call may run past its deadline before the process is stopped.
        longest_seconds: Longest time for a call without a deadline.
        first_pause_seconds: Pause before the first new start; it doubles until a call succeeds.
        longest_pause_seconds: Longest pause between two starts.
        max_calls: Calls that run or wait at a time.
    """

    load_seconds: float = 180.0
    overrun_seconds: float = 2.0
    longest_seconds: float = 120.0
    first_pause_seconds: float = 0.2
    longest_pause_seconds: float = 30.0
    max_calls: int = 8


class ProcessGenerator(BaseGenerator):
    """A generator behind the ``Generator`` protocol whose model runs in another process.

    A call while the model loads, hangs or is being started again fails at once with a retryable ``GenerationError``,
    so that the text comes from another source. Safe to share between threads.

    Args:
        open_generator: Opens the generator in the new process; it must be importable there.
        limits: How long the process may take.

    Attributes:
        n_starts: Number of processes that were started.
    """

    def __init__(self, open_generator: Callable[[], Generator], *, limits: ProcessLimits | None = None) -> None:
        self.n_starts = 0
        self._open_generator = open_generator
        self._limits = limits or ProcessLimits()
        self._lock = threading.RLock()
        self._calls: dict[Future[Any], float] = {}  # when each unfinished call is due
        self._pool: ProcessPool | None = None
        self._loading: Future[tuple[str, int]] | None = None
        self._missing = ""  # why the model can never be loaded here
        self._failure = ""
        self._is_closed = False
        self._pause = self._limits.first_pause_seconds
        self._restart: threading.Timer | None = None

    @property
    def name(self) -> str:
        """Model and revision; empty until the model is loaded."""
        return self._loaded()[0]

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded, in a process that is not known to hang or to be dead."""
        return self._loaded()[1] is not None

    @property
    def process_id(self) -> int | None:
        """Id of the process that has loaded the model."""
        return self._loaded()[1]

    def start(self) -> None:
        """Start the process unless it runs; return at once."""
        import pebble

        with self._lock:
            if self._is_closed or self._pool is not None or self._missing or self._failure:
                return
            self.n_starts += 1
            self._pool = pebble.ProcessPool(max_workers=1, context=multiprocessing.get_context("spawn"))
            self._loading = self._pool.schedule(_load, args=(self._open_generator,), timeout=self._limits.load_seconds)
            self._loading.add_done_callback(self._on_loaded)

    def close(self) -> None:
        """End the process and wait until it has ended."""
        with self._lock:
            self._is_closed = True
            pool, self._pool, self._loading = self._pool, None, None
            if self._restart is not None:
                self._restart.cancel()
        if pool is not None:
            _end(pool)

    def _drafts(self, prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int) -> list[list[Draft]]:
        """Let the process write; an error of the model, or of its process, is raised here."""
        nothing: list[list[Draft]] = [[] for _ in prompts]
        now = time.monotonic()
        if self._missing:
            raise MissingExtraError(self._missing)
        seconds = min(deadline - now, self._limits.longest_seconds)
        call = self._schedule((list(prompts), n_candidates, deadline, seed), seconds)
        try:
            answer = call.result(timeout=seconds + GRACE_SECONDS)
        except TimeoutError:
            if not call.done():
                return nothing  # the process has overrun_seconds to finish, then it is stopped
            raise GenerationError(_unavailable("hangs"), is_retryable=True) from None
        except Exception as error:  # the process died, or the pool with it
            raise GenerationError(_unavailable("died"), is_retryable=True) from error
        if isinstance(answer, _Failure):
            raise GenerationError(answer.message, is_retryable=answer.is_retryable)
        drafts: list[list[Draft]] = answer
        return drafts

    def _schedule(self, arguments: tuple[Any, ...], seconds: float) -> Future[Any]:
        """Send a call to the process, if it can take one."""
        with self._lock:
            if self._failure:
                raise GenerationError(self._failure, is_retryable=False)
            if self._pool is None or not self.is_ready:
                raise GenerationError(_unavailable("is loading"), is_retryable=True)
            now = time.monotonic()
            late = now - min(self._calls.values(), default=now)
            if late > 2 * self._limits.overrun_seconds:
                self._replace()  # the process does not even take calls, or pebble would have stopped it
            if late > self._limits.overrun_seconds:
                raise GenerationError(_unavailable("hangs"), is_retryable=True)
            if len(self._calls) >= self._limits.max_calls:
                raise GenerationError(
                    f"the language model has {len(self._calls)} calls waiting but takes no more. Try later.",
                    is_retryable=True,
                )
            timeout = seconds + self._limits.overrun_seconds
            try:
                call = self._pool.schedule(_generate, args=arguments, timeout=timeout)
            except RuntimeError as error:  # the process died while it was idle
                self._replace()
                raise GenerationError(_unavailable("died"), is_retryable=True) from error
            self._calls[call] = now + seconds
        call.add_done_callback(self._on_answered)
        return call

    def _loaded(self) -> tuple[str, int | None]:
        """Return the model's name and its process's id, if it is loaded."""
        loading = self._loading
        if loading is None or not loading.done() or loading.exception() is not None:
            return "", None
        return loading.result()

    def _on_loaded(self, loading: Future[tuple[str, int]]) -> None:
        error = None if loading.cancelled() else loading.exception()
        with self._lock:
            if error is None or loading is not self._loading:
                return
            if isinstance(error, MissingExtraError):
                self._missing = str(error)
            elif isinstance(error, LlmExplainError):
                self._failure = str(error)
            else:
                self._replace()

    def _on_answered(self, call: Future[Any]) -> None:
        with self._lock:
            if self._calls.pop(call, None) is None:
                return  # a call of an earlier process
            if call.cancelled() or call.exception() is not None:
                self._replace()
            else:
                self._pause = self._limits.first_pause_seconds

    def _replace(self) -> None:
        """Give up the process and start another one after a pause."""
        pool, self._pool, self._loading = self._pool, None, None
        self._calls.clear()
        if pool is None or self._is_closed:
            return
        _LOG.warning("The language model's process hangs or died. It is started again in %s s.", self._pause)
        threading.Thread(target=_end, args=(pool,), name="llm-explain-end-process", daemon=True).start()
        self._restart = threading.Timer(self._pause, self.start)
        self._restart.daemon = True
        self._restart.start()
        self._pause = min(2 * self._pause, self._limits.longest_pause_seconds)


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error of the model; errors themselves may not survive the way between processes."""

    message: str
    is_retryable: bool


_generator: Generator | None = None
"""The model, in its own process."""


def _load(open_generator: Callable[[], Generator]) -> tuple[str, int]:
    """Open the generator in this process and return its name and the process's id."""
    global _generator
    _generator = open_generator()
    return str(_generator.name), os.getpid()


def _generate(prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int) -> list[list[Draft]] | _Failure:
    """Write in this process; ``time.monotonic()`` is the same clock in each process of a machine."""
    if _generator is None:
        raise RuntimeError("the process was started again")
    try:
        return _generator.generate(prompts, n_candidates=n_candidates, deadline=deadline, seed=seed)
    except GenerationError as error:
        return _Failure(str(error), error.is_retryable)
    except Exception as error:
        return _Failure(f"{type(error).__name__}: {error}", is_retryable=True)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _unavailable(state: str) -> str:
    return f"the language model's process {state} but a loaded model is needed. Try later."
