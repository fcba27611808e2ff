"""Runs serving processes that share one socket, and replaces them without losing a request.

A process is replaced when another version of the artifacts is active, on SIGHUP, and when it died: the new process
loads, says through a pipe that it serves, and only then the old one is told to end. It finishes its requests.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llm_explain.errors import SettingError
from llm_explain.service.settings import PREFIX
from scoring.scorer.versions import active

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.service.settings import ServiceSettings

LOAD_SECONDS: Final = 300.0
"""A process that does not serve by then is given up."""

_POLL_SECONDS: Final = 0.2
_RETRY_SECONDS: Final = 5.0
_BACKLOG: Final = 2048
_LOG = logging.getLogger(__name__)


@dataclass
class Worker:
    """A serving process.

    Attributes:
        process: The process.
        ready: The pipe that gets a byte when it serves.
    """

    process: subprocess.Popen[bytes]
    ready: int

    def wait_ready(self, seconds: float) -> bool:
        """Return whether the process serves within some seconds; it may also end before that."""
        readable, _, _ = select.select([self.ready], [], [], seconds)
        return bool(readable) and os.read(self.ready, 1) != b""


class Supervisor:
    """Keeps a number of workers.

    Args:
        settings: The service's settings.
        command: Starts one worker; the command line of this process if not given.
    """

    def __init__(self, settings: ServiceSettings, command: Sequence[str] | None = None) -> None:
        main = [sys.executable, "-c", "from llm_explain.cli import main; main()", *sys.argv[1:]]
        self._command = list(command or main)
        self._settings = settings
        self._workers: list[Worker] = []
        self._leaving: list[Worker] = []
        self._is_ending = self._is_asked = False

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl+C.

        Raises:
            SettingError: If the address is taken, or the first worker does not serve.
        """
        for number, work in ((signal.SIGTERM, self._end), (signal.SIGINT, self._end), (signal.SIGHUP, self._ask)):
            signal.signal(number, work)
        settings = self._settings
        try:
            listener = socket.create_server((settings.host, settings.port), backlog=_BACKLOG)
        except OSError as error:
            raise SettingError(
                f"settings 'host' and 'port' name {settings.host}:{settings.port}, which cannot be listened on "
                f"({error.strerror}). Choose another port."
            ) from error
        with listener:
            listener.set_inheritable(True)
            version = active(settings.artifacts)
            if not self._add(listener):
                raise SettingError("the first worker ended before it served. Its error stands above.")
            while not self._is_ending:
                time.sleep(_POLL_SECONDS)
                self._leaving = [each for each in self._leaving if each.process.poll() is None]
                if self._is_asked or active(settings.artifacts) != version:
                    self._is_asked, version = False, active(settings.artifacts)
                    self._replace(listener, list(self._workers))
                self._fill(listener)
            self._stop()

    def _fill(self, listener: socket.socket) -> None:
        """Start workers in the place of those that died."""
        alive = [each for each in self._workers if each.process.poll() is None]
        if len(alive) < len(self._workers):
            _LOG.error("a worker died")
        self._workers = alive
        while len(self._workers) < self._settings.workers and not self._is_ending:
            if not self._add(listener):
                _LOG.error("a new worker does not serve")
                time.sleep(_RETRY_SECONDS)
                return

    def _replace(self, listener: socket.socket, workers: list[Worker]) -> None:
        """Replace workers one by one; if a new one does not serve, the old ones stay."""
        for old in workers:
            if self._is_ending:
                return
            if not self._add(listener):
                _LOG.error("a new worker does not serve; the old ones stay")
                return
            self._workers.remove(old)
            old.process.terminate()
            self._leaving.append(old)
        _LOG.info("workers were replaced")

    def _add(self, listener: socket.socket) -> bool:
        """Start a worker and return whether it serves."""
        ready, told = os.pipe()
        given = {"FD": str(listener.fileno()), "READY_FD": str(told), "WORKERS": "0"}
        environment = {**os.environ, **{f"{PREFIX}{name}": value for name, value in given.items()}}
        handed = (listener.fileno(), told)
        process = subprocess.Popen(self._command, env=environment, pass_fds=handed)  # noqa: S603
        os.close(told)
        worker = Worker(process, ready)
        until = time.monotonic() + LOAD_SECONDS
        is_ready = False
        while not is_ready and time.monotonic() < until and process.poll() is None and not self._is_ending:
            is_ready = worker.wait_ready(_POLL_SECONDS)
        os.close(ready)
        if is_ready:
            self._workers.append(worker)
        else:
            process.kill()
            process.wait()
        return is_ready

    def _stop(self) -> None:
        """End every worker, and wait for the requests that run."""
        everyone = [*self._workers, *self._leaving]
        for worker in everyone:
            worker.process.terminate()
        until = time.monotonic() + self._settings.drain_seconds + _RETRY_SECONDS
        for worker in everyone:
            try:
                worker.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()

    def _end(self, *_: object) -> None:
        self._is_ending = True

    def _ask(self, *_: object) -> None:
        self._is_asked = True
