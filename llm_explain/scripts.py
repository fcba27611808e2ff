"""Where words begin and end, in scripts that part them by spaces and in scripts that do not."""

from __future__ import annotations

import re

_UNSPACED = "぀-ヿ㐀-䶿一-鿿豈-﫿"
LETTER = rf"[^\W{_UNSPACED}]"
"""A word character of a script that parts words by spaces."""

SIGN = rf"[{_UNSPACED}]"
"""A character of a script that does not."""

BEFORE_WORD = rf"(?<!['-])(?<!{LETTER})"
AFTER_WORD = rf"(?!['-]|{LETTER})"

STOPS = ".?!。？！"
"""What ends a sentence."""


def bounded(words: str) -> str:
    """Return a pattern of words that stand by themselves.

    Args:
        words: A pattern.

    Returns:
        The pattern; where words are parted by spaces it matches whole words alone.
    """
    return rf"(?<!{LETTER})(?:{words})(?!{LETTER})"


def any_of(words: list[str] | tuple[str, ...] | set[str]) -> str:
    """Return a pattern of any of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
