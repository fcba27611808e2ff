"""One process that runs a language model, and the threads that talk to it without ever blocking a caller."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from llm_explain.generation.worker_process import main; main()"
)
_LONGEST_LINE = 4_000_000
_LAST_WORDS = 400


@dataclass(slots=True)
class Waiting:
    """A request that was sent.

    Attributes:
        deadline: Moment of ``time.monotonic()`` at which its caller goes.
        sent: Moment at which it was sent.
        done: Set when the answer is there or will never come.
        answer: The answer; ``None`` until it is there.
    """

    deadline: float
    sent: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    answer: Mapping[str, Any] | None = None


class WorkerPipe:
    """A process, started at once, and what is known of it.

    Args:
        order: First line that it reads: what to load.
        on_ready: Told the model's name when it is loaded.

    Attributes:
        ended: Set when the process has closed its output or broken the protocol.
        name: The model's name; empty until it is loaded.
        refusal: Why the model can never be loaded; ``None`` if nothing is known against it.
        last_heard: Moment of the last sign of life.
        last_answer: Moment of the last answer.
        n_answers: Answers so far.
        unanswered: Requests that the process still has, oldest first.
    """

    def __init__(self, order: Mapping[str, Any], on_ready: Callable[[str], None]) -> None:
        self.ended = threading.Event()
        self.name = ""
        self.refusal: Mapping[str, Any] | None = None
        self.last_heard = self.last_answer = time.monotonic()
        self.n_answers = 0
        self.unanswered: dict[int, Waiting] = {}
        self._babble = ""
        self._on_ready = on_ready
        self._last_words: deque[str] = deque(maxlen=8)
        self._outbox: queue.Queue[bytes | None] = queue.Queue()
        self._process = subprocess.Popen(  # noqa: S603  this interpreter, our own module
            [sys.executable, "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.process_id = self._process.pid
        self._threads = [
            threading.Thread(target=run, name=f"llm-explain-{run.__name__.strip('_')}", daemon=True)
            for run in (self._read, self._write, self._drain)
        ]
        self.send(order)
        for thread in self._threads:
            thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand a message to the writing thread."""
        self._outbox.put(json.dumps(message).encode() + b"\n")

    def end(self, reason: str = "") -> str:
        """Kill the process, release everybody who waits for it, and say what became of it.

        Args:
            reason: Why it is killed; empty if it went by itself.

        Returns:
            What became of it, in words.
        """
        self._process.kill()
        code = self._process.wait()
        self._outbox.put(None)
        for thread in self._threads:
            thread.join(timeout=2)  # a child of the process may hold a pipe open
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        said = "".join(self._last_words).strip().splitlines()[-1:]
        return reason or self._babble or f"ended with code {code}" + "".join(f" ({line[-200:]})" for line in said)

    def fail(self, answer: Mapping[str, Any]) -> None:
        """Give everybody who waits the same answer."""
        for waiting in list(self.unanswered.values()):
            if waiting.answer is None:
                waiting.answer = answer
            waiting.done.set()

    def _read(self) -> None:
        stdout = self._process.stdout
        buffer = b""
        while stdout is not None and (chunk := stdout.read(65_536)):
            *lines, buffer = (buffer + chunk).split(b"\n")
            if len(buffer) > _LONGEST_LINE or not all(map(self._take, lines)):
                self._babble = "sent something that is no answer"
                break
        self.ended.set()

    def _take(self, line: bytes) -> bool:
        """Act on a line of the process; say whether it kept the protocol."""
        try:
            message = json.loads(line)
        except ValueError:
            return False
        if not isinstance(message, dict):
            return False
        self.last_heard = time.monotonic()
        if "ready" in message:
            self.name = str(message["ready"])
            self._on_ready(self.name)
        elif waiting := self.unanswered.pop(message.get("id", -1), None):
            self.last_answer = self.last_heard
            self.n_answers += 1
            waiting.answer = message
            waiting.done.set()
        elif "failed" in message and "id" not in message:
            self.refusal = message
        return True

    def _write(self) -> None:
        stdin = self._process.stdin
        while stdin is not None and (line := self._outbox.get()) is not None:
            try:
                view = memoryview(line)
                while view:
                    view = view[stdin.write(view) or 0 :]
            except OSError:  # the process is gone; the reading thread says so
                return

    def _drain(self) -> None:
        """Keep the last words of the error stream, so that it never fills up."""
        stderr = self._process.stderr
        while stderr is not None and (chunk := stderr.read(4096)):
            self._last_words.append(chunk.decode("utf-8", "replace")[-_LAST_WORDS:])
