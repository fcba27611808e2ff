"""The whole score: towers, own history, context (docs/design.md §4).

s(u, i, t) = ⟨ U(H_u,t), V_i ⟩  +  h_i(H_u,t[g(i)])  +  Σ_c f_c(x_c(i, t))
"""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import torch
from torch import Tensor, nn

from scoring.features.context import TERMS, context_columns
from scoring.features.copurchase import SHORT
from scoring.features.own_history import BUCKET_FEATURES, BUCKET_KINDS, PAIR_FEATURES
from scoring.model.curves import Curves
from scoring.model.item_tower import ItemTower
from scoring.model.user_tower import UserTower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.features.windows import Window
    from scoring.model.batches import Batch
    from scoring.model.item_tower import ItemInputs

OWN_FEATURES: Final = ("times_bought", "own_rhythm", "category_share", "own_brand", "own_price")
"""Parts of the own-history term."""

SIGNALS: Final = "signals"
"""A further part of it, in a shop whose log has signal kinds."""

PAIR_PART: Final = {
    "count_10": "times_bought", "count_30": "times_bought", "count_90": "times_bought", "count": "times_bought",
    "days_since": "own_rhythm", "overdue": "own_rhythm", "share": "category_share",
    "users_7": "times_bought", "users_30": "times_bought", "users_90": "times_bought",
    "rebuy": "times_bought", "echo": "times_bought",
}  # fmt: skip
BUCKET_PART: Final = {
    "category": "category_share", "title": "category_share", "brand": "own_brand", "price": "own_price",
}  # fmt: skip


PARTS: Final = ("towers", "copurchase", "own", "context")
"""Summands of the trained score."""

THIN: Final = 11
"""Every so many rows suffice to place knots."""


class OwnHistory(nn.Module):
    """``h``: learned curves over what the user's history says of an item and its buckets; zero for an empty history.

    Args:
        n_signals: Number of signal kinds.
        gain: Size of the curves of buckets, relative to those of a bought item.
    """

    def __init__(self, n_signals: int, *, gain: float) -> None:
        super().__init__()
        self.pair = Curves(len(PAIR_FEATURES))
        n_kinds = len(BUCKET_KINDS) + 2 * n_signals
        self.bucket = nn.ModuleList(Curves(len(BUCKET_FEATURES), gain=gain) for _ in range(n_kinds))
        part = torch.tensor([OWN_FEATURES.index(PAIR_PART[name]) for name in PAIR_FEATURES])
        self.register_buffer("pair_part", nn.functional.one_hot(part, len(OWN_FEATURES)).float(), persistent=False)

    pair_part: Tensor

    def pair_parts(self, x: Tensor) -> Tensor:
        """Return the heights of bought items by part, shape ``(n_pairs, n_own)``."""
        parts: Tensor = self.pair(x) @ self.pair_part
        return parts

    def bucket_heights(self, kind: int, x: Tensor) -> Tensor:
        """Return the height of each bucket of a kind, shape ``(n,)``."""
        heights: Tensor = self.bucket[kind](x).sum(dim=1)
        return heights

    def forward(self, batch: Batch, bucket_of_item: Tensor) -> Tensor:
        """Return ``h`` of every candidate for every user of a batch.

        Args:
            batch: The users' evidence.
            bucket_of_item: Bucket of each candidate, one row for each kind, shape ``(n_kinds, n)``.

        Returns:
            Heights in logits, shape ``(n, n_users)``.
        """
        n, n_users = bucket_of_item.shape[1], batch.n_users
        is_candidate = batch.pair_candidate >= 0
        pairs = self.pair(batch.pair_x[is_candidate]).sum(dim=1)
        place = batch.pair_candidate[is_candidate] * n_users + batch.pair_user[is_candidate]
        total: Tensor = pairs.new_zeros(n * n_users).index_put((place,), pairs).view(n, n_users)
        for kind, buckets in enumerate(batch.buckets):
            used, of_candidate = torch.unique(bucket_of_item[kind], return_inverse=True)
            row = torch.searchsorted(used, buckets.bucket).clamp(max=len(used) - 1)
            is_used = used[row] == buckets.bucket  # buckets without a candidate cost nothing
            heights = self.bucket_heights(kind, buckets.x[is_used])
            table = heights.new_zeros(len(used) * n_users).index_put(
                (row[is_used] * n_users + buckets.user[is_used],), heights
            )
            total = total + nn.functional.embedding(of_candidate, table.view(len(used), n_users))  # (n, n_users)
        return total

    def roughness(self) -> Tensor:
        """Return how far the curves are from straight lines."""
        total = self.pair.roughness()
        for curves in self.bucket:
            total = total + cast(Curves, curves).roughness()
        return total


