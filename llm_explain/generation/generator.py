"""What any language model must offer to write drafts."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.generation.prompt_template import Prompt


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as a language model wrote it, not verified yet.

    Attributes:
        text: First line of the answer, without quotation marks around it.
        is_complete: Whether the model ended it, not the deadline or the length limit.
    """

    text: str
    is_complete: bool


@runtime_checkable
class Generator(Protocol):
    """A language model that writes drafts."""

    @property
    def name(self) -> str:
        """Model and revision for the provenance of a text."""
        ...

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
            For each prompt at most ``n_candidates`` drafts; none where the deadline came first. A model that fails
            raises ``GenerationError``, which says whether trying again can help.
        """
        ...


class BaseGenerator(ABC):
    """A generator that answers at once where nothing is asked or no time is left.

    A subclass has an attribute or property ``name``.
    """

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        n_candidates: int,
        deadline: float = float("inf"),
        seed: int = 0,
    ) -> list[list[Draft]]:
        """Return drafts for each prompt, as ``Generator`` says."""
        if not prompts or n_candidates < 1 or time.monotonic() >= deadline:
            return [[] for _ in prompts]
        return self._drafts(prompts, n_candidates, deadline, seed)

    @abstractmethod
    def _drafts(self, prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int) -> list[list[Draft]]:
        """Return at most ``n_candidates`` drafts for each prompt, of which there is at least one."""


def first_line(answer: str) -> str:
    """Return the sentence of an answer: its first line with text, without quotation marks around it.

    Args:
        answer: What the model wrote.

    Returns:
        The sentence; the empty string without one.
    """
    line = next((line.strip() for line in answer.splitlines() if line.strip()), "")
    return line.strip('"“” ')
