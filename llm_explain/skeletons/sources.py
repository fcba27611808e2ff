"""Sources of skeletons, their order, and the variety of a list of texts."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from llm_explain.errors import SettingError
from llm_explain.text.skeleton import QUESTIONS, opening

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm_explain.records import Source
    from llm_explain.skeletons.templates import Templates
    from llm_explain.text.sentence_spec import ContentPlan
    from llm_explain.text.skeleton import Skeleton, Tone

DEFAULT_ORDER: Final[tuple[Source, ...]] = ("phrasebook", "lm", "template")
"""The cheapest source first. A source is asked only for the sentences that the ones before it do not have."""

PRESENT: Final = "current"
"""The degree that licenses the present tense."""

HABITS: Final = frozenset({"often", "regularly", "usually"})
"""Degrees of a habit: where one is licensed, "you've bought it" says too little."""

LIST_LENGTH = 10
"""Within this many texts no two share a skeleton or an opening."""


class SkeletonSource(Protocol):
    """A source of skeletons: the phrasebook, a language model or templates.

    Attributes:
        name: Source as the explanation record names it.
    """

    name: Source

    def prepare(self, wanted: Sequence[ContentPlan], tone: Tone, *, seconds: float) -> float:  # noqa: ARG002
        """Write new skeletons, all in one batch, where the source can.

        Args:
            wanted: What each sentence may say that no skeleton so far gives.
            tone: ``friendly``, ``concise`` or ``formal``.
            seconds: How long writing may take. The time to load a model does not count.

        Returns:
            Seconds that are left; 0 if the source writes nothing now.
        """
        return 0.0

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return the verified skeletons that are ready."""

    def order(self, skeleton: Skeleton, key: str) -> tuple[int, bytes]:
        """Return where a skeleton stands for one user, item and moment."""
        return 0, shuffled(skeleton, key)


class TemplateSource(SkeletonSource):
    """Hand-written sentences and the grammar, which are always ready.

    Args:
        templates: The locale's sentences.

    Attributes:
        name: ``template``.
    """

    name: Source = "template"

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return the skeletons of a combination of kinds."""
        return self._templates.skeletons(kinds, tone)

    def order(self, skeleton: Skeleton, key: str) -> tuple[int, bytes]:
        """Return where a skeleton stands for one user, item and moment.

        The hand-written ones come first, and of them those in the present tense: it needs a licence, the past does not.
        """
        is_present = any(need.degree == PRESENT for need in skeleton.needs)
        return 2 * (skeleton.origin != self._templates.origin) + (not is_present), shuffled(skeleton, key)


@dataclass(slots=True)
class Variety:
    """What the texts of one list say, by their place, so that texts near each other differ."""

    _said: dict[int, frozenset[str]] = field(default_factory=dict)
    _used: Counter[str] = field(default_factory=Counter)

    def taken(self, place: int) -> frozenset[str]:
        """Return the skeletons and openings of the texts within ``LIST_LENGTH`` of a place.

        Args:
            place: Place in the list.

        Returns:
            Skeletons and first words.
        """
        near = (said for other, said in self._said.items() if abs(other - place) < LIST_LENGTH)
        return frozenset().union(*near)

    @property
    def has_asked(self) -> bool:
        """Whether a text of the list asks something."""
        return any(self._used[mark] for mark in QUESTIONS)

    def times(self, skeleton: Skeleton) -> int:
        """Return how many texts of the list say a skeleton, or begin or end like it."""
        return max(self._used[said] for said in (skeleton.text, skeleton.opening, skeleton.closing))

    def add(self, place: int, skeleton: Skeleton, text: str) -> None:
        """Remember a text.

        Args:
            place: Place in the list.
            skeleton: Its skeleton.
            text: The finished sentence.
        """
        asks = {skeleton.closing} & {*QUESTIONS}  # a list asks once
        self._said[place] = frozenset({skeleton.text, skeleton.opening, opening(text), *asks})
        self._used.update({*self._said[place], skeleton.closing} - {""})


def order_of(sources: Sequence[str]) -> tuple[Source, ...]:
    """Return an order of sources, checked.

    Args:
        sources: Names of sources, the first one first.

    Returns:
        The order.

    Raises:
        SettingError: If a source is unknown or comes twice, or if the last one is not ``template``.
    """
    named: tuple[Source, ...] = tuple(each for source in sources for each in DEFAULT_ORDER if each == source)
    if len(named) < len(sources) or len(set(named)) < len(named) or named[-1:] != ("template",):
        raise SettingError(
            f"sources are {', '.join(map(str, sources)) or 'empty'} but different ones of "
            f"{', '.join(DEFAULT_ORDER)} are needed, template last. Write for example lm,phrasebook,template."
        )
    return named


def shuffled(skeleton: Skeleton, key: str) -> bytes:
    """Return where a skeleton stands in an order that depends on the key alone.

    Args:
        skeleton: A skeleton.
        key: User, item, moment and tone.

    Returns:
        A value to sort by.
    """
    return hashlib.blake2b(f"{key}|{skeleton.text}".encode(), digest_size=8).digest()
