"""The user tower: a Transformer in two steps that reads a user's events (docs/design.md §4).

Within each category, attention over the items bought there gives one category token. Over the category tokens,
multi-head attention with learned queries and a feed-forward head give ``U``. The second attention keeps its numerator
and denominator apart, both plain sums over tokens, so any coalition of tokens costs a sum and the head.

Sources: Vaswani et al. (2017), arXiv:1706.03762; Lee et al. (2019), Set Transformer, arXiv:1810.00825.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

START = 0.05
"""The towers begin close to silent, so that the curves lead."""

LOGIT_CAP = 8.0
"""Attention logits stay within ±8, so that sums of exponentials need no running maximum."""


@dataclass(frozen=True)
class TokenEvents:
    """Bought items of one or more users, grouped by user and category.

    Attributes:
        group: Which token each bought item belongs to, sorted, shape ``(n_pairs,)``.
        x: Counts and recency of each bought item, shape ``(n_pairs, n_features)``.
        group_user: Whose token, shape ``(n_groups,)``.
        group_category: Its category, shape ``(n_groups,)``.
        group_x: Counts of occasions in the category, shape ``(n_groups, n_group_features)``.
        n_users: Number of users.
    """

    group: Tensor
    x: Tensor
    group_user: Tensor
    group_category: Tensor
    group_x: Tensor
    n_users: int


def segment_sum(values: Tensor, segment: Tensor, n: int) -> Tensor:
    """Return sums of rows by segment, shape ``(n, ...)``."""
    return values.new_zeros((n, *values.shape[1:])).index_add_(0, segment, values)


def soft_cap(logits: Tensor) -> Tensor:
    """Return logits squashed smoothly into ±``LOGIT_CAP``."""
    return LOGIT_CAP * torch.tanh(logits / LOGIT_CAP)


class UserTower(nn.Module):
    """From bought items to ``U``.

    Args:
        n_features: Width of ``TokenEvents.x``.
        n_group_features: Width of ``TokenEvents.group_x``.
        n_categories: Number of categories.
        d: Width of every vector.
        n_heads: Heads of the attention within a category.
        n_queries: Learned queries over the category tokens.
        dropout: Share of hidden units dropped in training.
    """

    def __init__(
        self, n_features: int, n_group_features: int, n_categories: int, *, d: int, n_heads: int, n_queries: int,
        dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.n_heads, self.n_queries = n_heads, n_queries
        self.d_sum = n_queries * (d + 1)
        self.read = nn.Sequential(nn.Linear(n_features, d), nn.GELU(), nn.Linear(d, n_heads))
        self.key = nn.Linear(d, n_heads)
        self.value = nn.Linear(d, d, bias=False)
        self.habit = nn.Linear(n_group_features, d)
        self.category = nn.Embedding(n_categories, d)
        self.query = nn.Sequential(nn.Linear(d, d), nn.GELU(), nn.Linear(d, n_queries))
        self.sink = nn.Parameter(torch.zeros(n_queries, 1))
        self.sink_value = nn.Parameter(torch.zeros(n_queries, d))
        self.out = nn.Linear(n_queries * d, d)
        self.head = nn.Sequential(
            nn.LayerNorm(n_queries * d), nn.Linear(n_queries * d, 2 * d), nn.GELU(), nn.Dropout(dropout),
            last := nn.Linear(2 * d, d),
        )  # fmt: skip
        nn.init.eye_(self.value.weight)
        nn.init.normal_(self.category.weight, std=0.02)
        with torch.no_grad():
            self.out.weight.copy_(START * torch.eye(d).repeat(1, n_queries) / n_queries)
            self.out.bias.zero_()
            last.weight.mul_(0.1 * START)
            last.bias.zero_()

    def tokens(self, events: TokenEvents, items: Tensor) -> Tensor:
        """Return one token a category that the user bought from.

        Args:
            events: The users' bought items.
            items: The item tower's reading of each, shape ``(n_pairs, d)``.

        Returns:
            Tokens, shape ``(n_groups, d)``: what was bought there, and how often.
        """
        n_groups = len(events.group_user)
        weight = soft_cap(self.key(items) + self.read(events.x)).exp()  # (n_pairs, heads)
        total = segment_sum(weight, events.group, n_groups)  # (n_groups, heads)
        share = (weight / total[events.group]).repeat_interleave(items.shape[1] // self.n_heads, dim=1)
        content = segment_sum(share * self.value(items), events.group, n_groups)  # (n_groups, d)
        habit = self.habit(events.group_x) + self.category(events.group_category)
        tokens: Tensor = content + habit
        return tokens

    def summands(self, tokens: Tensor) -> Tensor:
        """Return what each token adds to the numerator and the denominator of the pooling.

        Args:
            tokens: Tokens, shape ``(n_groups, d)``.

        Returns:
            Summands, shape ``(n_groups, n_queries * (d + 1))``.
        """
        weight = soft_cap(self.query(tokens)).exp().unsqueeze(2)  # (n_groups, queries, 1)
        return torch.cat([weight * tokens.unsqueeze(1), weight], dim=2).flatten(1)

    def embed(self, sums: Tensor) -> Tensor:
        """Return ``U`` from sums of summands.

        Args:
            sums: One row a user or coalition, shape ``(n, n_queries * (d + 1))``; zeros for an empty history.

        Returns:
            User embeddings, shape ``(n, d)``.
        """
        sums = sums.view(len(sums), self.n_queries, -1)  # (n, queries, d + 1)
        sink = F.softplus(self.sink)
        pooled = (sums[..., :-1] + sink * self.sink_value) / (sums[..., -1:] + sink)
        flat = pooled.flatten(1)
        embedding: Tensor = self.out(flat) + self.head(flat)
        return embedding

    def embed_coalitions(self, sums: Tensor, coalitions: Tensor, weights: Tensor) -> Tensor:
        """Return weighted sums of ``U`` over coalitions, the same as ``weights @ embed(coalitions @ sums)``.

        A pooled query of a coalition is a row of shares times vectors that all coalitions have in common. Layer norm
        and linear maps act on these few vectors, so only the nonlinear step works on each coalition.

        Args:
            sums: Sums of summands of groups of tokens, shape ``(n_groups, n_queries * (d + 1))``.
            coalitions: Groups of each coalition, shape ``(n, n_groups)``.
            weights: Weights of the coalitions, shape ``(m, n)``.

        Returns:
            Embeddings, shape ``(m, d)``.
        """
        norm, first, last = (cast("nn.Linear", self.head[place]) for place in (0, 1, -1))
        # shape (n_groups, queries, d + 1); without history there is no group, so -1 would tell no width
        sums = sums.view(len(sums), self.n_queries, sums.shape[1] // self.n_queries)
        sink = F.softplus(self.sink)  # (queries, 1)
        vectors = torch.cat([sums[..., :-1], (sink * self.sink_value)[None]])  # (n_groups + 1, queries, d)
        # shape (queries * (n_groups + 1), queries * d):
        basis: Tensor = torch.block_diag(*vectors.unbind(1))  # type: ignore[no-untyped-call]
        total = coalitions @ sums[..., -1] + sink.flatten()  # (n, queries)
        shares = (F.pad(coalitions, (0, 1), value=1.0)[:, None] / total[..., None]).flatten(1)
        centred = basis - basis.mean(dim=1, keepdim=True)
        variance = ((shares @ (centred @ centred.T)) * shares).mean(dim=1, keepdim=True)
        variance *= shares.shape[1] / basis.shape[1]
        hidden = shares @ (centred @ (first.weight * norm.weight).T)
        hidden *= (variance + cast("nn.LayerNorm", self.head[0]).eps).rsqrt()  # in place: fresh pages are slow
        hidden += F.linear(norm.bias, first.weight, first.bias)
        bias = weights.sum(dim=1, keepdim=True) * (self.out.bias + last.bias)
        flat, hidden = weights @ shares @ basis, weights @ self.head[2:-1](hidden)
        embedding: Tensor = F.linear(flat, self.out.weight) + F.linear(hidden, last.weight) + bias
        return embedding

    def forward(self, events: TokenEvents, items: Tensor) -> Tensor:
        """Return each user's embedding, shape ``(n_users, d)``."""
        summands = self.summands(self.tokens(events, items))
        return self.embed(segment_sum(summands, events.group_user, events.n_users))
