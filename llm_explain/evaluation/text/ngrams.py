"""Words and runs of words of a sentence, and BLEU, which compares them."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


def tokens(text: str) -> list[str]:
    """Return the words of a sentence in lower case; punctuation is left out."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold())


def ngrams(words: Sequence[str], n: int) -> list[Hashable]:
    """Return words (``n`` is 1) or pairs of neighbouring words (``n`` is 2)."""
    return list(words) if n == 1 else list(pairwise(words))


def sentence_bleu(text: str, references: Sequence[str]) -> float:
    """Return the BLEU-4 of one sentence against the best of its references.

    Args:
        text: The sentence.
        references: What it is compared with.

    Returns:
        Between 0 and 1.
    """
    return float(_bleu().sentence_score(text, list(references)).score) / 100


@cache
def _bleu() -> Any:
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError as error:
        raise MissingExtraError(
            "sacrebleu is not installed but BLEU needs it. Run: pip install 'llm-explain[evaluation]'"
        ) from error
    return BLEU(effective_order=True, lowercase=True)
