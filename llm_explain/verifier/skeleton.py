"""The verifier of sentences with slots: each slot once and in its role, each word licensed by a claim kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.text.skeleton import SLOT, Skeleton
from llm_explain.verifier.compiled_lexicon import CompiledLexicon
from llm_explain.verifier.form import form_faults
from llm_explain.verifier.licences import cause_faults, degree_needs, statement_faults, word_faults
from llm_explain.verifier.slots import role_faults, slot_faults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.records import Fault
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Need, Tone

MAX_FINDINGS = 4096


@dataclass(frozen=True, slots=True)
class SkeletonCheck:
    """What the skeleton verifier found.

    Attributes:
        faults: Every fault.
        needs: Licences for words of degree.
        same: Pairs of slots whose values must agree; the first was left out for the second.
        is_causal: Whether the sentence claims to give a reason.
    """

    faults: tuple[Fault, ...]
    needs: frozenset[Need]
    same: tuple[tuple[str, str], ...]
    is_causal: bool


class SkeletonVerifier:
    """Reads sentences with slots; knows nothing of who wrote them.

    What it finds depends on the sentence and the kinds alone, and finished texts of many users read back into the same
    few thousand sentences, so the latest findings are kept.

    Args:
        lexicon: The locale's words.

    Attributes:
        wording: The compiled lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.wording = CompiledLexicon(lexicon)
        self._lexicon = lexicon
        self._find = lru_cache(MAX_FINDINGS)(self._read)

    def accept(
        self, text: str, kinds: Iterable[str], *, tone: Tone, origin: str = "", model: str = ""
    ) -> Skeleton | None:
        """Return a skeleton if the text is free of faults.

        Args:
            text: Sentence with slots.
            kinds: Claim kinds that it is to state.
            tone: Its tone.
            origin: Where it was written.
            model: Language model that wrote it.

        Returns:
            The skeleton; ``None`` if it is refused.
        """
        named = self._lexicon.kinds.in_order(kinds)
        finding = self.check(text, named)
        if finding.faults:
            return None
        return Skeleton(
            text=text,
            kinds=named,
            tone=tone,
            slots=tuple(SLOT.findall(text)),
            needs=finding.needs,
            same=finding.same,
            is_causal=finding.is_causal,
            origin=origin,
            model=model,
        )

    def check(self, text: str, kinds: Iterable[str], *, max_length: int | None = None) -> SkeletonCheck:
        """Return every fault of a sentence with slots.

        Args:
            text: Sentence with slots.
            kinds: Claim kinds that it may, and must, state.
            max_length: Longest text; the lexicon's limit for drafts if not given.

        Returns:
            The finding.
        """
        return self._find(text, frozenset(kinds), max_length or self._lexicon.max_draft_length)

    def _read(self, text: str, claimed: frozenset[str], max_length: int) -> SkeletonCheck:
        lowered = text.replace("’", "'").lower()
        phrases = self.wording.read(lowered)
        slots, same = slot_faults(lowered, claimed, self.wording.rules)
        needs, unlicensed = degree_needs(lowered, phrases, claimed, self.wording)
        faults = (
            *form_faults(text, self.wording, max_length),
            *slots,
            *role_faults(lowered, self.wording),
            *statement_faults(lowered, claimed, self.wording),
            *word_faults(phrases, claimed, self.wording),
            *cause_faults(lowered, phrases, self.wording),
            *unlicensed,
        )
        is_causal = any(phrase.text in self.wording.causes for phrase in phrases)
        return SkeletonCheck(faults, needs, same, is_causal)
