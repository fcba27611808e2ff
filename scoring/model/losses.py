"""What training makes small: a pointwise loss over contenders, a listwise loss over items new to the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from scoring.model.batches import Batch

HIDDEN = -1e9
"""Logit of a candidate that is out of the running."""

N_CONTENDERS = 50
"""New items that contend with what the user bought before: the best so many by score."""


def listwise(logits: Tensor, user: Tensor, item: Tensor, mean: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the cross-entropy of a softmax over items, a user with n purchases weighing √n.

    Source: Cao et al. (2007), Learning to rank: from pairwise approach to listwise approach.

    Args:
        logits: Scores, shape ``(n_items, n_users)``.
        user: Who bought, shape ``(n_positives,)``.
        item: What, shape ``(n_positives,)``.
        mean: Returns the mean of a value over the processes of a step.

    Returns:
        A scalar.
    """
    n = torch.bincount(user, minlength=logits.shape[1]).clamp(min=1).to(logits.dtype)  # (n_users,)
    gap = logits.logsumexp(dim=0)[user] - logits[item, user]  # (n_positives,)
    weight = n.rsqrt()[user]
    return (gap * weight).sum() / mean(weight.sum()).clamp(min=1e-9)


def training_loss(
    logits: Tensor, batch: Batch, *, new_weight: float, temperature: float, mean: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the pointwise loss over contenders and the listwise loss over items new to the user.

    The first tells what is bought again and keeps the scores of a list log-odds. The second teaches what is new, at a
    low temperature: among new items only their order counts, so they may stand close together, and what the towers say
    of thousands of them does not drown what the user's own history says of a few.

    Args:
        logits: Scores of the candidates, shape ``(n_candidates, n_users)``.
        batch: Who had bought what, and who bought what next.
        new_weight: Weight of the second.
        temperature: Of its softmax; below 1.
        mean: Returns the mean of a value over the processes of a step. So the mean of their losses is the loss of one
            process with the users of all.

    Returns:
        Two scalars, the second already weighted.
    """
    bought = torch.zeros(logits.shape, dtype=torch.bool, device=logits.device)
    bought[batch.bought_item, batch.bought_user] = True
    is_candidate = batch.pair_candidate >= 0
    item, user = batch.pair_candidate[is_candidate], batch.pair_user[is_candidate]
    owned = torch.zeros_like(bought)
    owned[item, user] = True
    fresh = logits.masked_fill(owned, HIDDEN)
    best = fresh.detach().topk(min(N_CONTENDERS, len(logits)), dim=0).indices  # (n_contenders, n_users)
    contenders = torch.cat([logits[item, user], fresh.gather(0, best).flatten()])
    hits = torch.cat([bought[item, user], (bought & ~owned).gather(0, best).flatten()])
    pointwise = binary_cross_entropy_with_logits(contenders, hits.to(logits.dtype), reduction="sum")
    is_new = ~owned[batch.bought_item, batch.bought_user]
    new = listwise(fresh / temperature, batch.bought_user[is_new], batch.bought_item[is_new], mean)
    n_bought = mean(pointwise.new_tensor(len(batch.bought_user))).clamp(min=1.0)
    return pointwise / n_bought, new_weight * new
