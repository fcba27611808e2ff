"""Tells of a sentence that is still being written whether any continuation could mend it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import chain, groupby
from typing import TYPE_CHECKING

from llm_explain.text.skeleton import ITEM, SLOT
from llm_explain.text.word_boundaries import LETTER
from llm_explain.verifier.compiled_lexicon import CompiledLexicon
from llm_explain.verifier.licences import cause_faults, word_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from llm_explain.text.lexicon import Lexicon
    from llm_explain.verifier.compiled_lexicon import Phrase

_MAX_TEXTS = 16_384
_SO_FAR = re.compile(r"\(\?:\(\?!(?:[^()]|\([^()]*\))*\)\.\)\*")
"""``(?:(?!x).)*``: text without an x, which a continuation does not change."""

_OPEN_SLOT = re.compile(r"\{([a-z_]*)$")
_LAST_WORD = re.compile(rf"(?:{LETTER}|')+$")
_LOOKS_AHEAD = re.compile(r"\(\?[=!]|(?<!\\)\$")


class UnfinishedVerifier:
    """Reads beginnings of sentences with slots; what it calls lost, ``SkeletonVerifier`` refuses however it goes on.

    It finds some of the faults: statements without a claim, slots out of their role, words without a licence,
    reasons of reasons.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._wording = wording = CompiledLexicon(lexicon)
        self._statements = [(kinds, pattern) for kinds, pattern in wording.statements if _is_settled(pattern)]
        self._never = {
            slot: [pattern for pattern in patterns if _is_settled(pattern)]
            for slot, patterns in wording.never_around.items()
        }
        self._known = sorted({*wording.vocabulary, *wording.licensing, *wording.degrees, *wording.causes})
        self._before = {slot: _left_of_slot(slot, roles) for slot, roles in wording.roles.items()}
        self._words = sorted({word for phrase in self._known for word in phrase.split()})
        self.is_lost = lru_cache(_MAX_TEXTS)(self._is_lost)

    def _is_lost(self, text: str, kinds: frozenset[str], slots: tuple[str, ...] = ()) -> bool:
        """Return whether every continuation of a text would be refused.

        Args:
            text: Beginning of a sentence with slots.
            kinds: Claim kinds that it may state.
            slots: Slots that it is to have, in their order up to the order of those of one kind; any if empty.

        Returns:
            Whether it has a fault that stays.
        """
        lowered = text.replace("’", "'").lower()
        if self._leads_nowhere(lowered, slots):
            return True
        if not (open_slot := _OPEN_SLOT.search(lowered)):
            return self._is_faulty(lowered, kinds)
        before, begun = lowered[: open_slot.start()], open_slot.group(1)
        if not slots:
            return self._is_faulty(f"{before}{{}}", kinds)
        names = [slot for slot in self._next(slots, SLOT.findall(lowered)) if slot.startswith(begun)]
        return all(not self._may_open(name, before) or self._is_faulty(f"{before}{{{name}}}", kinds) for name in names)

    def _may_open(self, slot: str, before: str) -> bool:
        """Return whether a slot may stand behind a text."""
        patterns = self._before.get(slot, ())
        return not patterns or any(pattern.search(before) for pattern in patterns)

    def _leads_nowhere(self, lowered: str, slots: tuple[str, ...]) -> bool:
        """Return whether words that must be followed by a slot are not, and cannot be any more."""
        left = set(self._next(slots, SLOT.findall(lowered)))
        for pattern, wanted in self._wording.leads_to:
            for match in pattern.finditer(lowered):
                after = lowered[match.end() :]
                may_come = wanted & left if slots else wanted
                is_there = any(after.startswith(f" {{{slot}}}") for slot in wanted)
                if not is_there and not any(f" {{{slot}}}".startswith(after) for slot in may_come):
                    return True
        return False

    def _is_faulty(self, lowered: str, kinds: frozenset[str]) -> bool:
        never = [pattern for licensing, pattern in self._statements if not licensing & kinds]
        never += [pattern for slot in SLOT.findall(lowered) for pattern in self._never.get(slot, ())]
        ends = [match.end() for pattern in never if (match := pattern.search(lowered))]
        if any(end < len(lowered) for end in ends):
            return True
        if ends and all(self._is_faulty(longer, kinds) for longer in self._longer(lowered)):
            return True
        if any(match.end() < len(lowered) for match in self._wording.form["repeated"].finditer(lowered)):
            return True
        phrases = self._wording.read(lowered)
        n_settled = next((n for n, phrase in enumerate(phrases) if self._begun(lowered[phrase.start :])), len(phrases))
        settled, last = phrases[:n_settled], phrases[n_settled:]
        faults = chain(
            word_faults(settled, kinds, self._wording),
            cause_faults(lowered, settled, self._wording, is_finished=False),
        )
        return next(faults, None) is not None or (len(last) == 1 and self._comes_to_nothing(last[0], lowered, kinds))

    def _comes_to_nothing(self, phrase: Phrase, lowered: str, kinds: frozenset[str]) -> bool:
        """Return whether the last phrase of a text has no licence, whatever it may still become."""
        longer = self._begun(lowered[phrase.start :])
        choices = (phrase._replace(text=text) for text in (phrase.text, *longer))
        return all(next(iter(word_faults([choice], kinds, self._wording)), None) for choice in choices)

    def _next(self, slots: Iterable[str], found: Collection[str]) -> list[str]:
        """Return the slots that may come next: those left of a kind, and the next kind's if none of them must come."""
        rules = self._wording.rules
        left = [slot for slot in slots if slot not in found]
        named: list[str] = [slot for slot in left if slot == ITEM]
        for kind, group in groupby((slot for slot in left if slot != ITEM), key=rules.kind_of_slot.__getitem__):
            of_kind = list(group)
            named += of_kind
            if set(of_kind) & set(rules.required[kind]):
                break
        return named

    def _longer(self, lowered: str) -> Iterator[str]:
        """Yield the text with each longer word that its last word may still become."""
        if tail := _LAST_WORD.search(lowered):
            yield from (lowered[: tail.start()] + word for word in _longer(self._words, tail.group(0)))

    def _begun(self, tail: str) -> list[str]:
        """Return the phrases that begin with the end of a text and go on."""
        return _longer(self._known, tail)


def _longer(ordered: list[str], begun: str) -> list[str]:
    """Return the texts of a sorted list that begin with another one and go on."""
    return ordered[bisect_right(ordered, begun) : bisect_left(ordered, f"{begun}\U0010ffff")]


def _left_of_slot(slot: str, roles: Iterable[re.Pattern[str]]) -> list[re.Pattern[str]]:
    """Return what may stand before a slot, up to it; nothing where that cannot be said of each of its roles."""
    lefts = [re.split(rf"\\?\{{{slot}\\?\}}", role.pattern, maxsplit=1)[0] for role in roles]
    bare = [re.sub(r"\\.|\[[^\]]*\]", "", left) for left in lefts]  # without escapes and classes
    is_whole = all(left.count("(") == left.count(")") for left in bare)
    return [re.compile(f"(?:{left})$") for left in lefts] if is_whole else []


def _is_settled(pattern: re.Pattern[str]) -> bool:
    """Return whether a match stays one whatever follows it."""
    return not _LOOKS_AHEAD.search(_SO_FAR.sub("", pattern.pattern))
