"""Runs the processes of one version of the artifacts behind a socket, and replaces them without losing a request.

A version is loaded by one process, which forks the workers (``worker_pool``). They are replaced when another version is
active, on SIGHUP, and when the process died: the new process loads, says through a pipe that its workers serve, and
only then the old one is told to end. Its workers finish their requests.
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

from llm_explain.cli.worker_pool import LOAD_SECONDS
from llm_explain.errors import SettingError
from llm_explain.service.settings import PREFIX
from scoring.scorer.versions import active

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.service.settings import ServiceSettings

_POLL_SECONDS: Final = 0.2
_RETRY_SECONDS: Final = 5.0
_BACKLOG: Final = 2048
_LOG = logging.getLogger(__name__)


@dataclass
class Loaded:
    """A process that has loaded a version and forks its workers.

    Attributes:
        process: The process.
        ready: The pipe that gets a byte when its workers serve.
    """

    process: subprocess.Popen[bytes]
    ready: int

    def wait_ready(self, seconds: float) -> bool:
        """Return whether the workers serve within some seconds; the process may also end before that."""
        readable, _, _ = select.select([self.ready], [], [], seconds)
        return bool(readable) and os.read(self.ready, 1) != b""


class Supervisor:
    """Keeps the active version served.

    Args:
        settings: The service's settings.
        command: Loads a version and serves it; the command line of this process if not given.
    """

    def __init__(self, settings: ServiceSettings, command: Sequence[str] | None = None) -> None:
        main = [sys.executable, "-c", "from llm_explain.cli import main; main()", *sys.argv[1:]]
        self._command = list(command or main)
        self._settings = settings
        self._serving: Loaded | None = None
        self._leaving: list[Loaded] = []
        self._is_ending = self._is_asked = False

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl+C.

        Raises:
            SettingError: If the address is taken, or the first process does not serve.
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
            self._serving = self._start(listener)
            if self._serving is None and not self._is_ending:
                raise SettingError("the first worker ended before it served. Its error stands above.")
            while not self._is_ending:
                time.sleep(_POLL_SECONDS)
                self._leaving = [each for each in self._leaving if each.process.poll() is None]
                if self._is_asked or active(settings.artifacts) != version:
                    self._is_asked, version = False, active(settings.artifacts)
                    self._replace(listener)
                elif self._serving is None or self._serving.process.poll() is not None:
                    _LOG.error("the process that keeps the workers died")
                    self._serving = self._start(listener)
                    if self._serving is None:
                        time.sleep(_RETRY_SECONDS)
            self._stop()

    def _replace(self, listener: socket.socket) -> None:
        """Start a process and end the old one; if the new one does not serve, the old one stays."""
        started = self._start(listener)
        if started is None:
            _LOG.error("a new worker does not serve; the old ones stay")
            return
        if self._serving is not None:
            self._serving.process.terminate()
            self._leaving.append(self._serving)
        self._serving = started
        _LOG.info("workers were replaced")

    def _start(self, listener: socket.socket) -> Loaded | None:
        """Start a process and return it when its workers serve; ``None`` if they do not."""
        ready, told = os.pipe()
        given = {"FD": str(listener.fileno()), "READY_FD": str(told)}
        environment = {**os.environ, **{f"{PREFIX}{name}": value for name, value in given.items()}}
        handed = (listener.fileno(), told)
        process = subprocess.Popen(self._command, env=environment, pass_fds=handed)  # noqa: S603
        os.close(told)
        loaded = Loaded(process, ready)
        until = time.monotonic() + LOAD_SECONDS
        is_ready = False
        while not is_ready and time.monotonic() < until and process.poll() is None and not self._is_ending:
            is_ready = loaded.wait_ready(_POLL_SECONDS)
        os.close(ready)
        if is_ready:
            return loaded
        process.kill()
        process.wait()
        return None

    def _stop(self) -> None:
        """End every process, and wait for the requests that run."""
        everyone = [*([self._serving] if self._serving else ()), *self._leaving]
        for each in everyone:
            each.process.terminate()
        until = time.monotonic() + self._settings.drain_seconds + 2 * _RETRY_SECONDS
        for each in everyone:
            try:
                each.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                each.process.kill()

    def _end(self, *_: object) -> None:
        self._is_ending = True

    def _ask(self, *_: object) -> None:
        self._is_asked = True
