"""What a tuned language model is told to write: tone, claim kinds in their order, the slots and licences of each.

A finished sentence can be read back into its brief. So are the training pairs made, and the briefs of new sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from llm_explain.text.skeleton import ITEM, QUESTIONS, SLOT, Need
from llm_explain.text.word_boundaries import STOPS
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Tone


class Part(NamedTuple):
    """What a sentence is to say of one claim kind.

    Attributes:
        kind: The claim kind.
        slots: Its slots, each once; none for a kind that words alone can state.
        degrees: Licences that the sentence needs of it, as the lexicon names them: words of degree, the present tense.
    """

    kind: str
    slots: tuple[str, ...] = ()
    degrees: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """What one sentence is to hold.

    Attributes:
        tone: ``friendly``, ``concise`` or ``formal``.
        parts: One for each claim kind, in the order in which the sentence states them.
        is_causal: Whether the sentence says that these are reasons.
        has_item: Whether it names the item.
        asks: Whether it ends in a question.
        ends_in_slot: Whether no words follow its last slot.
    """

    tone: Tone
    parts: tuple[Part, ...]
    is_causal: bool
    has_item: bool = False
    asks: bool = False
    ends_in_slot: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the claim kinds in the order in which the sentence states them."""
        return tuple(part.kind for part in self.parts)

    @property
    def has_degree(self) -> bool:
        """Return whether the sentence needs a licence of degree."""
        return any(part.degrees for part in self.parts)

    @property
    def needs(self) -> tuple[Need, ...]:
        """Return the licences that the sentence needs."""
        return tuple(Need(frozenset({part.kind}), degree) for part in self.parts for degree in part.degrees)

    @property
    def slots(self) -> tuple[str, ...]:
        """Return every slot of the sentence, each once."""
        named = tuple(slot for part in self.parts for slot in part.slots)
        return (*named, ITEM) if self.has_item else named


class BriefReader:
    """Reads finished skeletons back into briefs.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._verifier = SkeletonVerifier(lexicon)
        self._kinds, self._kind_of_slot = lexicon.kinds, lexicon.kind_of_slot

    def read(self, text: str, kinds: Iterable[str], tone: Tone) -> Brief:
        """Return what a sentence holds.

        Args:
            text: A skeleton that the verifier accepts.
            kinds: Claim kinds that it states.
            tone: Its tone.

        Returns:
            The brief that asks for such a sentence.
        """
        named = self._kinds.in_order(kinds)
        finding = self._verifier.check(text, named)
        found = SLOT.findall(text)
        parts = [
            Part(
                kind,
                tuple(slot for slot in found if self._kind_of_slot.get(slot) == kind),
                tuple(sorted({need.degree for need in finding.needs if kind in need.kinds})),
            )
            for kind in sorted(named, key=lambda kind: self._verifier.wording.place(text, kind))
        ]
        ends_in_slot = not text.rpartition("}")[2].strip(STOPS)
        return Brief(tone, tuple(parts), finding.is_causal, ITEM in found, text.endswith(QUESTIONS), ends_in_slot)
