"""Serving processes that fork from one that has loaded the shop, so that all of them share its memory.

A forked process copies a page of memory when it writes to it. Tables, model and words are read only, so a second worker
costs what its own requests need.
"""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

LOAD_SECONDS: Final = 300.0
"""A process that does not serve by then is given up."""

_POLL_SECONDS: Final = 0.2
_RETRY_SECONDS: Final = 5.0
_LOG = logging.getLogger(__name__)


class WorkerPool:
    """Keeps a number of forked processes that serve.

    Args:
        serve: Serves in a forked process until SIGTERM. It is told the descriptor of a pipe that gets one byte when the
            process serves.
        n_workers: Number of processes.
        drain_seconds: How long a process may take to end.
    """

    def __init__(self, serve: Callable[[int], None], n_workers: int, *, drain_seconds: float) -> None:
        self._serve, self._n_workers, self._drain_seconds = serve, n_workers, drain_seconds
        self._workers: set[int] = set()
        self._is_ending = False

    def run(self, ready_fd: int | None = None) -> bool:
        """Serve until SIGTERM or Ctrl+C; then every process finishes its requests.

        Args:
            ready_fd: Descriptor of a pipe that gets one byte when every process serves.

        Returns:
            Whether the processes served at all.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        gc.collect()
        gc.freeze()  # so that the collector does not write to pages that the processes share
        has_served = False
        while not self._is_ending:
            self._forget_dead()
            if len(self._workers) < self._n_workers and not self._add():
                if not has_served:
                    break
                _LOG.error("a new worker does not serve")
                self._sleep(_RETRY_SECONDS)
            elif not has_served and len(self._workers) == self._n_workers:
                has_served = True
                if ready_fd is not None:
                    os.write(ready_fd, b"1")
                    os.close(ready_fd)
            elif len(self._workers) == self._n_workers:
                time.sleep(_POLL_SECONDS)
        self._stop()
        return has_served or self._is_ending

    def _add(self) -> bool:
        """Fork a process and return whether it serves."""
        ready, told = os.pipe()
        parent, process_id = os.getpid(), os.fork()
        if process_id == 0:
            os.close(ready)
            self._serve_and_leave(parent, told)
        os.close(told)
        self._workers.add(process_id)
        is_ready, until = False, time.monotonic() + LOAD_SECONDS
        while not self._is_ending and time.monotonic() < until:
            if select.select([ready], [], [], _POLL_SECONDS)[0]:
                is_ready = os.read(ready, 1) != b""  # nothing if the process has ended
                break
        os.close(ready)
        if not is_ready and not self._is_ending:
            os.kill(process_id, signal.SIGKILL)
            os.waitpid(process_id, 0)
            self._workers.discard(process_id)
        return is_ready

    def _serve_and_leave(self, parent: int, told: int) -> NoReturn:
        """Serve in a forked process, and end it without running what the parent has planned for its own end."""
        status = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
            self._serve(told)
            status = 0
        except Exception:
            _LOG.exception("a worker failed")
        finally:
            os._exit(status)

    def _forget_dead(self) -> None:
        for process_id in list(self._workers):
            if os.waitpid(process_id, os.WNOHANG)[0]:
                self._workers.discard(process_id)
                _LOG.error("a worker died")

    def _stop(self) -> None:
        """End every process, and wait for the requests that run."""
        for process_id in self._workers:
            os.kill(process_id, signal.SIGTERM)
        until = time.monotonic() + self._drain_seconds + _RETRY_SECONDS
        while self._workers and time.monotonic() < until:
            self._workers = {each for each in self._workers if not os.waitpid(each, os.WNOHANG)[0]}
            time.sleep(0.05)
        for process_id in self._workers:
            os.kill(process_id, signal.SIGKILL)
            os.waitpid(process_id, 0)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._is_ending:
            time.sleep(_POLL_SECONDS)

    def _end(self, *_: object) -> None:
        self._is_ending = True


def _end_with(parent: int) -> None:
    """End this process when its parent was killed."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
