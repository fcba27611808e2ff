"""A multilayer perceptron on the elementwise product of a user vector and an item vector.

With learned embeddings it is generalised matrix factorisation with hidden layers before the output. The MLP does not
split its score into parts, which is why the package ranks with an additive model instead.
Source: He et al. (2017), "Neural collaborative filtering", arXiv:1708.05031.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.baselines.base import UserRows, n_buyers
from scoring.errors import SettingError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions

PAIRS_PER_PASS: Final = 500_000
"""Pairs that the ranker scores at once; memory grows with it, the scores do not change."""


class HadamardMLP(nn.Module):
    """Logits of pairs: an MLP on U ⊙ V.

    Attributes:
        user: Turns the user input into U; ``nn.Identity``, ``nn.Linear`` or ``nn.Embedding``.
        item: Turns the item input into V, of the same width as U.
        layers: Linear layers with an activation between them.
    """

    def __init__(
        self,
        user: nn.Module,
        item: nn.Module,
        *,
        width: int,
        hidden: Sequence[int] = (64, 32),
        n_outputs: int = 1,
        activation: type[nn.Module] = nn.ReLU,
    ) -> None:
        """Create the layers with torch's default initialisation.

        Args:
            user: Module for U.
            item: Module for V.
            width: Width of U and of V.
            hidden: Widths of the hidden layers.
            n_outputs: Logits for each pair.
            activation: Module class that follows each hidden layer.
        """
        super().__init__()
        self.user, self.item = user, item
        widths = [width, *hidden]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), activation()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], n_outputs))

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        """Return the logits of pairs.

        Args:
            user: User inputs, one row for each pair.
            item: Item inputs, one row for each pair.

        Returns:
            Logits, shape ``(n_pairs, n_outputs)``.

        Raises:
            ShapeError: If U and V have different shapes.
        """
        U, V = self.user(user), self.item(item)
        if U.shape != V.shape:
            raise ShapeError(
                f"U has shape {tuple(U.shape)} but V has {tuple(V.shape)}; the elementwise product needs equal shapes. "
                "Give both inputs the same number of pairs and both modules the same width."
            )
        logits: Tensor = self.layers(U * V)
        return logits


@dataclass
class FitHistory:
    """Loss and accuracy after each epoch.

    Attributes:
        loss: Mean binary cross-entropy of the training pairs during the epoch.
        accuracy: Share of training pairs on the right side of probability 0.5 during the epoch.
        val_loss: Loss of the held-out pairs after the epoch; empty without held-out pairs.
        val_accuracy: Accuracy of the held-out pairs after the epoch; empty without held-out pairs.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)


def fit_pairs(
    network: HadamardMLP,
    user: Tensor,
    item: Tensor,
    label: Tensor,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    validation_share: float = 0.2,
    seed: int = 0,
) -> FitHistory:
    """Train a network with one output on labelled pairs, by Adam and binary cross-entropy.

    Args:
        network: The network; its weights change.
        user: User inputs, shape ``(n_pairs, …)``.
        item: Item inputs, shape ``(n_pairs, …)``.
        label: 1 for a purchase and 0 for none, shape ``(n_pairs,)``.
        epochs: Passes over the training pairs.
        batch_size: Pairs in one step.
        learning_rate: Learning rate of Adam.
        validation_share: Share of the pairs that is held out, drawn at random.
        seed: Seed of the draw and of the order of batches.

    Returns:
        Loss and accuracy by epoch.

    Raises:
        SettingError: If no training pair is left.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(label), generator=generator)
    n_held_out = round(validation_share * len(label))
    held_out, rows = order[:n_held_out], order[n_held_out:]
    if len(rows) == 0:
        raise SettingError(
            f"validation_share {validation_share} of {len(label)} pairs leaves no pair to train on but one is needed. "
            "Give more pairs or a smaller share."
        )
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    history = FitHistory()
    for _ in range(epochs):
        loss, hits = 0.0, 0.0
        for batch in rows[torch.randperm(len(rows), generator=generator)].split(batch_size):  # type: ignore[no-untyped-call]
            logits = network(user[batch], item[batch]).squeeze(-1)
            step = functional.binary_cross_entropy_with_logits(logits, label[batch])
            optimiser.zero_grad()
            step.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            loss += step.item() * len(batch)
            hits += float(((logits > 0) == (label[batch] > 0.5)).sum())
        history.loss.append(loss / len(rows))
        history.accuracy.append(hits / len(rows))
        if n_held_out:
            with torch.no_grad():
                logits = network(user[held_out], item[held_out]).squeeze(-1)
            history.val_loss.append(float(functional.binary_cross_entropy_with_logits(logits, label[held_out])))
            history.val_accuracy.append(float(((logits > 0) == (label[held_out] > 0.5)).float().mean()))
    return history


@dataclass(frozen=True)
class HadamardRanker:
    """The MLP on U ⊙ V with learned embeddings of users and items, as a ranker.

    Attributes:
        width: Width of the embeddings.
        n_negatives: Random candidates for each pair of the training rows; a few of them are pairs themselves.
        epochs: Passes over the pairs.
        batch_size: Pairs in one step.
        learning_rate: Learning rate of Adam.
        seed: Seed of the first weights and of every draw.
        name: Name in tables.
    """

    width: int = 32
    n_negatives: int = 4
    epochs: int = 10
    batch_size: int = 4096
    learning_rate: float = 3e-3
    seed: int = 0
    name: str = "MLP on U ⊙ V"

    def fit(self, train: Interactions, /) -> Ranker:
        """Train on the distinct pairs of the rows and on random candidates.

        Args:
            train: Training rows.

        Returns:
            A ranker by the logit of a pair.
        """
        positive_user, positive_item = (torch.from_numpy(np.asarray(side)).long() for side in train.matrix().nonzero())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = HadamardMLP(
                nn.Embedding(len(train.user_ids), self.width),
                nn.Embedding(train.n_candidates, self.width),
                width=self.width,
            )
            negative = torch.randint(train.n_candidates, (len(positive_item) * self.n_negatives,))
        user = torch.cat([positive_user, positive_user.repeat(self.n_negatives)])
        item = torch.cat([positive_item, negative])
        label = torch.cat([torch.ones(len(positive_item)), torch.zeros(len(negative))])
        settings = {"epochs": self.epochs, "batch_size": self.batch_size, "seed": self.seed}
        fit_pairs(network, user, item, label, learning_rate=self.learning_rate, validation_share=0.0, **settings)

        def known(users: IndexArray) -> Scores:
            return _scores(network, users, train.n_candidates)

        return UserRows(train, known, n_buyers(train))


def _scores(network: HadamardMLP, users: IndexArray, n_candidates: int) -> Scores:
    """Return the logits of every pair of the users and candidates, shape ``(n_users, n_candidates)``."""
    candidates = torch.arange(n_candidates)
    scores = np.empty((len(users), n_candidates), dtype=np.float32)
    step = max(1, PAIRS_PER_PASS // max(1, n_candidates))
    for start in range(0, len(users), step):
        block = torch.from_numpy(users[start : start + step])
        with torch.no_grad():
            logits = network(block.repeat_interleave(n_candidates), candidates.repeat(len(block)))
        scores[start : start + step] = logits.reshape(len(block), n_candidates).numpy()
    return scores
