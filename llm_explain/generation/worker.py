"""A language model in a process of its own, which can hang or die without hurting the caller."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llm_explain.errors import GenerationError, MissingExtraError, SettingError
from llm_explain.generation.generator import Draft
from llm_explain.generation.worker_link import Link, WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.generation.prompt_template import Prompt

__all__ = ["WorkerGenerator", "WorkerSettings"]

_GLANCE_SECONDS = 0.05
"""How often a waiting caller looks whether its deadline was cancelled."""


class WorkerGenerator:
    """Any generator, run in a process that is watched, killed when it hangs and started again with growing pauses.

    Callers of several threads share it. While the process is being started again, a call fails at once with a
    retryable ``GenerationError``, so that the text can fall back; only the first start is waited for.

    Args:
        factory: What makes the generator in the process, as ``module:name``.
        options: Keyword arguments of the factory; JSON values.
        settings: Heartbeat, back-off and queue.

    Attributes:
        factory: What makes the generator, as ``module:name``.
        settings: Heartbeat, back-off and queue.

    Raises:
        SettingError: If the factory is not of the form ``module:name``.
    """

    def __init__(
        self, factory: str, options: Mapping[str, Any] | None = None, *, settings: WorkerSettings | None = None
    ) -> None:
        if not all(factory.partition(":")[::2]):
            raise SettingError(f"factory is {factory!r} but module:name is needed. Name an importable function.")
        self.factory = factory
        self.settings = settings or WorkerSettings()
        self._ids = itertools.count()
        self._room = threading.BoundedSemaphore(self.settings.max_waiting)
        self._link = Link(factory, dict(options or {}), self.settings)
        self._end = weakref.finalize(self, self._link.close)  # runs at the interpreter's exit too

    @property
    def name(self) -> str:
        """Model and revision as the process says; the factory's name until it has loaded the model."""
        return self._link.name or self.factory

    @property
    def process_id(self) -> int | None:
        """Id of the running process; ``None`` while there is none."""
        return self._link.process_id

    @property
    def n_starts(self) -> int:
        """How often a process was started."""
        return self._link.n_starts

    def wait_ready(self, seconds: float | None = None) -> bool:
        """Wait until the model is loaded.

        Args:
            seconds: Longest wait; until it is loaded, or can never be, if not given.

        Returns:
            Whether it is loaded.
        """
        return self._link.wait_ready(seconds)

    def close(self) -> None:
        """End the process; calls under way and later ones fail."""
        self._end()

    def __enter__(self) -> WorkerGenerator:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        n_candidates: int,
        deadline: float = float("inf"),
        seed: int = 0,
    ) -> list[list[Draft]]:
        """Return drafts for each prompt, the same for the same seed.

        Args:
            prompts: What to write.
            n_candidates: Drafts for each prompt.
            deadline: Moment of ``time.monotonic()`` at which to stop, with what is written by then.
            seed: Seed of the sampling.

        Returns:
            For each prompt at most ``n_candidates`` drafts; none where the deadline came first.

        Raises:
            GenerationError: If the process hangs, died or is being started again, if the queue is full, or if the
                model failed.
            MissingExtraError: If the model's libraries or weights are not installed.
        """
        nothing: list[list[Draft]] = [[] for _ in prompts]
        if not prompts or n_candidates < 1 or time.monotonic() >= deadline:
            return nothing
        if not self._room.acquire(blocking=False):
            raise GenerationError(
                f"the language model has {self.settings.max_waiting} requests waiting but takes no more. Try later.",
                is_retryable=True,
            )
        try:
            request = {
                "id": next(self._ids),
                "prompts": [_fields(prompt) for prompt in prompts],
                "n_candidates": n_candidates,
                "seed": seed,
            }
            answer = self._ask(request, deadline)
        finally:
            self._room.release()
        if answer is None:
            return nothing
        if answer.get("kind") == MissingExtraError.__name__:
            raise MissingExtraError(answer["failed"])
        if "failed" in answer:
            raise GenerationError(answer["failed"], is_retryable=bool(answer["is_retryable"]))
        return [[Draft(text, is_complete=is_complete) for text, is_complete in each] for each in answer["drafts"]]

    def _ask(self, request: dict[str, Any], deadline: float) -> Mapping[str, Any] | None:
        """Return the answer; nothing where the deadline came first."""
        if not self._link.wait_first_start(deadline):
            return None
        seconds = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
        with self._link.request({**request, "seconds": seconds}, deadline) as waiting:
            while not waiting.done.wait(min(_GLANCE_SECONDS, max(0.0, deadline - time.monotonic()))):
                if time.monotonic() >= deadline:
                    self._link.cancel(request["id"])
                    waiting.done.wait(self.settings.grace_seconds)  # what is written by then comes now
                    break
        return waiting.answer


def _fields(prompt: Prompt) -> dict[str, Any]:
    """Return a prompt as JSON values."""
    return {**asdict(prompt), "messages": [[message.role, message.content] for message in prompt.messages]}
