"""The process in which a language model runs: requests come in on its standard input, answers leave on its output.

One JSON object a line. The first line says what to load; then requests ``{"id", "prompts", "n_candidates", "seconds",
"seed"}`` and ``{"cancel": id}`` come in, and ``{"ready": name}``, ``{"beat": true}``, ``{"id", "drafts"}`` and
``{"failed", "kind", "is_retryable"}`` go out. The process ends when its input closes, so it never outlives its parent.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import threading
import time
from typing import IO, TYPE_CHECKING, Any, cast

from llm_explain.errors import GenerationError, LlmExplainError
from llm_explain.generation.cancellation import Deadline
from llm_explain.generation.prompt_template import Message, Prompt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.generation.generator import Generator


def main() -> None:
    """Serve requests until the input closes."""
    requests, answers = _take_pipes()
    _Service(requests, answers).run()


def _take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return the pipes to the parent, and let whatever else a library prints go to the error stream."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


class _Service:
    def __init__(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        self._requests = requests
        self._answers = answers
        self._lock = threading.Lock()
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        self._deadlines: dict[int, Deadline] = {}

    def run(self) -> None:
        order = json.loads(self._requests.readline() or b"{}")
        if not order:
            return
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            generator = _open(order["factory"], order["options"])
        except Exception as error:
            self._say(_failure(error, is_retryable=False))
            return
        self._say({"ready": str(generator.name)})
        threading.Thread(target=self._beat, args=(float(order["beat_seconds"]),), daemon=True).start()
        while True:
            self._answer(generator, self._waiting.get())

    def _listen(self) -> None:
        """Queue requests; leave with the parent."""
        for line in self._requests:
            message = json.loads(line)
            if "cancel" in message:
                if deadline := self._deadlines.get(message["cancel"]):
                    deadline.cancel()
                continue
            seconds = message["seconds"]
            self._deadlines[message["id"]] = Deadline(
                float("inf") if seconds is None else time.monotonic() + float(seconds)
            )
            self._waiting.put(message)
        os._exit(0)

    def _beat(self, seconds: float) -> None:
        pause = threading.Event()
        while not pause.wait(seconds):
            self._say({"beat": True})

    def _answer(self, generator: Generator, request: Mapping[str, Any]) -> None:
        deadline = self._deadlines[request["id"]]
        try:
            drafts = generator.generate(
                [_prompt(each) for each in request["prompts"]],
                n_candidates=int(request["n_candidates"]),
                deadline=deadline,
                seed=int(request["seed"]),
            )
        except Exception as error:
            answer = _failure(error, is_retryable=True)
        else:
            answer = {"drafts": [[[draft.text, draft.is_complete] for draft in each] for each in drafts]}
        del self._deadlines[request["id"]]
        self._say({**answer, "id": request["id"]})

    def _say(self, message: Mapping[str, Any]) -> None:
        line = json.dumps(message, ensure_ascii=True).encode() + b"\n"
        try:
            with self._lock:
                self._answers.write(line)
                self._answers.flush()
        except OSError:  # the parent is gone
            os._exit(0)


def _open(factory: str, options: Mapping[str, Any]) -> Generator:
    """Return the generator that ``module:name`` makes from the options."""
    module, _, path = factory.partition(":")
    made: Any = importlib.import_module(module)
    for part in path.split("."):
        made = getattr(made, part)
    return cast("Generator", made(**options))


def _prompt(fields: Mapping[str, Any]) -> Prompt:
    messages = tuple(Message(role, content) for role, content in fields["messages"])
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list) and name != "messages"}
    return Prompt(**{**fields, **lists, "messages": messages})


def _failure(error: Exception, *, is_retryable: bool) -> dict[str, Any]:
    if isinstance(error, GenerationError):
        is_retryable = error.is_retryable
    said = str(error) if isinstance(error, LlmExplainError) else f"{type(error).__name__}: {error}"
    return {"failed": said, "kind": type(error).__name__, "is_retryable": is_retryable}
