"""Where words begin and end, in scripts that part them by spaces and in scripts that do not."""

from __future__ import annotations

import re

UNSPACED = "぀-ヿ㐀-䶿一-鿿豈-﫿"
LETTER = rf"[^\W{UNSPACED}]"
"""A word character of a script that parts words by spaces."""

SIGN = rf"[{UNSPACED}]"
"""A character of a script that does not."""

WORD_BEGINS = rf"(?:(?<!{LETTER})|(?={SIGN}))"
WORD_ENDS = rf"(?:(?!{LETTER})|(?<={SIGN}))"
"""Edges of a word: no letter touches its first or last letter; a sign may stand next to anything."""

BEFORE_WORD = rf"(?<!['-]){WORD_BEGINS}"
AFTER_WORD = rf"(?!['-]){WORD_ENDS}"

CURRENCY_SIGNS = "$¢£¤¥֏؋৲৳฿៛₠-⃀﷼﹩＄￠￡￥￦"
"""Characters of the Unicode category "currency symbol", as a part of a class."""

STOPS = ".?!。？！"
"""What ends a sentence."""


def bounded(words: str) -> str:
    """Return a pattern of words that stand by themselves.

    Args:
        words: A pattern.

    Returns:
        The pattern; where words are parted by spaces it matches whole words alone.
    """
    return rf"{WORD_BEGINS}(?:{words}){WORD_ENDS}"


def any_of(words: list[str] | tuple[str, ...] | set[str]) -> str:
    """Return a pattern of any of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
