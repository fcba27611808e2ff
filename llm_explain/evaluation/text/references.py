"""Likeness to what people wrote for the same claims: the hand-written sentences, filled with the same facts.

Sources: Papineni et al. (2002), BLEU, as sacrebleu counts it (Post 2018, arXiv:1804.08771); Lin (2004), ROUGE: F1 of
shared unigrams, bigrams and of the longest common subsequence; Zhang et al. (2020), BERTScore, arXiv:1904.09675.
Against several references the best one counts.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.evaluation.text.ngrams import ngrams, sentence_bleu, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


def bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return the mean sentence BLEU-4.

    Args:
        texts: Sentences.
        references: What people wrote for each.

    Returns:
        Between 0 and 1.
    """
    return float(np.mean([sentence_bleu(text, given) for text, given in zip(texts, references, strict=True)]))


def rouge(text: str, references: Sequence[str]) -> dict[str, float]:
    """Return ROUGE-1, ROUGE-2 and ROUGE-L as F1, each against the best reference.

    Args:
        text: A sentence.
        references: What people wrote.

    Returns:
        ``rouge1``, ``rouge2``, ``rougeL``.
    """
    words = tokens(text)
    found = {"rouge1": 0.0, "rouge2": 0.0, "rougeL": 0.0}
    for reference in references:
        other = tokens(reference)
        for n in (1, 2):
            ours, theirs = Counter(ngrams(words, n)), Counter(ngrams(other, n))
            shared = sum((ours & theirs).values())
            found[f"rouge{n}"] = max(found[f"rouge{n}"], _f1(shared, sum(ours.values()), sum(theirs.values())))
        found["rougeL"] = max(found["rougeL"], _f1(_common(words, other), len(words), len(other)))
    return found


def _f1(shared: int, ours: int, theirs: int) -> float:
    return 2 * shared / (ours + theirs) if ours + theirs else 0.0


def _common(words: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in words:
        before = 0
        for place, match in enumerate(other, start=1):
            before, row[place] = row[place], before + 1 if word == match else max(row[place], row[place - 1])
    return row[-1]


class BertScore:
    """Greedy matching of token embeddings.

    Args:
        encoder: A ``SentenceTransformer``.
    """

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder

    @classmethod
    def load(cls, model: str = "packaged") -> BertScore | None:
        """Load the packaged sentence encoder.

        Args:
            model: ``packaged``, a local folder or a hub id.

        Returns:
            The measure; ``None`` where the encoder is not installed.
        """
        import importlib.util

        from scoring.titles import weights

        source = weights(model)
        if source is None or importlib.util.find_spec("sentence_transformers") is None:
            return None
        from sentence_transformers import SentenceTransformer

        return cls(SentenceTransformer(source, device="cpu"))

    def of(self, texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
        """Return the mean F1, each sentence against its best reference.

        Args:
            texts: Sentences.
            references: What people wrote for each.

        Returns:
            Mean F1.
        """
        known = list(dict.fromkeys([*texts, *(each for given in references for each in given)]))
        embedded = self._encoder.encode(known, output_value="token_embeddings", show_progress_bar=False)
        vectors = {text: _unit(tokens_.numpy()) for text, tokens_ in zip(known, embedded, strict=True)}
        scores = [
            max(matched(vectors[text], vectors[each]) for each in given)
            for text, given in zip(texts, references, strict=True)
        ]
        return float(np.mean(scores))


def _unit(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return rows of unit length, without the marks of beginning and end."""
    inner = np.asarray(vectors, dtype=np.float64)[1:-1]
    return np.asarray(inner / np.maximum(np.linalg.norm(inner, axis=1, keepdims=True), 1e-12), dtype=np.float64)


def matched(ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> float:
    """Return BERTScore's F1 of two texts.

    Args:
        ours: Unit vectors of a text's tokens, shape ``(n, d)``.
        theirs: Unit vectors of the reference's tokens, shape ``(m, d)``.

    Returns:
        Harmonic mean of the mean best match of each side.
    """
    cosine = ours @ theirs.T
    precision, recall = float(cosine.max(axis=1).mean()), float(cosine.max(axis=0).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
