"""The whole score: towers, own history, context (DESIGN.md §4).

s(u, i, t) = ⟨ U(H_u,t), V_i ⟩  +  h_i(H_u,t[g(i)])  +  Σ_c f_c(x_c(i, t))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import torch
from torch import Tensor, nn

from scoring.context import TERMS, context_columns
from scoring.curves import Curves
from scoring.features import CELL_FEATURES, CELL_KINDS, PAIR_FEATURES
from scoring.item_tower import ItemTower
from scoring.user_tower import UserTower

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.batches import Batch
    from scoring.item_tower import ItemInputs

OWN_FEATURES: Final = ("times_bought", "due", "category_share", "usual_brand", "usual_price")
"""Parts of the own-history term."""

PAIR_PART: Final = {
    "count_10": "times_bought", "count_30": "times_bought", "count_90": "times_bought", "count": "times_bought",
    "days_since": "due", "overdue": "due", "share": "category_share",
    "popularity": "times_bought", "rebuy": "times_bought",
}  # fmt: skip
CELL_PART: Final = {
    "category": "category_share", "title": "category_share", "brand": "usual_brand", "price": "usual_price",
}  # fmt: skip

PAIR_HIGH: Final = {
    "count_10": 1.5, "count_30": 2.2, "count_90": 3.0, "count": 4.0, "days_since": 5.9, "overdue": 3.0, "share": 1.0,
    "popularity": 7.0, "rebuy": 1.5,
}  # fmt: skip
CELL_HIGH: Final = {"count_10": 2.0, "count_30": 2.7, "count_90": 3.5, "count": 4.5, "share": 1.0}


class OwnHistory(nn.Module):
    """``h``: learned curves over what the user's history says of an item and its cells; zero for an empty history."""

    def __init__(self) -> None:
        super().__init__()
        low = [-3.0 if name == "overdue" else 0.0 for name in PAIR_FEATURES]
        self.pair = Curves(low, [PAIR_HIGH[name] for name in PAIR_FEATURES])
        high = [CELL_HIGH[name] for name in CELL_FEATURES]
        self.cell = nn.ModuleList(Curves([0.0] * len(high), high) for _ in CELL_KINDS)
        part = torch.tensor([OWN_FEATURES.index(PAIR_PART[name]) for name in PAIR_FEATURES])
        with torch.no_grad():  # start near personal frequency
            self.pair.slope[PAIR_FEATURES.index("count_90")] = 5.0
            self.pair.slope[PAIR_FEATURES.index("popularity")] = -2.5
            self.pair.bend[PAIR_FEATURES.index("popularity")] = 1.5
        self.register_buffer("pair_part", nn.functional.one_hot(part, len(OWN_FEATURES)).float(), persistent=False)

    pair_part: Tensor

    def pair_parts(self, x: Tensor) -> Tensor:
        """Return the heights of bought items by part, shape ``(n_pairs, n_own)``."""
        parts: Tensor = self.pair(x) @ self.pair_part
        return parts

    def cell_heights(self, kind: int, x: Tensor) -> Tensor:
        """Return the height of each cell of a kind, shape ``(n,)``."""
        heights: Tensor = self.cell[kind](x).sum(dim=1)
        return heights

    def forward(self, batch: Batch, cell_of_item: Tensor) -> Tensor:
        """Return ``h`` of every candidate for every user of a batch.

        Args:
            batch: The users' evidence.
            cell_of_item: Cell of each candidate, one row for each kind, shape ``(4, n)``.

        Returns:
            Heights in logits, shape ``(n, n_users)``.
        """
        n, n_users = cell_of_item.shape[1], batch.n_users
        pairs = self.pair_parts(batch.pair_x).sum(dim=1)  # (n_pairs,)
        is_candidate = batch.pair_candidate >= 0
        place = batch.pair_candidate[is_candidate] * n_users + batch.pair_user[is_candidate]
        total = pairs.new_zeros(n * n_users).index_put((place,), pairs[is_candidate]).view(n, n_users)
        for kind, cells in enumerate(batch.cells):
            heights = self.cell_heights(kind, cells.x)
            table = heights.new_zeros(cells.n_cells * n_users).index_put((cells.cell * n_users + cells.user,), heights)
            total = total + table.view(cells.n_cells, n_users)[cell_of_item[kind]]  # (n, n_users)
        return total

    def roughness(self) -> Tensor:
        """Return how far the curves are from straight lines."""
        total = self.pair.roughness()
        for curves in self.cell:
            total = total + cast(Curves, curves).roughness()
        return total


