"""Serving processes that start in milliseconds: a parent that has loaded a shop forks them one after the other.

The parent never answers a request itself. It runs in a process of its own, so that the load generator shares nothing
with it but a pipe: a line ``spawn SETTINGS`` starts a process and prints its id, ``wait PID`` waits for its end and
prints how it ended.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from llm_explain.explainer import Explainer

HERE = Path(__file__).parent


class Nursery:
    """The parent, as the driver of a proof sees it.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        script: Script that serves; this one, or one with a language model.
        settings: Settings of the service, by name.
        log: File for the processes' log lines.
    """

    def __init__(
        self,
        artifacts: Path,
        *,
        script: Path = HERE / "nursery.py",
        settings: dict[str, Any] | None = None,
        log: Path | None = None,
    ) -> None:
        # Every process takes connections from this socket; it listens already, so that no early caller is refused.
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._listener.setblocking(False)
        self._listener.set_inheritable(True)
        self.port = int(self._listener.getsockname()[1])
        self._folder = tempfile.TemporaryDirectory()
        given = {
            "fd": self._listener.fileno(),
            "auth": False,
            "demo_shop": False,
            "rate_per_second": 0,
            "as_of": "snapshot",
            "database_url": f"sqlite:///{self._folder.name}/state.db",
            **(settings or {}),
        }
        environment = {f"LLM_EXPLAIN_{name.upper()}": _text(value) for name, value in given.items()}
        self._log = (log or Path(os.devnull)).open("ab")
        self._process = subprocess.Popen(
            [sys.executable, str(script), "--artifacts", str(artifacts)],
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            pass_fds=(self._listener.fileno(),),
            text=True,
        )
        self._ask("")

    def spawn(self, **settings: Any) -> int:
        """Start a process.

        Args:
            **settings: Settings beyond those of the nursery.

        Returns:
            Its id.
        """
        return int(self._ask("spawn " + json.dumps({name: _text(value) for name, value in settings.items()})))

    def wait(self, process_id: int) -> int:
        """Wait for a process to end.

        Args:
            process_id: Its id.

        Returns:
            Its exit status; that of a signal is negative.
        """
        return int(self._ask(f"wait {process_id}"))

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until a process is ready.

        Args:
            seconds: Longest wait.

        Raises:
            TimeoutError: If no process is ready in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.01)
        raise TimeoutError("no process was ready in time")

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError("the nursery ended. Give it a log file to see why.")
        return said.strip()

    def close(self) -> None:
        """End everything."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        self._listener.close()
        self._log.close()
        self._folder.cleanup()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def tend(explainer: Explainer, serve_one: Any) -> None:
    """Fork a process for each line that says so, until the input closes; then end those that are left.

    Args:
        explainer: What is loaded once.
        serve_one: Serves in the new process.
    """
    children: set[int] = set()
    print("ready", flush=True)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "spawn":
            child = os.fork()
            if child == 0:
                _serve_and_leave(explainer, serve_one, json.loads(rest or "{}"))
            children.add(child)
            print(child, flush=True)
        elif word == "wait":
            _, status = os.waitpid(int(rest), 0)
            children.discard(int(rest))
            print(os.waitstatus_to_exitcode(status), flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve_and_leave(explainer: Explainer, serve_one: Any, settings: dict[str, str]) -> None:
    """Serve in a forked process and end it without coming back."""
    os.close(0)
    os.dup2(2, 1)
    for name, value in settings.items():
        os.environ[f"LLM_EXPLAIN_{name.upper()}"] = value
    status = 1
    try:
        serve_one(explainer)
        status = 0
    finally:
        os._exit(status)


def serve_plainly(explainer: Explainer) -> None:
    """Serve as ``llm-explain serve`` does, without a language model."""
    from llm_explain.cli.logs import configure_logs
    from llm_explain.cli.server import serve
    from llm_explain.service.app import create_app
    from llm_explain.service.settings import ServiceSettings

    settings = ServiceSettings.read()
    configure_logs(settings.log_level)
    serve(create_app(explainer, settings), settings)


def load(artifacts: Path) -> Explainer:
    """Return the explainer, and import what takes long, for the processes to inherit."""
    import llm_explain.cli.server
    import llm_explain.service.app  # noqa: F401
    from llm_explain.explainer import Explainer

    return Explainer.load(artifacts, language_model=None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=Path, required=True)
    warm = load(parser.parse_args().artifacts)
    warm.recommend(warm.events.user_ids[0])  # as a process does before it says that it is ready
    warm.writer.warm_up()
    tend(warm, serve_plainly)
