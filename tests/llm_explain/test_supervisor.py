"""Workers share a socket; they are replaced when another version is active or when they die; no request is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scoring.scorer.artifacts import write_manifest
from scoring.scorer.versions import activate, active, new_version

WORKER = """
import http.server, os, signal, socket, sys, threading
from pathlib import Path

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(f"{VERSION} {os.getpid()}".encode())
    def log_message(self, *_): pass

folder = Path(sys.argv[1])
VERSION = (folder / "current").readlink().name
if (folder / "versions" / VERSION / "broken").exists():
    sys.exit(1)
server = http.server.ThreadingHTTPServer(("", 0), Answer, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(os.environ["LLM_EXPLAIN_FD"]))
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
assert os.environ["LLM_EXPLAIN_WORKERS"] == "0"
os.write(int(os.environ["LLM_EXPLAIN_READY_FD"]), b"1")
server.serve_forever(0.01)
"""
RUN = """
import sys
from pathlib import Path
from llm_explain.service.settings import ServiceSettings
from llm_explain.cli.supervisor import Supervisor
folder, port = Path(sys.argv[1]), int(sys.argv[2])
settings = ServiceSettings(artifacts=folder, port=port, workers=2, drain_seconds=2)
Supervisor(settings, [sys.executable, "-c", sys.argv[3], str(folder)]).run()
"""


def train(folder: Path, *, is_broken: bool = False) -> str:
    with new_version(folder) as stage:
        write_manifest(stage, {"as_of": "2026-01-01"})
        if is_broken:
            (stage / "broken").touch()
    return active(folder).name


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], tuple[str, int]]]]:
    """Artifacts with a version, and a function that asks which version and process answers."""
    train(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path), str(port), WORKER])

    def ask() -> tuple[str, int]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=10) as answer:
            version, number = answer.read().decode().split()
        return version, int(number)

    eventually(lambda: is_true(ask))
    yield tmp_path, ask
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def is_true(ask: Callable[[], object]) -> bool:
    try:
        return bool(ask())
    except OSError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        threading.Event().wait(0.02)


def test_another_version_is_served_without_losing_a_request(
    served: tuple[Path, Callable[[], tuple[str, int]]],
) -> None:
    folder, ask = served
    first = active(folder).name
    second = train(folder)
    seen: list[str] = []

    def all_from(version: str) -> bool:
        seen.extend(ask()[0] for _ in range(10))  # an error of any request fails the test
        return seen[-10:] == [version] * 10

    eventually(lambda: all_from(second))
    activate(folder, first)
    eventually(lambda: all_from(first))
    assert set(seen) == {first, second}


def test_a_version_that_does_not_load_leaves_the_old_workers(
    served: tuple[Path, Callable[[], tuple[str, int]]],
) -> None:
    folder, ask = served
    first = active(folder).name
    train(folder, is_broken=True)
    threading.Event().wait(1.0)
    assert {ask()[0] for _ in range(10)} == {first}


def test_a_worker_that_dies_is_replaced(served: tuple[Path, Callable[[], tuple[str, int]]]) -> None:
    _, ask = served
    _, number = ask()
    os.kill(number, signal.SIGKILL)
    eventually(lambda: is_true(ask))
    numbers: set[int] = set()
    eventually(lambda: len(numbers.add(ask()[1]) or numbers) == 2)
    assert number not in numbers
