"""Sampling from the likeliest few tokens, several drafts of one prompt spread evenly over what it may say.

Independent drafts of one prompt repeat its likeliest sentence. Arithmetic sampling gives each draft a code in [0, 1)
that arithmetic decoding turns into a sentence: each draft alone is distributed as before, but ``n`` codes that stand
``1 / n`` apart give a sentence of probability ``p`` to at most ``⌈n p⌉`` of them. Sources: Vilnis et al. (2023),
Arithmetic Sampling: Parallel Diverse Decoding for Large Language Models, arXiv:2210.15458; Holtzman et al. (2020), The
Curious Case of Neural Text Degeneration, arXiv:1904.09751, for the nucleus.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

_FRESH = 2.0**-40
"""Share of new chance in a code at each step: a double runs out of digits after some twenty tokens."""


@dataclass(frozen=True, slots=True)
class Nucleus:
    """The likeliest tokens: temperature, top-k and top-p one after the other, without sorting the whole vocabulary.

    Top-p by itself sorts 49,152 logits for each row and token, which takes nearly as long on a CPU as the language
    model does for a batch of 32.

    Attributes:
        temperature: Divides the logits.
        top_p: Least mass of the tokens that are kept, among the ``top_k``.
        top_k: Most tokens that are kept.
    """

    temperature: float
    top_p: float
    top_k: int = 50

    def shares(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the likeliest tokens and their probabilities.

        Args:
            scores: Logits of the next token, shape ``(rows, vocabulary)``.

        Returns:
            Tokens and probabilities, zero outside the nucleus, both of shape ``(rows, top_k)``, the likeliest first.
        """
        best, tokens = torch.topk(scores / self.temperature, min(self.top_k, scores.shape[1]))
        share = best.double().softmax(dim=1)
        before = share.cumsum(dim=1) - share  # mass of the likelier tokens; nothing before the first
        kept = share.masked_fill(before >= self.top_p, 0.0) if self.top_p < 1 else share
        return tokens, kept / kept.sum(dim=1, keepdim=True)


class ArithmeticSampler:
    """A logits processor of ``transformers`` that leaves each row one token, the one of its code.

    Args:
        nucleus: What is sampled from.
        sources: What each row is a draft of; the codes of equal ones stand evenly apart.
        seed: Seed of the codes.
    """

    def __init__(self, nucleus: Nucleus, sources: Sequence[Hashable], *, seed: int) -> None:
        self._nucleus = nucleus
        self._chance = torch.Generator().manual_seed(seed)
        totals, seen = Counter(sources), Counter[object]()
        shifts = dict(zip(totals, self._fresh(len(totals)).tolist(), strict=True))
        codes = []
        for source in sources:
            codes.append((seen[source] + shifts[source]) / totals[source])
            seen[source] += 1
        self._codes = torch.tensor(codes, dtype=torch.float64)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return logits that allow one token in each row.

        Args:
            input_ids: Tokens so far, shape ``(rows, length)``; not looked at.
            scores: Logits of the next token, shape ``(rows, vocabulary)``.

        Returns:
            Logits of the same shape, at minus infinity but for the token of the row's code.
        """
        tokens, shares = self._nucleus.shares(scores)
        codes = self._codes.to(scores.device).unsqueeze(1)
        ends = shares.cumsum(dim=1)  # token i is that of the codes in [ends[i - 1], ends[i])
        last = (shares > 0).sum(dim=1, keepdim=True) - 1
        place = torch.minimum(torch.searchsorted(ends, codes, right=True), last)  # rounding may end them below 1
        share = shares.gather(1, place)
        within = ((codes - ends.gather(1, place) + share) / share).squeeze(1).clamp(0, 1).cpu()
        self._codes = (1 - _FRESH) * within + _FRESH * self._fresh(len(within))
        return torch.full_like(scores, float("-inf")).scatter(1, tokens.gather(1, place), 0.0)

    def _fresh(self, n: int) -> torch.Tensor:
        return torch.rand(n, generator=self._chance, dtype=torch.float64)
