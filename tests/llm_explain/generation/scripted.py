"""Generators without a model, each with one habit; processes that the tests start open them by name."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.generator import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.generation.prompt_template import Prompt


class Scripted:
    """Repeats what it reads, after a habit has had its way with the deadline."""

    name = "scripted"

    def __init__(self, habit: Callable[[float], object] = lambda deadline: None) -> None:
        self.habit = habit

    def generate(
        self, prompts: Sequence[Prompt], *, n_candidates: int, deadline: float = float("inf"), seed: int = 0
    ) -> list[list[Draft]]:
        self.habit(deadline)
        return [[Draft(each.messages[-1].content, is_complete=True)] * n_candidates for each in prompts]


def open_echo() -> Scripted:
    return Scripted()


def open_dying() -> Scripted:
    def die(deadline: float) -> None:
        os._exit(3)

    return Scripted(die)


def open_never() -> Scripted:
    threading.Event().wait()
    return Scripted()


def open_deaf() -> Scripted:
    return Scripted(lambda deadline: threading.Event().wait())


def open_obedient() -> Scripted:
    def wait(deadline: float) -> None:
        pause = threading.Event()
        while time.monotonic() < deadline:
            pause.wait(0.005)

    return Scripted(wait)


def open_failing() -> Scripted:
    def fail(deadline: float) -> None:
        raise GenerationError("the model is tired but must write. Let it rest.", is_retryable=False)

    return Scripted(fail)


def open_missing() -> Scripted:
    raise MissingExtraError("weights are not installed. Run: pip install weights")