class Context(nn.Module):
    """``f_c``: learned curves over the context of an item.

    Args:
        labels: Labels of the promotions table.
    """

    def __init__(self, labels: tuple[str, ...]) -> None:
        super().__init__()
        columns = context_columns(labels)
        self.curves = Curves([column[2] for column in columns], [column[3] for column in columns])
        term = torch.tensor([TERMS.index(column[0]) for column in columns])
        with torch.no_grad():  # start near the share of users who bought the item
            users = [column[1] for column in columns].index("users_30")
            self.curves.slope[users] = 8.0
            self.curves.bend[users] = -9.0
        self.register_buffer("term", nn.functional.one_hot(term, len(TERMS)).float(), persistent=False)
        self.register_buffer("mean", torch.zeros(len(TERMS)))

    term: Tensor
    mean: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Return each term's value, shape ``(n_items, n_terms)``."""
        parts: Tensor = self.curves(x) @ self.term
        return parts


class GlassBox(nn.Module):
    """All learned parts of the score.

    Args:
        sizes: Arguments of the item tower: ``n_ids``, ``n_categories``, ``n_brands``, ``n_dense``.
        labels: Labels of the promotions table.
        d: Width of every vector.
        n_heads: Heads of the attention within a category.
        n_queries: Learned queries over the category tokens.
        dropout: Share of hidden units dropped in training.
        id_dropout: Share of ids hidden in training.
    """

    def __init__(
        self, sizes: Mapping[str, int], labels: tuple[str, ...], *, d: int, n_heads: int, n_queries: int,
        dropout: float, id_dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.settings = {
            "sizes": dict(sizes), "d": d, "n_heads": n_heads, "n_queries": n_queries, "dropout": dropout,
            "id_dropout": id_dropout,
        }  # fmt: skip
        self.item_tower = ItemTower(**sizes, d=d, id_dropout=id_dropout)
        self.user_tower = UserTower(
            len(PAIR_FEATURES), len(CELL_FEATURES), sizes["n_categories"],
            d=d, n_heads=n_heads, n_queries=n_queries, dropout=dropout,
        )  # fmt: skip
        self.own = OwnHistory()
        self.context = Context(labels)

    def forward(self, batch: Batch, items: ItemInputs, cell_of_item: Tensor, *, with_towers: bool = True) -> Tensor:
        """Return the score of every candidate for every user of a batch.

        Args:
            batch: The users' evidence.
            items: Inputs of the candidates, and behind them of the other items in the users' histories.
            cell_of_item: Cell of each candidate, one row for each kind, shape ``(4, n)``.
            with_towers: Whether the towers take part; the curves warm up without them.

        Returns:
            Logits, shape ``(n, n_users)``.
        """
        curves: Tensor = self.own(batch, cell_of_item) + self.context_sum(batch)
        if not with_towers:
            return curves
        n = cell_of_item.shape[1]
        trunk, V = self.item_tower(items)  # (n + n_others, d) each
        U = self.user_tower(batch.events, trunk[batch.pair_row])  # (n_users, d)
        # Centred: a history adds to an item what it adds beyond the average candidate, never a lift of all items alike.
        V = V[:n] - V[:n].mean(dim=0)
        logits: Tensor = V @ U.T + curves
        return logits

    def roughness(self) -> Tensor:
        """Return how far all curves are from straight lines."""
        return self.own.roughness() + self.context.curves.roughness()

    def context_sum(self, batch: Batch) -> Tensor:
        """Return Σ f_c of every candidate; an absent term is its mean over the batch's purchases.

        Args:
            batch: The candidates' context, and which terms are present for each user.

        Returns:
            Logits, shape ``(n, n_users)``.
        """
        parts = self.context(batch.context)  # (n, n_terms)
        mean = parts[batch.bought_item].mean(dim=0)  # (n_terms,)
        total: Tensor = (parts - mean) @ batch.present_terms.T + mean.sum()
        return total