class Context(nn.Module):
    """``f_c``: learned curves over the context of an item.

    Args:
        labels: Labels of the promotions table.
        gain: Size of the curves, relative to the own history of a bought item.
    """

    def __init__(self, labels: tuple[str, ...], *, gain: float) -> None:
        super().__init__()
        columns = context_columns(labels)
        self.curves = Curves(len(columns), gain=gain)
        self.popularity = [column[1] for column in columns].index("users_30")
        term = torch.tensor([TERMS.index(column[0]) for column in columns])
        self.register_buffer("term", nn.functional.one_hot(term, len(TERMS)).float(), persistent=False)
        self.register_buffer("mean", torch.zeros(len(TERMS)))

    term: Tensor
    mean: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Return each term's value, shape ``(n_items, n_terms)``."""
        parts: Tensor = self.curves(x) @ self.term
        return parts


class AdditiveModel(nn.Module):
    """All learned parts of the score.

    Args:
        sizes: Arguments of the item tower: ``n_ids``, ``n_categories``, ``n_brands``, ``n_dense``.
        labels: Labels of the promotions table.
        n_signals: Number of signal kinds.
        d: Width of every vector.
        n_heads: Heads of the attention within a category.
        n_queries: Learned queries over the category tokens.
        dropout: Share of hidden units dropped in training.
        id_dropout: Share of ids hidden in training.
        gain: Size of all terms of items new to the user, relative to the own history of a bought item.
    """

    def __init__(
        self, sizes: Mapping[str, int], labels: tuple[str, ...], *, n_signals: int, d: int, n_heads: int,
        n_queries: int, dropout: float, id_dropout: float, gain: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.settings = {
            "sizes": dict(sizes), "n_signals": n_signals, "d": d, "n_heads": n_heads, "n_queries": n_queries,
            "dropout": dropout, "id_dropout": id_dropout, "gain": gain,
        }  # fmt: skip
        self.item_tower = ItemTower(**sizes, d=d, id_dropout=id_dropout)
        self.user_tower = UserTower(
            len(PAIR_FEATURES), len(BUCKET_FEATURES), sizes["n_categories"],
            d=d, n_heads=n_heads, n_queries=n_queries, dropout=dropout,
        )  # fmt: skip
        self.own = OwnHistory(n_signals, gain=gain)
        self.gain, self.labels = gain, labels
        self.log_link = nn.Parameter(torch.tensor(-1.0))
        self.context = Context(labels, gain=gain)

    def forward(self, batch: Batch, items: ItemInputs, bucket_of_item: Tensor, *, with_towers: bool = True) -> Tensor:
        """Return the score of every candidate for every user of a batch.

        Args:
            batch: The users' evidence.
            items: Inputs of the candidates, and behind them of the other items in the users' histories.
            bucket_of_item: Bucket of each candidate, one row for each kind, shape ``(n_kinds, n)``.
            with_towers: Whether the learned towers take part; curves and co-purchase warm up without them.

        Returns:
            Logits, shape ``(n, n_users)``.
        """
        curves = self._copurchase(batch) + self.own(batch, bucket_of_item) + self.context_sum(batch)
        logits: Tensor = self._towers(batch, items, bucket_of_item.shape[1]) + curves if with_towers else curves
        return logits

    def parts(self, batch: Batch, items: ItemInputs, bucket_of_item: Tensor) -> tuple[Tensor, ...]:
        """Return the summands of ``forward`` in the order of ``PARTS``, each of shape ``(n, n_users)``."""
        return (
            self._towers(batch, items, bucket_of_item.shape[1]),
            self._copurchase(batch),
            self.own(batch, bucket_of_item),
            self.context_sum(batch),
        )

    def _copurchase(self, batch: Batch) -> Tensor:
        products: Tensor = self.link_scale * (batch.link_item @ self.link_embedding(batch.link_user).T)  # (n, n_users)
        return products

    def _towers(self, batch: Batch, items: ItemInputs, n: int) -> Tensor:
        trunk, V = self.item_tower(items)  # (n + n_others, d) each
        U = self.user_tower(batch.events, trunk[batch.pair_row])  # (n_users, d)
        # Centred: a history adds to an item what it adds beyond the average candidate, never a lift of all items alike.
        V = V[:n] - V[:n].mean(dim=0)
        products: Tensor = self.gain * (V @ U.T)
        return products

    @torch.no_grad()
    def scale(self, factors: Mapping[str, float]) -> None:
        """Multiply parts of the score.

        Args:
            factors: A factor of at least 0 for each of ``PARTS``.
        """
        self.item_tower.target.weight.mul_(factors["towers"])
        self.log_link.add_(torch.tensor(factors["copurchase"]).log())
        self.own.pair.knots.mul_(factors["own"])
        for curves in self.own.bucket:
            cast("Curves", curves).knots.mul_(factors["own"])
        self.context.curves.knots.mul_(factors["context"])

    @property
    def link_scale(self) -> Tensor:
        """Weight of co-purchase."""
        return self.gain * self.log_link.exp()

    def link_embedding(self, sums: Tensor) -> Tensor:
        """Return users' side of co-purchase at nearly unit length, shape ``(n_users, rank)``."""
        return sums * (sums.square().sum(dim=1, keepdim=True) + SHORT).rsqrt()

    def item_vectors(self, trunk: Tensor, mean: Tensor) -> Tensor:
        """Return the item tower's half of ``V``.

        Args:
            trunk: What the user tower reads of some items, shape ``(n, d)``.
            mean: Mean of ``trunk`` over the rankable items, shape ``(d,)``. Scores are centred as in training: what a
                history adds to an item is what it adds beyond the average candidate.

        Returns:
            Vectors, shape ``(n, d)``.
        """
        vectors: Tensor = self.gain * self.item_tower.target(trunk - mean)
        return vectors

    def embed(self, sums: Tensor) -> Tensor:
        """Return ``U`` from sums of what tokens add.

        Args:
            sums: The user tower's summands with co-purchase behind them, shape ``(n, d_sum)``; zeros for no history.

        Returns:
            User embeddings, shape ``(n, d + rank)``.
        """
        width = self.user_tower.d_sum
        return torch.cat([self.user_tower.embed(sums[:, :width]), self.link_embedding(sums[:, width:])], dim=1)

    def embed_coalitions(self, sums: Tensor, coalitions: Tensor, weights: Tensor) -> Tensor:
        """Return weighted sums of ``U`` over coalitions, the same as ``weights @ embed(coalitions @ sums)``.

        Args:
            sums: Sums of groups of tokens, as for ``embed``, shape ``(n_groups, d_sum)``.
            coalitions: Groups of each coalition, shape ``(n, n_groups)``.
            weights: Weights of the coalitions, shape ``(m, n)``.

        Returns:
            Embeddings, shape ``(m, d + rank)``.
        """
        width = self.user_tower.d_sum
        links = sums[:, width:]
        squares = ((coalitions @ (links @ links.T)) * coalitions).sum(dim=1)  # of the length of each coalition's sum
        linked = (weights * (squares + SHORT).rsqrt()) @ coalitions @ links
        return torch.cat([self.user_tower.embed_coalitions(sums[:, :width], coalitions, weights), linked], dim=1)

    @cached_property
    def in_single_precision(self) -> tuple[AdditiveModel]:
        """A copy that computes in single precision, in a tuple so that it is no part of this module."""
        return (copy.deepcopy(self).float(),)

    def place_knots(self, windows: Sequence[Window]) -> None:
        """Put the curves' knots where the windows' values lie, and begin near popularity and personal frequency.

        Args:
            windows: Moments to learn from.
        """
        self.own.pair.place_knots(np.concatenate([w.own.x[::THIN] for w in windows]))
        for kind, curves in enumerate(self.own.bucket):
            cast("Curves", curves).place_knots(np.concatenate([w.own.buckets[kind].x[::THIN] for w in windows]))
        self.context.curves.place_knots(np.concatenate([w.context for w in windows]), top=1.0)
        self.own.pair.start(PAIR_FEATURES.index("count_90"), slope=1.5, offset=0.5)
        self.context.curves.start(self.context.popularity, slope=self.gain, offset=-3.5)

    def roughness(self) -> Tensor:
        """Return how far all curves are from straight lines."""
        return self.own.roughness() + self.context.curves.roughness()

    def context_sum(self, batch: Batch) -> Tensor:
        """Return Σ f_c of every candidate; an absent term is its mean over the step's purchases.

        Args:
            batch: The candidates' context, and which terms are present for each user.

        Returns:
            Logits, shape ``(n, n_users)``.
        """
        parts = self.context(batch.context)  # (n, n_terms)
        mean = parts[batch.step_item].mean(dim=0)  # (n_terms,)
        total: Tensor = (parts - mean) @ batch.present_terms.T + mean.sum()
        return total
