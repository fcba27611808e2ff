"""What training makes small: a pointwise loss over all items, a listwise loss over items new to the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

if TYPE_CHECKING:
    from torch import Tensor

    from scoring.batches import Batch

HIDDEN = -1e9
"""Logit of a candidate that is out of the running."""


def listwise(logits: Tensor, user: Tensor, item: Tensor) -> Tensor:
    """Return the cross-entropy of a softmax over items, a user with n purchases weighing √n.

    Source: Cao et al. (2007), Learning to rank: from pairwise approach to listwise approach.

    Args:
        logits: Scores, shape ``(n_items, n_users)``.
        user: Who bought, shape ``(n_positives,)``.
        item: What, shape ``(n_positives,)``.

    Returns:
        A scalar.
    """
    n = torch.bincount(user, minlength=logits.shape[1]).clamp(min=1).to(logits.dtype)  # (n_users,)
    gap = logits.logsumexp(dim=0)[user] - logits[item, user]  # (n_positives,)
    weight = n.rsqrt()[user]
    return (gap * weight).sum() / weight.sum().clamp(min=1e-9)


def pointwise(logits: Tensor, user: Tensor, item: Tensor) -> Tensor:
    """Return the binary cross-entropy of all pairs, per purchase; it keeps every score a log-odds.

    Args:
        logits: Scores, shape ``(n_items, n_users)``.
        user: Who bought, shape ``(n_positives,)``.
        item: What, shape ``(n_positives,)``.

    Returns:
        A scalar.
    """
    total = softplus(logits).sum() - logits[item, user].sum()
    return total / max(len(user), 1)


def training_loss(logits: Tensor, batch: Batch, owned_weight: float, new_weight: float) -> tuple[Tensor, Tensor]:
    """Return the pointwise loss over all items and the listwise loss over items new to the user.

    The first ranks what is bought again and keeps probabilities honest; the second teaches the towers, which the
    user's own history would otherwise leave idle. Items that the user bought before weigh more, purchase or not: they
    are few among all items and most of every list.

    Args:
        logits: Scores of the candidates, shape ``(n_candidates, n_users)``.
        batch: Who had bought what, and who bought what next.
        owned_weight: Extra weight of items that the user bought before.
        new_weight: Weight of the listwise loss.

    Returns:
        Two scalars, both weighted.
    """
    bought = torch.zeros(logits.shape, dtype=torch.bool, device=logits.device)
    bought[batch.bought_item, batch.bought_user] = True
    is_candidate = batch.pair_candidate >= 0
    item, user = batch.pair_candidate[is_candidate], batch.pair_user[is_candidate]
    again = binary_cross_entropy_with_logits(logits[item, user], bought[item, user].to(logits.dtype), reduction="sum")
    everything = pointwise(logits, batch.bought_user, batch.bought_item)
    owned = torch.zeros_like(bought)
    owned[item, user] = True
    is_new = ~owned[batch.bought_item, batch.bought_user]
    fresh = listwise(logits.masked_fill(owned, HIDDEN), batch.bought_user[is_new], batch.bought_item[is_new])
    return everything + owned_weight * again / max(len(batch.bought_user), 1), new_weight * fresh
