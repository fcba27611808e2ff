"""Sentences that agree with the item's name in number and gender: "bananas … they"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.text.skeleton import SLOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.text.lexicon import Agreement

_CACHED = 4096


class NumberAgreement:
    """Rewrites skeletons, which speak of one masculine thing, for an item of another number or gender.

    Args:
        words: The locale's forms.
    """

    def __init__(self, words: Agreement) -> None:
        self._keeps_one = re.compile(words.keeps_one, re.IGNORECASE)
        self._not_of_many = re.compile(words.not_of_many, re.IGNORECASE)
        self._not_of_known = re.compile(words.not_of_known, re.IGNORECASE)
        self._not_of_unknown = re.compile(words.not_of_unknown, re.IGNORECASE)
        self._mixed = re.compile(words.mixed, re.IGNORECASE | re.DOTALL)
        self._forms = {
            (True, False): compiled(words.many),
            (False, True): compiled(words.feminine),
            (True, True): compiled(words.many_feminine),
        }
        self.pieces = lru_cache(maxsize=_CACHED)(self._pieces)
        self.agrees = lru_cache(maxsize=_CACHED)(self._agrees)
        self.is_natural = lru_cache(maxsize=_CACHED)(self._is_natural)

    def _pieces(self, text: str, is_of_many: bool, is_feminine: bool) -> tuple[str, ...]:
        """Return the literal text and slot names of a skeleton in turn, as it speaks of an item of this name."""
        if (forms := self._forms.get((is_of_many, is_feminine))) and self._keeps_one.search(text) is None:
            text = exchanged(text, forms)
        return tuple(SLOT.split(text))

    def _is_natural(self, text: str, *, is_one: bool, is_known: bool) -> bool:
        """Return whether a skeleton sounds right of an item of this number and gender."""
        if not is_one and self._not_of_many.search(text):
            return False
        not_of_this = self._not_of_known if is_known else self._not_of_unknown
        return not_of_this.search(text) is None

    def is_mixed(self, text: str) -> bool:
        """Return whether a text speaks of one item in two numbers."""
        return self._mixed.search(text) is not None

    def _agrees(self, text: str) -> bool:
        """Return whether a skeleton has a word of the gender of the item's name."""
        return any(self._pieces(text, is_of_many, True) != tuple(SLOT.split(text)) for is_of_many in (False, True))


def compiled(forms: Mapping[str, str]) -> list[tuple[re.Pattern[str], str]]:
    """Return patterns and what replaces them, in their order."""
    return [(re.compile(pattern, re.IGNORECASE), text) for pattern, text in forms.items()]


def exchanged(text: str, forms: list[tuple[re.Pattern[str], str]]) -> str:
    """Return a text with each pattern replaced; a capital first letter stays.

    Args:
        text: A text.
        forms: Patterns and what replaces them, in this order.

    Returns:
        The text.
    """
    for pattern, form in forms:

        def other(match: re.Match[str], form: str = form) -> str:
            said = match.expand(form)
            return said[:1].upper() + said[1:] if match.group(0)[:1].isupper() else said

        text = pattern.sub(other, text)
    return text
