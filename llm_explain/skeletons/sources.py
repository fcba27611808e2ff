"""Sources of skeletons, and the variety of a list of texts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from llm_explain.text.skeleton import opening

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm_explain.records import Source
    from llm_explain.skeletons.templates import Templates
    from llm_explain.text.skeleton import Skeleton, Tone

LIST_LENGTH = 10
"""Within this many texts no two share a skeleton or an opening."""


class SkeletonSource(Protocol):
    """A source of skeletons: the phrasebook, a language model or templates.

    Attributes:
        name: Source as the explanation record names it.
    """

    name: Source

    def prepare(self, wanted: Iterable[tuple[str, ...]], tone: Tone, *, deadline: float) -> None:
        """Make skeletons for combinations of kinds ready, in one go, until ``time.monotonic()`` is ``deadline``."""

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return the verified skeletons that are ready."""

    def order(self, skeleton: Skeleton, key: str) -> tuple[int, bytes]:
        """Return where a skeleton stands for one user, item and moment."""


class TemplateSource:
    """Hand-written sentences and the grammar, which are always ready.

    Args:
        templates: The locale's sentences.

    Attributes:
        name: ``template``.
    """

    name: Source = "template"

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def prepare(self, wanted: Iterable[tuple[str, ...]], tone: Tone, *, deadline: float) -> None:
        """Do nothing: templates are always ready."""

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return the skeletons of a combination of kinds."""
        return self._templates.skeletons(kinds, tone)

    def order(self, skeleton: Skeleton, key: str) -> tuple[int, bytes]:
        """Return where a skeleton stands for one user, item and moment; the hand-written ones come first."""
        return int(skeleton.origin != self._templates.origin), shuffled(skeleton, key)


@dataclass(slots=True)
class Variety:
    """Skeletons and openings that the texts of one list have used, so that the next text differs.

    Attributes:
        skeletons: Skeletons of the last texts.
        openings: First words of the last texts.
    """

    skeletons: list[str] = field(default_factory=list)
    openings: list[str] = field(default_factory=list)

    def is_fresh(self, skeleton: Skeleton, text: str) -> bool:
        """Return whether neither the skeleton nor an opening of it or the text stands in the list yet.

        Args:
            skeleton: A skeleton.
            text: The sentence that it gives.

        Returns:
            Whether the sentence sounds unlike the others.
        """
        is_new = skeleton.text not in self.skeletons
        return is_new and skeleton.opening not in self.openings and opening(text) not in self.openings

    def add(self, skeleton: Skeleton, text: str) -> None:
        """Remember a text; only the last nine matter to the next.

        Args:
            skeleton: Its skeleton.
            text: The finished sentence.
        """
        self.skeletons = [*self.skeletons, skeleton.text][1 - LIST_LENGTH :]
        self.openings = [*self.openings, skeleton.opening, opening(text)][2 - 2 * LIST_LENGTH :]


def shuffled(skeleton: Skeleton, key: str) -> bytes:
    """Return where a skeleton stands in an order that depends on the key alone.

    Args:
        skeleton: A skeleton.
        key: User, item, moment and tone.

    Returns:
        A value to sort by.
    """
    return hashlib.blake2b(f"{key}|{skeleton.text}".encode(), digest_size=8).digest()
