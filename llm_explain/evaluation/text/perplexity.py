"""How likely sentences are under a language model that was not tuned on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.generation.chat import with_padding
from llm_explain.generation.pretrained import open_pretrained

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 16


class Perplexity:
    """Perplexity under a causal language model.

    Args:
        model: A Hugging Face causal language model.
        tokenizer: Its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model.eval(), tokenizer
        with_padding(tokenizer).padding_side = "right"

    @classmethod
    def load(cls, language_model: str = "untuned") -> Perplexity:
        """Load an untuned model.

        Args:
            language_model: ``untuned`` for the packaged weights alone, a local folder or a hub id.

        Returns:
            The measure.
        """
        model, tokenizer, _ = open_pretrained(language_model)
        return cls(model, tokenizer)

    def losses(self, texts: Sequence[str]) -> list[tuple[float, int]]:
        """Return the summed negative log-likelihood of each text and its number of predicted tokens.

        Args:
            texts: Sentences; each is read after the token that begins or ends a document, so its first word counts too.

        Returns:
            A pair for each text.
        """
        import torch

        start = self._tokenizer.bos_token or self._tokenizer.eos_token
        found: list[tuple[float, int]] = []
        for first in range(0, len(texts), BATCH):
            batch = [start + text for text in texts[first : first + BATCH]]
            inputs = self._tokenizer(batch, return_tensors="pt", padding=True)
            with torch.inference_mode():
                logits = self._model(**inputs).logits[:, :-1].float()
            loss = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), inputs["input_ids"][:, 1:], reduction="none"
            )
            mask = inputs["attention_mask"][:, 1:]
            sums, counts = (loss * mask).sum(dim=1), mask.sum(dim=1)
            found += [(float(total), int(count)) for total, count in zip(sums, counts, strict=True)]
        return found

    def of(self, texts: Sequence[str]) -> dict[str, float]:
        """Return the perplexity of the whole set and the median over sentences."""
        losses = self.losses(texts)
        total, count = (sum(column) for column in zip(*losses, strict=True))
        each = [np.exp(loss / max(n, 1)) for loss, n in losses]
        return {"corpus": float(np.exp(total / max(count, 1))), "median": float(np.median(each))}
