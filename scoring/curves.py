"""Learned curves of one number: piecewise linear between evenly spaced knots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

N_KNOTS = 12


class Curves(nn.Module):
    """One curve for each column, zero where the column is NaN.

    Source: additive models with linear splines, Hastie & Tibshirani (1986).

    Args:
        low: First knot of each column.
        high: Last knot of each column; values outside are clamped.
    """

    def __init__(self, low: Sequence[float], high: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor(low))  # (n_columns,)
        self.register_buffer("width", torch.tensor(high) - torch.tensor(low))  # (n_columns,)
        self.slope = nn.Parameter(torch.zeros(len(low), 1))
        self.bend = nn.Parameter(torch.zeros(len(low), N_KNOTS))
        self.register_buffer("line", torch.linspace(0.0, 1.0, N_KNOTS), persistent=False)

    low: Tensor
    width: Tensor
    line: Tensor

    @property
    def knots(self) -> Tensor:
        """Height of each curve at its knots: a straight line and its bends, shape ``(n_columns, N_KNOTS)``."""
        return self.slope * self.line + self.bend

    def forward(self, x: Tensor) -> Tensor:
        """Return each column's curve at its values.

        Args:
            x: Values, shape ``(n, n_columns)``.

        Returns:
            Heights in logits, shape ``(n, n_columns)``.
        """
        place = ((x - self.low) / self.width).nan_to_num(0.0).clamp(0.0, 1.0) * (N_KNOTS - 1)
        left = place.floor().clamp(max=N_KNOTS - 2)
        column = torch.arange(x.shape[1], device=x.device) * N_KNOTS
        flat = left.long() + column  # (n, n_columns)
        table = self.knots.flatten()
        height = torch.lerp(table[flat], table[flat + 1], place - left)
        return height.masked_fill(x.isnan(), 0.0)

    def roughness(self) -> Tensor:
        """Return the sum of squared second differences, which training keeps small."""
        return self.bend.diff(n=2, dim=1).square().sum()
