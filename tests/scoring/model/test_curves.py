"""Curves between knots, and their gradient against a difference quotient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scoring.model.curves import N_KNOTS, Curves


@pytest.fixture
def curves() -> Curves:
    found = Curves(2, gain=0.5).double()
    values = np.random.default_rng(0).normal(size=(500, 2))
    found.place_knots(values)
    with torch.no_grad():
        found.knots.copy_(torch.from_numpy(np.random.default_rng(1).normal(size=(2, N_KNOTS))))
    return found


def test_a_height_lies_between_those_of_the_knots(curves: Curves) -> None:
    low, high = curves.grid[0, 3], curves.grid[0, 4]
    x = torch.stack([0.25 * low + 0.75 * high, torch.tensor(torch.nan)]).view(1, 2).double()
    heights = curves(x)[0]
    expected = 0.5 * (0.25 * curves.knots[0, 3] + 0.75 * curves.knots[0, 4])
    assert heights[0].item() == pytest.approx(expected.item())
    assert heights[1].item() == 0.0, "a column without a value says nothing"


def test_the_gradient_is_that_of_the_heights(curves: Curves) -> None:
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(50, 2)))
    x[0, 1] = torch.nan
    weight = torch.from_numpy(np.random.default_rng(3).normal(size=(50, 2)))

    def total(knots: torch.Tensor) -> torch.Tensor:
        return (torch.func.functional_call(curves, {"knots": knots}, (x,)) * weight).sum()

    assert torch.autograd.gradcheck(total, (curves.knots.detach().requires_grad_(),))
