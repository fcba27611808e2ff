"""The item tower: what an item is, as a vector."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from scoring.data.catalogue import Catalogue
    from scoring.data.log import FloatArray


@dataclass(frozen=True)
class ItemInputs:
    """What the item tower reads, by ``item_index``.

    Attributes:
        item_id: Row of the id embedding, 0 for an item without one, shape ``(n_items,)``.
        category: Row of the category embedding, shape ``(n_items,)``.
        brand: Row of the brand embedding, 0 for none, shape ``(n_items,)``.
        dense: Price, title embedding and the catalogue's own embedding columns, shape ``(n_items, n_dense)``.
    """

    item_id: Tensor
    category: Tensor
    brand: Tensor
    dense: Tensor

    def rows(self, item_index: Tensor) -> ItemInputs:
        """Return some items' inputs."""
        return ItemInputs(
            self.item_id[item_index], self.category[item_index], self.brand[item_index], self.dense[item_index]
        )

    def to(self, device: torch.device) -> ItemInputs:
        """Return the inputs on a device."""
        return ItemInputs(*(getattr(self, f.name).to(device) for f in fields(self)))

    def double(self) -> ItemInputs:
        """Return the inputs in double precision."""
        return ItemInputs(self.item_id, self.category, self.brand, self.dense.double())


def dense_columns(catalogue: Catalogue, price: FloatArray, titles: npt.NDArray[np.float32] | None) -> FloatArray:
    """Return the numbers that describe each item.

    Args:
        catalogue: The shop's items; every column that begins with ``embedding_`` is read.
        price: Price of each item, NaN where it is not known, shape ``(n_items,)``.
        titles: Sentence embeddings of the titles, shape ``(n_items, d_title)``; ``None`` without them.

    Returns:
        Numbers, shape ``(n_items, n_dense)``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.log(price)
    known = np.isfinite(level)
    level = np.where(known, level - (level[known].mean() if known.any() else 0.0), 0.0)
    blocks = [level[:, None], known[:, None].astype(np.float64)]
    if titles is not None:
        blocks.append(titles.astype(np.float64))
    blocks.extend(_unit_rows(_vectors(catalogue.items[column])) for column in catalogue.embedding_columns)
    return np.column_stack(blocks)


def _vectors(column: pd.Series) -> FloatArray:
    """Return one row for each item, zeros for an item without a vector."""
    known = column.notna().to_numpy()
    if not known.any():
        return np.zeros((len(column), 0))
    found = np.stack(column[known].tolist())
    rows = np.zeros((len(column), found.shape[1]))
    rows[known] = found
    return rows


def _unit_rows(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


class ItemTower(nn.Module):
    """Sum of what is known of an item, and two readings of it.

    Args:
        n_ids: Rows of the id embedding; row 0 stands for a new item.
        n_categories: Number of categories.
        n_brands: Rows of the brand embedding; row 0 stands for none.
        n_dense: Width of the dense inputs.
        d: Width of every vector.
        id_dropout: Share of ids hidden in training, so that a new item works without one.
    """

    def __init__(
        self, n_ids: int, n_categories: int, n_brands: int, n_dense: int, *, d: int, id_dropout: float
    ) -> None:
        super().__init__()
        self.id = nn.Embedding(n_ids, d)
        self.category = nn.Embedding(n_categories, d)
        self.brand = nn.Embedding(n_brands, d)
        self.dense = nn.Linear(n_dense, d)
        self.target = nn.Linear(d, d, bias=False)
        self.id_dropout = id_dropout
        for table in (self.id, self.category, self.brand):
            nn.init.normal_(table.weight, std=0.02)
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.eye_(self.target.weight)
        with torch.no_grad():
            self.id.weight[0].zero_()

    def trunk(self, items: ItemInputs) -> Tensor:
        """Return what the user tower reads of a bought item.

        Args:
            items: Inputs of ``n`` items.

        Returns:
            Vectors, shape ``(n, d)``.
        """
        item_id = items.item_id
        if self.training and self.id_dropout:
            item_id = item_id * (torch.rand(item_id.shape, device=item_id.device) >= self.id_dropout)
        identity: Tensor = self.id(item_id) * (item_id > 0).unsqueeze(1)
        trunk: Tensor = identity + self.category(items.category) + self.brand(items.brand) + self.dense(items.dense)
        return trunk

    def forward(self, items: ItemInputs) -> tuple[Tensor, Tensor]:
        """Return two vectors of each item.

        Args:
            items: Inputs of ``n`` items.

        Returns:
            What the user tower reads of a bought item, and ``V``, both of shape ``(n, d)``.
        """
        trunk = self.trunk(items)
        return trunk, self.target(trunk)
