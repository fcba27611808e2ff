"""Workers share a socket and memory; another version or their death replaces them; no request is lost."""

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
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from scoring.scorer.artifacts import write_manifest
from scoring.scorer.versions import activate, active, new_version

LOADED = """
import http.server, importlib.util, os, runpy, signal, socket, sys, threading
from pathlib import Path

package = Path(importlib.util.find_spec("llm_explain").origin).parent  # llm_explain.cli is slow to import
WorkerPool = runpy.run_path(package / "cli" / "worker_pool.py")["WorkerPool"]

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(f"{VERSION} {os.getpid()} {os.getppid()} {private_mb():.0f}".encode())
    def log_message(self, *_): pass

def private_mb():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines() if sys.platform == "linux" else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024

def serve(ready_fd):
    server = http.server.ThreadingHTTPServer(("", 0), Answer, bind_and_activate=False)
    server.daemon_threads = False
    server.socket.close()
    server.socket = socket.socket(fileno=int(os.environ["LLM_EXPLAIN_FD"]))
    server.socket.settimeout(1)  # another worker may take the connection first; the loser must not wait for the next
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    os.write(ready_fd, b"1")
    server.serve_forever(0.01)
    server.server_close()  # waits for the requests that run

folder = Path(sys.argv[1])
VERSION = (folder / "current").readlink().name
if (folder / "versions" / VERSION / "broken").exists():
    sys.exit(1)
read_only = bytearray(os.urandom(100_000_000))  # what a shop's tables would be
WorkerPool(serve, 2, drain_seconds=2).run(int(os.environ["LLM_EXPLAIN_READY_FD"]))
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


class Answered(NamedTuple):
    """What a worker says of itself."""

    version: str
    worker: int
    parent: int
    private_mb: int


Served = tuple[Path, Callable[[], Answered]]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Artifacts with a version, and a function that asks which version and process answers."""
    train(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path), str(port), LOADED])

    def ask() -> Answered:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=10) as answer:
            version, *numbers = answer.read().decode().split()
        return Answered(version, *map(int, numbers))

    eventually(lambda: is_true(ask))
    yield tmp_path, ask
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def is_true(ask: Callable[[], object]) -> bool:
    try:
        return bool(ask())
    except OSError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 180.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        threading.Event().wait(0.02)


def both(ask: Callable[[], Answered]) -> dict[int, Answered]:
    """Return what both workers say, asking until each has answered."""
    seen: dict[int, Answered] = {}

    def all_seen() -> bool:
        with suppress(OSError):
            answer = ask()
            seen[answer.worker] = answer
        return len(seen) == 2

    eventually(all_seen)
    return seen


def test_another_version_is_served_without_losing_a_request(served: Served) -> None:
    folder, ask = served
    first = active(folder).name
    second = train(folder)
    seen: list[str] = []

    def all_from(version: str) -> bool:
        seen.extend(ask().version for _ in range(10))  # an error of any request fails the test
        return seen[-10:] == [version] * 10

    eventually(lambda: all_from(second))
    activate(folder, first)
    eventually(lambda: all_from(first))
    assert set(seen) == {first, second}


def test_a_version_that_does_not_load_leaves_the_old_workers(served: Served) -> None:
    folder, ask = served
    first = active(folder).name
    train(folder, is_broken=True)
    threading.Event().wait(1.0)
    assert {ask().version for _ in range(10)} == {first}


def test_a_worker_that_dies_is_replaced(served: Served) -> None:
    _, ask = served
    killed, left = both(ask)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: is_true(ask) and ask().worker not in {killed, left})


def test_the_workers_of_a_loading_process_that_dies_are_replaced(served: Served) -> None:
    _, ask = served
    first = both(ask)
    os.kill(ask().parent, signal.SIGKILL)
    eventually(lambda: is_true(ask) and ask().worker not in first)
    eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in first))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone says what memory is private")
def test_workers_share_what_was_loaded_before_they_fork(served: Served) -> None:
    assert all(answer.private_mb < 50 for answer in both(served[1]).values())  # of more than 100 MB
