"""Learned curves of one number: piecewise linear between knots that lie where the data is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torch.autograd.function import FunctionCtx

    from scoring.data.log import FloatArray

N_KNOTS = 16

TOP = 0.9995
"""Quantile of the last knot; rarer values count as it."""


class Curves(nn.Module):
    """One curve for each column, zero where the column is NaN.

    Source: additive models, Hastie & Tibshirani (1986), with a penalty on bends, Eilers & Marx (1996).

    Args:
        n_columns: Number of curves.
        gain: Size of a step: heights are this much times what is learned.
    """

    def __init__(self, n_columns: int, *, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = gain
        self.register_buffer("grid", torch.linspace(0.0, 1.0, N_KNOTS).repeat(n_columns, 1))  # (n_columns, N_KNOTS)
        self.knots = nn.Parameter(torch.zeros(n_columns, N_KNOTS))

    grid: Tensor

    def place_knots(self, x: FloatArray, *, top: float = TOP) -> None:
        """Put half of the knots at quantiles and half at equal distances.

        Args:
            x: Values as in training, NaN if missing, shape ``(n, n_columns)``.
            top: Quantile of the last knot.
        """
        for column in range(x.shape[1]):
            values = x[np.isfinite(x[:, column]), column]
            if len(values):
                self.grid[column] = torch.from_numpy(knot_places(values, top)).to(self.grid)

    @torch.no_grad()
    def tilt(self, column: int, slope: float) -> None:
        """Add a straight line to a curve."""
        self.knots[column] += slope * self.grid[column] / self.gain

    @torch.no_grad()
    def start(self, column: int, *, slope: float, offset: float = 0.0) -> None:
        """Begin with a straight line instead of zero."""
        self.knots[column] = (offset + slope * self.grid[column]) / self.gain

    def forward(self, x: Tensor) -> Tensor:
        """Return each column's curve at its values; values outside the knots count as the nearest knot.

        Args:
            x: Values, shape ``(n, n_columns)``.

        Returns:
            Heights in logits, shape ``(n, n_columns)``.
        """
        if x.device.type == "cpu" and not torch.is_grad_enabled():
            return torch.from_numpy(self._interpolated(x.numpy())).to(x.dtype)  # a user has few rows: fewer calls
        known = x.nan_to_num(0.0)
        inner = self.grid[:, 1:-1].contiguous()
        left = torch.searchsorted(inner, known.T.contiguous(), right=True).T  # (n, n_columns)
        flat = left + torch.arange(x.shape[1], device=x.device) * N_KNOTS
        grid, knots = self.grid.flatten(), self.gain * self.knots.flatten()
        share = ((known - grid[flat]) / (grid[flat + 1] - grid[flat])).clamp(0.0, 1.0)
        heights: Tensor = _Interpolation.apply(knots, flat, share)  # type: ignore[no-untyped-call]
        return heights.masked_fill(x.isnan(), 0.0)

    def _interpolated(self, x: FloatArray) -> FloatArray:
        """Return the heights without a gradient, shape ``(n, n_columns)``."""
        curves = zip(x.T, self.grid.numpy(), self.gain * self.knots.numpy(), strict=True)
        heights = np.column_stack([np.interp(*curve) for curve in curves])
        return np.where(np.isnan(x), 0.0, heights)

    def roughness(self) -> Tensor:
        """Return the sum of squared second differences, which training keeps small."""
        return self.knots.diff(n=2, dim=1).square().sum()


class _Interpolation(torch.autograd.Function):
    """Heights between knots; the gradient is a count, a tenth of the time of indexing twice."""

    @staticmethod
    def forward(ctx: FunctionCtx, knots: Tensor, left: Tensor, share: Tensor) -> Tensor:
        """Return ``knots[left] + share * (knots[left + 1] - knots[left])``."""
        ctx.save_for_backward(left, share)
        ctx.n_knots = len(knots)  # type: ignore[attr-defined]  # a context takes any attribute
        return torch.lerp(knots[left], knots[left + 1], share)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient of the knots."""
        left, share = ctx.saved_tensors
        (heights,) = gradients
        right = (heights * share).flatten()
        left = left.flatten()
        knots = torch.bincount(left, heights.flatten() - right, ctx.n_knots)
        knots += torch.bincount(left + 1, right, ctx.n_knots)
        return knots.to(heights.dtype), None, None


def knot_places(values: FloatArray, top: float = TOP) -> FloatArray:
    """Return places for the knots of one curve.

    Args:
        values: Numbers, at least one, shape ``(n,)``.
        top: Quantile of the last knot.

    Returns:
        Rising places, shape ``(N_KNOTS,)``.
    """
    half = N_KNOTS // 2
    low = float(values.min())
    high = max(float(np.quantile(values, top)), low + 1e-3)
    places = np.unique(np.r_[np.quantile(values, np.linspace(0, 0.995, half)), np.linspace(low, high, half)])
    places = places[np.r_[True, np.diff(places) > 1e-3 * (high - low)]]
    return np.asarray(np.interp(np.linspace(0, len(places) - 1, N_KNOTS), np.arange(len(places)), places))
