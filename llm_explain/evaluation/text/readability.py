"""How long and how readable sentences are.

Source: Flesch (1948), "A new readability yardstick", doi:10.1037/h0057532: 206.835 − 1.015 · words per sentence −
84.6 · syllables per word; 60 to 70 is plain English. Syllables are counted by hyphenation (pyphen).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.text.ngrams import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence


def length(texts: Sequence[str]) -> dict[str, float]:
    """Return the mean words, the mean characters and the longest sentence in characters."""
    return {
        "words": float(np.mean([len(tokens(text)) for text in texts])),
        "characters": float(np.mean([len(text) for text in texts])),
        "longest": float(max(len(text) for text in texts)),
    }


def flesch_reading_ease(texts: Sequence[str]) -> float:
    """Return the mean Flesch reading ease; higher is easier.

    Args:
        texts: Texts of one or more sentences each.

    Returns:
        The mean over texts.
    """
    return float(np.mean([_ease(text) for text in texts]))


def _ease(text: str) -> float:
    words = tokens(text)
    sentences = max(len(re.findall(r"[.!?](?:\s|$)", text)), 1)
    syllables = sum(_syllables(word) for word in words)
    n = max(len(words), 1)
    return 206.835 - 1.015 * n / sentences - 84.6 * syllables / n


@cache
def _syllables(word: str) -> int:
    return len(_hyphenation().positions(word)) + 1


@cache
def _hyphenation() -> Any:
    try:
        import pyphen
    except ImportError as error:
        raise MissingExtraError(
            "pyphen is not installed but readability needs it. Run: pip install 'llm-explain[evaluation]'"
        ) from error
    return pyphen.Pyphen(lang="en_US")
