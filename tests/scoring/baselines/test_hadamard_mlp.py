"""The MLP on U ⊙ V, with the numbers that the article behind this project prints for it.

The article gives W₁ of shape (2, 4) and W₂ of shape (2, 4). W₂ multiplies the two hidden units, so the shapes do not
fit; the article prints a W₃ that no formula uses, and it speaks of 100 outputs where W₂ has two rows. These tests take
the first two columns of W₂, the only ones that two hidden units can meet. The printed inputs are not scaled either:
sigmoid gives 1 for both hidden units to the last digit, so the gradient is 0 and the printed model cannot learn.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from scoring.baselines.hadamard_mlp import HadamardMLP, fit_pairs
from scoring.errors import SettingError, ShapeError

USER = torch.tensor([[5.0, 10.0, 50.0, 2.0]])
"""Purchases, views, mean price, days since the last purchase."""

ITEM = torch.tensor([[100.0, 1.0, 2.0, 4.5]])
"""Price, category, brand, rating."""


def printed_network(activation: type[nn.Module]) -> HadamardMLP:
    network = HadamardMLP(nn.Identity(), nn.Identity(), width=4, hidden=(2,), n_outputs=2, activation=activation)
    first, last = network.layers[0], network.layers[-1]
    with torch.no_grad():
        first.weight[:] = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]])
        first.bias[:] = torch.tensor([0.1, 0.2])
        last.weight[:] = torch.tensor([[0.1, 0.3], [0.2, 0.4]])
        last.bias[:] = torch.tensor([0.1, 0.2])
    return network


def test_hidden_layer_of_the_printed_numbers() -> None:
    # U ⊙ V = (500, 10, 100, 9)
    # W₁(U ⊙ V) + b₁ = (50 + 2 + 30 + 3.6 + 0.1, 250 + 6 + 70 + 7.2 + 0.2) = (85.7, 333.4)
    before = printed_network(nn.Sigmoid).layers[0](USER * ITEM)
    torch.testing.assert_close(before, torch.tensor([[85.7, 333.4]]))


def test_output_of_the_printed_numbers_with_sigmoid() -> None:
    # Both hidden units are 1, so W₂h + b₂ = (0.1 + 0.3 + 0.1, 0.2 + 0.4 + 0.2) = (0.5, 0.8)
    probability = torch.sigmoid(printed_network(nn.Sigmoid)(USER, ITEM))
    torch.testing.assert_close(probability, torch.tensor([[1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(-0.8))]]))
    assert (probability > 0.5).all()  # the article's rule: a purchase is predicted


def test_output_of_the_printed_numbers_with_relu() -> None:
    # W₂(85.7, 333.4) + b₂ = (8.57 + 100.02 + 0.1, 17.14 + 133.36 + 0.2) = (108.69, 150.7)
    torch.testing.assert_close(printed_network(nn.ReLU)(USER, ITEM), torch.tensor([[108.69, 150.70]]))


def test_printed_inputs_leave_no_gradient_behind_a_sigmoid() -> None:
    network = printed_network(nn.Sigmoid)
    network(USER, ITEM).sum().backward()
    assert network.layers[0].weight.grad is not None
    assert float(network.layers[0].weight.grad.abs().max()) == 0.0


def signs(n: int = 400) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs that are bought where user and item have the same sign: a product decides, no sum can."""
    rng = np.random.default_rng(3)
    user, item = (torch.from_numpy(rng.choice([-1.0, 1.0], size=(n, 1)).astype(np.float32)) for _ in range(2))
    return user, item, (user * item).squeeze(-1).clamp(min=0.0)


def test_learns_what_only_a_product_decides() -> None:
    torch.manual_seed(0)
    network = HadamardMLP(nn.Identity(), nn.Identity(), width=1, hidden=(8,))
    history = fit_pairs(network, *signs(), epochs=30, learning_rate=0.02)
    assert history.accuracy[-1] == 1.0
    assert history.val_accuracy[-1] == 1.0
    assert history.val_loss[-1] < 0.2 < history.val_loss[0]
    assert [len(each) for each in vars(history).values()] == [30] * 4


def test_no_held_out_pairs_give_no_validation_curve() -> None:
    history = fit_pairs(HadamardMLP(nn.Identity(), nn.Identity(), width=1), *signs(20), epochs=2, validation_share=0.0)
    assert (len(history.loss), history.val_loss) == (2, [])


def test_different_widths_of_user_and_item_are_refused() -> None:
    network = HadamardMLP(nn.Identity(), nn.Identity(), width=4)
    with pytest.raises(ShapeError, match=r"U has shape \(1, 4\) but V has \(1, 3\)"):
        network(USER, ITEM[:, :3])


def test_a_share_that_leaves_no_training_pair_is_refused() -> None:
    with pytest.raises(SettingError, match=r"validation_share 1.0 of 20 pairs leaves no pair"):
        fit_pairs(HadamardMLP(nn.Identity(), nn.Identity(), width=1), *signs(20), validation_share=1.0)
