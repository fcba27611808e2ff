"""How varied a set of sentences is.

Sources: Li, Zhang & Chen (2020), "Generate neural template explanations for recommendation", CIKM,
doi:10.1145/3340531.3411992 (USR, FMR, FCR, DIV); Li et al. (2016), arXiv:1510.03055 (distinct-n); Zhu et al. (2018),
"Texygen", arXiv:1802.01886 (self-BLEU).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.evaluation.text.ngrams import ngrams, sentence_bleu, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPENING_WORDS = 3


def unique_sentence_ratio(texts: Sequence[str]) -> float:
    """Return USR: different sentences over all sentences."""
    return len(set(texts)) / len(texts)


def distinct(texts: Sequence[str], n: int) -> float:
    """Return distinct-n: different n-grams over all n-grams of the whole set.

    Args:
        texts: Sentences.
        n: 1 for words, 2 for pairs of words.

    Returns:
        A share; it falls as the set grows, so compare sets of one size.
    """
    grams = [gram for text in texts for gram in ngrams(tokens(text), n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def opening_concentration(texts: Sequence[str]) -> float:
    """Return the share of sentences that begin with the most frequent three words."""
    openings = Counter(tuple(tokens(text)[:OPENING_WORDS]) for text in texts)
    return max(openings.values()) / len(texts)


def feature_matching_ratio(mentioned: Sequence[frozenset[str]], leading: Sequence[str | None]) -> float:
    """Return FMR: sentences that mention the feature that they should, over all that should mention one.

    Args:
        mentioned: Features of each sentence.
        leading: The feature that each should mention: what drove the score most; ``None`` for none.

    Returns:
        A share.
    """
    asked = [(found, feature) for found, feature in zip(mentioned, leading, strict=True) if feature is not None]
    return sum(feature in found for found, feature in asked) / len(asked) if asked else 0.0


def feature_coverage_ratio(mentioned: Sequence[frozenset[str]], features: Sequence[str]) -> float:
    """Return FCR: features that any sentence mentions, over all there are."""
    known = set(features)
    return len(known & set().union(*mentioned)) / len(known) if known else 0.0


def feature_diversity(mentioned: Sequence[frozenset[str]]) -> float:
    """Return DIV: the mean number of features that two sentences share; lower is more diverse.

    Args:
        mentioned: Features of each sentence.

    Returns:
        Σ over features of the pairs of sentences that both mention it, over all pairs.
    """
    counts = Counter(feature for found in mentioned for feature in found)
    n = len(mentioned)
    pairs = n * (n - 1) / 2
    return sum(count * (count - 1) / 2 for count in counts.values()) / pairs if pairs else 0.0


def self_bleu(texts: Sequence[str], *, advance: Callable[[], None] | None = None) -> float:
    """Return self-BLEU: the mean BLEU-4 of each sentence against all others; lower is more diverse.

    Args:
        texts: Sentences; the time grows with the square of their number.
        advance: Called when a sentence is done.

    Returns:
        Between 0 and 1.
    """
    scores = []
    for place, text in enumerate(texts):
        scores.append(sentence_bleu(text, [*texts[:place], *texts[place + 1 :]]))
        if advance is not None:
            advance()
    return float(np.mean(scores))
