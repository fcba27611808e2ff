"""A grammar for one brief: its slots in their order, and between them only words that its claim kinds license.

Narrower than ``slot_grammar``: the order is known, so the text is one regular expression, the words can be listed, and
what may stand before a slot is said by the lexicon's roles. What is left goes to the verifier.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from llm_explain.skeletons import ITEM, SLOT
from llm_explain.verifier.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.generation.briefs import Brief
    from llm_explain.lexicon import Lexicon

_MARK = r"[ ,.;:!?'’\"“”()–—-]"
_UNTIDY = r"/(\n|.)*(  | [,.;:!?]|[,;:][,;:.!?]|[.!?][,;:.!?])(\n|.)*/"
_ENDED = r"/(\n|.)*[.!?]/"


class BriefGrammar:
    """Writes grammars for briefs, in llguidance's Lark dialect.

    Args:
        lexicon: The locale's words; a locale that does not part words by spaces has no such grammar.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._wording = Wording(lexicon)
        self._words = cache(self._pattern)

    def __call__(self, brief: Brief) -> str:
        """Return the grammar of a brief.

        Args:
            brief: What the sentence is to hold.

        Returns:
            The grammar.
        """
        words = self._words(frozenset(brief.kinds), brief.is_causal)
        unit = rf"({words}{_MARK}+)"
        free = rf"{unit}*" if not brief.has_item else rf"({unit}|\{{{ITEM}\}}{_MARK}+)*"
        slots = [slot for part in brief.parts for slot in part.slots]
        text = rf"[\"“]?{free}" + "".join(rf"\{{{slot}\}}{_MARK}+{free}" for slot in slots)
        terms = [f"/{text}/", _ENDED, f"~{_UNTIDY}"]
        if brief.has_item:
            terms.append(rf"/[^{{]*(\{{[a-hj-z][a-z_]*\}}[^{{]*)*\{{{ITEM}\}}[^{{]*(\{{[a-hj-z][a-z_]*\}}[^{{]*)*/")
        return f"start: TEXT\nTEXT: {' & '.join(terms)}\n"

    def _pattern(self, kinds: frozenset[str], is_causal: bool) -> str:
        """Return a pattern of every word that a sentence about the kinds may use, small or with a capital."""
        wording = self._wording
        phrases = {*wording.vocabulary, *wording.degrees, *(wording.causes if is_causal else ())}
        phrases |= {phrase for phrase, licensing in wording.licensing.items() if licensing & kinds}
        words = {word for phrase in phrases for word in re.findall(r"[a-z'-]+", SLOT.sub("", phrase))}
        return trie_pattern(words | {word[:1].upper() + word[1:] for word in words})


def trie_pattern(words: Iterable[str]) -> str:
    """Return a regular expression that matches exactly some words and shares their beginnings.

    Args:
        words: Different words.

    Returns:
        The expression.
    """
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for character in word:
            node = node.setdefault(character, {})
        node[""] = {}
    return _alternatives(root)


def _alternatives(node: dict[str, Any]) -> str:
    branches = [re.escape(character) + _alternatives(after) for character, after in sorted(node.items()) if character]
    if not branches:
        return ""
    return f"({'|'.join(branches)}){'?' if '' in node else ''}"
