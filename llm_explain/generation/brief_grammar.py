"""A grammar for one brief: its slots in their order and their roles, and only words that its claim kinds license.

Narrower than ``slot_grammar``: the order is known, so the text is one regular expression, the words can be listed, what
may stand before a slot is said by the lexicon's roles, and so is what states a kind without one. What is left goes to
the verifier.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from llm_explain.generation.patterns import BARE_SLOT, LOOK_AROUND, MARK, from_mark, plain_pattern, trie_pattern
from llm_explain.text.skeleton import ITEM, SLOT
from llm_explain.text.word_boundaries import LETTER
from llm_explain.verifier.compiled_lexicon import CompiledLexicon

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm_explain.generation.briefs import Brief, Part
    from llm_explain.text.lexicon import Lexicon

_SMALL, _CAPITAL = "a-zß-öø-ÿĀ-ſ", "A-ZÀ-ÖØ-Þ"
_UNTIDY = (
    r"/(\n|.)*(  | [,.;:!?]|[,;:][,;:.!?]|[.!?][,;:.!?]|[^ (“\"]\{"
    rf"|\}}[{_CAPITAL}{_SMALL}{{]|[{_CAPITAL}{_SMALL}{{_][{_CAPITAL}])(\n|.)*/"
)
_ENDED = r"/[^.!?]*[.!?]/"
"""One sentence: the hand-written ones are, and a second one is what a model adds when it has lost its way."""

_WORD = re.compile(rf"(?:{LETTER}|['-])+")

_BEHIND_SLOT = re.compile(r"\\\{[a-z_]+\\\}[ ,;:]*([a-z][a-z ]*)")
"""Left side of a role that names the slot before it, and the words between both."""

_FEW = 2


class _Role(NamedTuple):
    """What may stand right around a slot.

    Attributes:
        around: Regular expressions of what stands before and after, in pairs; none for anything.
        may_begin: Whether the slot may begin the text.
        may_follow: Whether it may stand right behind another slot.
    """

    around: tuple[tuple[str, str], ...]
    may_begin: bool
    may_follow: bool


class BriefGrammar:
    """Writes grammars for briefs, in llguidance's Lark dialect.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._wording = CompiledLexicon(lexicon)
        self._slots_of = lexicon.slots
        self._words = cache(self._pattern)
        self._role = cache(self._role_of)
        self._said = cache(self._statement)

    def __call__(self, brief: Brief) -> str:
        """Return the grammar of a brief.

        Args:
            brief: What the sentence is to hold.

        Returns:
            The grammar; empty for a locale whose words are not parted by spaces, where words cannot be listed.
        """
        degrees = frozenset(degree for part in brief.parts for degree in part.degrees)
        words = self._words(frozenset(brief.kinds), degrees, brief.is_causal)
        if not words:
            return ""
        unit = rf"({words}{MARK}+)"
        free = rf"{unit}*" if not brief.has_item else rf"({unit}|\{{{ITEM}\}}{MARK}+)*"
        later = sorted(brief.parts, key=lambda part: not part.slots)  # what words alone state may come last
        texts = [self._in_order(parts, words, free) for parts in dict.fromkeys((brief.parts, tuple(later)))]
        terms = [rf"/[\"“]?({'|'.join(texts)}){free}/", _ENDED, f"~{_UNTIDY}"]
        if brief.has_item:
            slots = [slot for part in brief.parts for slot in part.slots]
            others = rf"[^{{]*(\{{({'|'.join(slots)})\}}[^{{]*)*"
            terms.append(rf"/{others}\{{{ITEM}\}}{others}/")
        return f"start: TEXT\nTEXT: {' & '.join(terms)}\n"

    def _in_order(self, parts: Sequence[Part], words: str, free: str) -> str:
        """Return a pattern of text that states each part in turn."""
        text = ""
        for part in parts:
            ways = [self._way(part.kind, slots, words, free, is_first=not text) for slots in self._choices(part)]
            ways = list(filter(None, ways)) or [""]
            text += f"({'|'.join(ways)})" if len(ways) > 1 else ways[0]
        return text

    def _way(self, kind: str, slots: tuple[str, ...], words: str, free: str, *, is_first: bool) -> str:
        """Return a pattern of text that states a kind with some slots in their order."""
        said = self._said(kind, slots, words)
        said = rf"{free}{said}{MARK}+" if said else ""
        named = self._slots(slots, words, free, is_first=is_first)
        return f"({said}{named}|{named}{said})" if said and len(slots) == 1 else named or said

    def _slots(self, slots: Iterable[str], words: str, free: str, *, is_first: bool) -> str:
        """Return a pattern of text with some slots in their roles."""
        text = ""
        for slot in slots:
            role = self._role(slot, words)
            is_optional = role.may_begin if is_first and not text else role.may_follow
            ways = [rf"{free}{before}\{{{slot}\}}{after}" for before, after in role.around or [("", "")]]
            ways += [rf"\{{{slot}\}}"] if is_optional else []
            text += rf"({'|'.join(ways)}){MARK}*"
        return text

    def _pattern(self, kinds: frozenset[str], degrees: frozenset[str], is_causal: bool) -> str:
        """Return a pattern of every word that a sentence about the kinds may use, small or with a capital."""
        wording = self._wording
        phrases = {*wording.vocabulary, *(wording.causes if is_causal else ())}
        phrases |= {phrase for phrase, degree in wording.degrees.items() if degree in degrees}
        phrases.update(*(wording.rules.kinds[kind].licences.degrees for kind in kinds))
        phrases |= {phrase for phrase, licensing in wording.licensing.items() if licensing & kinds}
        words = {word for phrase in phrases for word in _WORD.findall(SLOT.sub("", phrase))}
        return trie_pattern(words | {word[:1].upper() + word[1:] for word in words})

    def _statement(self, kind: str, slots: tuple[str, ...], words: str) -> str:
        """Return the words that state a kind; empty where one of its slots does, or no pattern can say it."""
        patterns = [pattern.pattern for pattern in self._wording.states.get(kind, ())]
        unescaped = [pattern.replace("\\", "") for pattern in patterns]
        if any(f"{{{slot}}}" in pattern for slot in slots for pattern in unescaped):
            return ""
        plain = [plain_pattern(pattern, words) for pattern in patterns if not BARE_SLOT.search(pattern)]
        return f"(?i:({'|'.join(found)}))" if (found := list(filter(None, plain))) else ""

    def _role_of(self, slot: str, words: str) -> _Role:
        """Return what may stand right around a slot; anything where that cannot be said."""
        found: list[tuple[str, str]] = []
        may_begin = may_follow = False
        for role in self._wording.roles.get(slot, ()):
            left, _, right = role.pattern.partition(f"{{{slot}}}")
            may_begin, may_follow = may_begin or "^" in left, may_follow or r"\{" in left
            behind_slot = _BEHIND_SLOT.fullmatch(left)  # the slot before it stands already
            before = plain_pattern(behind_slot[1] if behind_slot else left.replace("(?:^|", "(?:"), words)
            if before is None:
                return _Role((), may_begin=True, may_follow=True)
            is_said = not (LOOK_AROUND.search(right) or "{" in right)  # words, not what may follow them
            after = plain_pattern(right, words) if is_said else ""
            starts = "|".join(filter(None, (before, f"{words}{marked}" if (marked := from_mark(before)) else "")))
            found.append((f"(?i:{starts})" if starts else "", after or ""))
        return _Role(tuple(dict.fromkeys(found)), may_begin, may_follow)

    def _choices(self, part: Part) -> list[tuple[str, ...]]:
        """Return the slots that a sentence may have of a part.

        Two slots may change places, and a slot that the kind does not require may be left out.

        A model that has said what is required goes on to the next reason; made to come back, it loses its way.
        """
        orders = list(permutations(part.slots)) if len(part.slots) == _FEW else [part.slots]
        required = tuple(slot for slot in part.slots if slot in self._slots_of[part.kind].required)
        return [*orders, required] if len(required) < len(part.slots) else orders
