"""Sentences about an item whose name is of many things: "bananas … they"."""

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
    """Rewrites skeletons, which speak of one thing, for an item of many.

    Args:
        words: The locale's forms.
    """

    def __init__(self, words: Agreement) -> None:
        self._keeps_one = re.compile(words.keeps_one, re.IGNORECASE)
        self._forms = compiled(words.many)
        self.of_many = lru_cache(maxsize=_CACHED)(self._of_many)

    def _of_many(self, text: str) -> tuple[str, ...]:
        """Return the literal text and slot names of a skeleton in turn, as it speaks of many things."""
        if self._keeps_one.search(text) is None:
            text = exchanged(text, self._forms)
        return tuple(SLOT.split(text))


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
