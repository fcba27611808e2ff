"""Tells of a sentence that is still being written whether any continuation could mend it."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.skeletons import SLOT, SLOTS
from llm_explain.verifier.licences import word_faults
from llm_explain.verifier.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm_explain.lexicon import Lexicon
    from llm_explain.verifier.wording import Phrase

_MAX_TEXTS = 16_384
_SO_FAR = re.compile(r"\(\?:\(\?!(?:[^()]|\([^()]*\))*\)\.\)\*")
"""``(?:(?!x).)*``: text without an x, which a continuation does not change."""

_OPEN_SLOT = re.compile(r"\{([a-z_]*)$")
_LOOKS_AHEAD = re.compile(r"\(\?[=!]|(?<!\\)\$")


class UnfinishedVerifier:
    """Reads beginnings of sentences with slots; what it calls lost, ``SkeletonVerifier`` refuses however it goes on.

    It tells of a part of the faults: statements that nobody claims, slots out of their role, words without a licence.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._wording = wording = Wording(lexicon)
        self._statements = [(kinds, pattern) for kinds, pattern in wording.statements if _is_settled(pattern)]
        self._never = {
            slot: [pattern for pattern in patterns if _is_settled(pattern)]
            for slot, patterns in wording.never_around.items()
        }
        self._known = sorted({*wording.vocabulary, *wording.licensing, *wording.degrees, *wording.causes})
        self.is_lost = lru_cache(_MAX_TEXTS)(self._is_lost)

    def _is_lost(self, text: str, kinds: frozenset[str]) -> bool:
        """Return whether every continuation of a text would be refused.

        Args:
            text: Beginning of a sentence with slots.
            kinds: Claim kinds that it may state.

        Returns:
            Whether it has a fault that stays.
        """
        lowered = _OPEN_SLOT.sub(lambda match: _completed(match.group(1), kinds), text.replace("’", "'").lower())
        if any(not licensing & kinds and pattern.search(lowered) for licensing, pattern in self._statements):
            return True
        if any(pattern.search(lowered) for slot in SLOT.findall(lowered) for pattern in self._never.get(slot, ())):
            return True
        if any(match.end() < len(lowered) for match in self._wording.form["repeated"].finditer(lowered)):
            return True
        return next(iter(word_faults(self._settled(lowered), kinds, self._wording)), None) is not None

    def _settled(self, lowered: str) -> Iterator[Phrase]:
        """Yield the phrases that no continuation would read in another way."""
        for phrase in self._wording.read(lowered):
            if self._goes_on(lowered[phrase.start :]):
                return
            yield phrase

    def _goes_on(self, tail: str) -> bool:
        """Return whether some longer phrase begins with the end of a text."""
        place = bisect_left(self._known, tail)
        if place < len(self._known) and self._known[place] == tail:
            place += 1
        return place < len(self._known) and self._known[place].startswith(tail)


def _completed(begun: str, kinds: frozenset[str]) -> str:
    """Return the slot that can only be meant by its beginning, in braces; nothing where there are several."""
    slots = [slot for kind in kinds for group in SLOTS[kind] for slot in group if slot.startswith(begun)]
    return f"{{{slots[0]}}}" if len(slots) == 1 else ""


def _is_settled(pattern: re.Pattern[str]) -> bool:
    """Return whether a match stays one whatever follows it."""
    return not _LOOKS_AHEAD.search(_SO_FAR.sub("", pattern.pattern))
