"""Sampling from the nucleus of the likeliest few tokens, without sorting the whole vocabulary.

Gives the same distribution as temperature, top-k and top-p one after the other. Top-p by itself sorts 49,152 logits for
each row and token, which takes nearly as long on a CPU as the language model does for a batch of 32. Source: Holtzman
et al. (2020), The Curious Case of Neural Text Degeneration, arXiv:1904.09751.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Nucleus:
    """A logits processor of ``transformers``.

    Attributes:
        temperature: Divides the logits.
        top_p: Least mass of the tokens that are kept, among the ``top_k``.
        top_k: Most tokens that are kept.
    """

    temperature: float
    top_p: float
    top_k: int = 50

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the logits over the temperature, at minus infinity outside the nucleus.

        Args:
            input_ids: Tokens so far, shape ``(rows, length)``; not looked at.
            scores: Logits of the next token, shape ``(rows, vocabulary)``.

        Returns:
            Logits of the same shape.
        """
        import torch

        best, tokens = torch.topk(scores / self.temperature, min(self.top_k, scores.shape[1]))  # (rows, top_k), falling
        if self.top_p < 1:
            share = best.softmax(dim=1)
            before = share.cumsum(dim=1) - share  # mass of the likelier tokens; nothing before the first
            best = best.masked_fill(before >= self.top_p, float("-inf"))
        return torch.full_like(scores, float("-inf")).scatter(1, tokens, best)
