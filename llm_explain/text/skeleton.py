"""Sentences with slots instead of names and numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from llm_explain.text.word_boundaries import LETTER, SIGN

if TYPE_CHECKING:
    from collections.abc import Mapping

Tone = Literal["friendly", "concise", "formal"]
"""How a sentence speaks."""

QUESTIONS = ("?", "？")
"""Stops of questions, which a badge, a heading or a subject line keeps."""

TONES: tuple[Tone, ...] = ("friendly", "concise", "formal")

SLOT = re.compile(r"\{([a-z_]+)\}")
"""A slot as it stands in a skeleton."""

ITEM = "item"
"""The one slot that every sentence may use, once."""

ITEM_LABEL = "item_label"
"""Value of ``{item}`` before a colon, where it is a label and not part of a sentence."""

_OPENING_WORD = re.compile(rf"\{{[a-z_]+\}}|(?:['’{{}}]|{LETTER})+|{SIGN}{{1,2}}")

OPENING_WORDS = 3
"""Two texts of one list never share their first words, this many."""


class Need(NamedTuple):
    """A word of degree that at least one of these kinds' claims must license."""

    kinds: frozenset[str]
    degree: str


@dataclass(frozen=True)
class Skeleton:
    """A verified sentence with slots.

    Attributes:
        text: The sentence.
        kinds: Claim kinds that it states.
        tone: Its tone.
        slots: Its slots, in order of appearance.
        needs: Licences for its words of degree.
        same: Pairs of slots whose values must agree; the first was left out for the second.
        is_causal: Whether it claims to give a reason.
        origin: Where it was written: file or prompt, with its hash.
        model: Language model that wrote it; empty for one written by hand.
    """

    text: str
    kinds: tuple[str, ...]
    tone: Tone
    slots: tuple[str, ...]
    needs: frozenset[Need] = frozenset()
    same: tuple[tuple[str, str], ...] = ()
    is_causal: bool = False
    origin: str = ""
    model: str = ""

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Literal text and slot names in turn, literal first."""
        return tuple(SLOT.split(self.text))

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """The text between slots."""
        return self.pieces[::2]

    @cached_property
    def opening(self) -> str:
        """Its first words, by which a list avoids sounding alike."""
        return opening(self.text)

    @cached_property
    def closing(self) -> str:
        """What follows its last slot, if that is more than a word; of a question, its mark; empty otherwise."""
        if self.text.endswith(QUESTIONS):
            return self.text[-1]
        said = self.literals[-1].casefold()
        return said if len(_OPENING_WORD.findall(said)) > 1 else ""

    def fits(self, values: Mapping[str, str], licences: Mapping[str, frozenset[str]]) -> bool:
        """Return whether every slot has a value and every word of degree its licence.

        Args:
            values: Rendered values by slot.
            licences: Words of degree that each claim permits, by kind.

        Returns:
            Whether the sentence is true once it is filled.
        """
        return (
            all(map(values.__contains__, self.slots))
            and all(values.get(left_out) == values.get(twin) for left_out, twin in self.same)
            and all(any(need.degree in licences.get(kind, ()) for kind in need.kinds) for need in self.needs)
        )


def opening(text: str, n_words: int = OPENING_WORDS) -> str:
    """Return the first words of a sentence, lower-cased, without punctuation.

    Args:
        text: Sentence or skeleton.
        n_words: How many.

    Returns:
        At most so many words, one space between them.
    """
    words = _OPENING_WORD.finditer(text.casefold())
    return " ".join(word.group() for word in islice(words, n_words))
