"""Attention weights of the user tower as an explanation, which they were never meant to be.

Source: Jain & Wallace (2019), "Attention is not explanation", arXiv:1902.10186.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from scoring.data.log import Log
from scoring.features.own_history import own_evidence
from scoring.features.windows import item_stats
from scoring.model.batches import BucketRows, token_events
from scoring.model.user_tower import segment_sum, soft_cap

if TYPE_CHECKING:
    from scoring.data.history import History
    from scoring.scorer.scorer import GlassBoxScorer


@torch.no_grad()
def attention_of_items(scorer: GlassBoxScorer, history: History) -> dict[int, float]:
    """Return how much of the user tower's attention each item of a history gets.

    An item's attention is its share within its category, averaged over heads, times the category's share of the
    pooling, averaged over queries.

    Args:
        scorer: The trained scorer.
        history: The user's events.

    Returns:
        Attention by ``item_index``; it sums to less than 1, since the pooling keeps some for itself.
    """
    tower = scorer.model.user_tower
    stats = item_stats(scorer.snapshot, scorer.links)
    own = own_evidence(Log.from_histories([history]), 0.0, scorer.buckets, stats)
    user, bucket, x = (
        torch.from_numpy(column) for column in (own.buckets[0].user, own.buckets[0].bucket, own.buckets[0].x)
    )
    rows = BucketRows(user, bucket, x, scorer.buckets.n_buckets[0])
    events = token_events(own.user, scorer.buckets.of_item[0, own.item], torch.from_numpy(own.x), rows, 1)
    items = scorer.trunk[torch.from_numpy(own.item)].double()
    weight = soft_cap(tower.key(items) + tower.read(events.x)).exp()  # (n_pairs, heads)
    within = weight / segment_sum(weight, events.group, len(events.group_user))[events.group]
    tokens = tower.tokens(events, items)
    pooled = soft_cap(tower.query(tokens)).exp()  # (n_tokens, queries)
    share = pooled / (pooled.sum(dim=0) + F.softplus(tower.sink)[:, 0])
    attention = within.mean(dim=1) * share.mean(dim=1)[events.group]
    return dict(zip(own.item.tolist(), np.asarray(attention).tolist(), strict=True))
