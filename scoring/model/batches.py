"""Some users of a window as tensors, with parts of their evidence hidden in training."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from scoring.features.context import TERMS
from scoring.features.copurchase import CoPurchase
from scoring.features.own_history import COUNT
from scoring.model.user_tower import TokenEvents

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray
    from scoring.features.windows import TrainingData, Window


@dataclass(frozen=True)
class BucketRows:
    """Evidence of one kind of bucket for the users of a batch."""

    user: Tensor
    bucket: Tensor
    x: Tensor
    n_buckets: int


@dataclass(frozen=True)
class Batch:
    """Some users at one moment, as tensors; users are renumbered from 0.

    Attributes:
        n_users: Number of users.
        events: Input of the user tower.
        pair_user: Whose bought item, shape ``(n_pairs,)``.
        pair_row: Its row among the item inputs, shape ``(n_pairs,)``.
        pair_candidate: Its place among the candidates, −1 for another item, shape ``(n_pairs,)``.
        pair_x: Its features, shape ``(n_pairs, n_pair_features)``.
        buckets: Evidence of buckets, by kind.
        context: Context of the candidates, shape ``(n_candidates, n_columns)``.
        present_terms: 1 where a context term is present, shape ``(n_users, n_terms)``.
        bought_user: Whose purchase within the horizon, shape ``(n_positives,)``.
        bought_item: Which candidate, shape ``(n_positives,)``.
        step_item: The same for all users of the step, shape ``(n_step,)``.
        link_user: Users' side of co-purchase, shape ``(n_users, rank)``.
        link_item: Candidates' side of it, shape ``(n_candidates, rank)``.
        items: Row numbers in the catalogue of the item inputs, candidates first, shape ``(n_rows,)``.
        is_available: Candidates that were there at the moment, shape ``(n_candidates,)``.
    """

    n_users: int
    events: TokenEvents
    pair_user: Tensor
    pair_row: Tensor
    pair_candidate: Tensor
    pair_x: Tensor
    buckets: tuple[BucketRows, ...]
    context: Tensor
    present_terms: Tensor
    bought_user: Tensor
    bought_item: Tensor
    step_item: Tensor
    link_user: Tensor
    link_item: Tensor
    items: Tensor
    is_available: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return move(self, device)


T = TypeVar("T")


def move(value: T, device: torch.device) -> T:
    """Return a dataclass of tensors, possibly nested, on a device.

    Args:
        value: A tensor, a dataclass, a tuple, or anything else, which stays as it is.
        device: Where to.

    Returns:
        The same shape of value.
    """
    if isinstance(value, Tensor):
        return cast("T", value.to(device))
    if isinstance(value, tuple):
        return cast("T", tuple(move(part, device) for part in value))
    if is_dataclass(value) and not isinstance(value, type):
        return cast("T", replace(value, **{f.name: move(getattr(value, f.name), device) for f in fields(value)}))
    return value


@dataclass(frozen=True)
class Dropout:
    """How much of a batch to hide, so that a coalition is a normal input.

    Attributes:
        groups: A user's categories are hidden with a probability drawn evenly from 0 to this, for half of the users.
        terms: Probability that a context term is hidden.
        rng: Source of chance.
    """

    groups: float
    terms: float
    rng: np.random.Generator


def make_batch(
    shop: TrainingData, window: Window, users: IndexArray, dropout: Dropout | None = None, share: slice = slice(None)
) -> Batch:
    """Cut some users out of a window.

    Args:
        shop: What every window shares.
        window: The moment.
        users: Users of the step, ascending.
        dropout: What to hide; ``None`` to hide nothing.
        share: Users of the step that this process computes; the processes of a step draw the same dropout.

    Returns:
        The batch of ``users[share]``.
    """
    n_users, buckets = len(users), shop.buckets
    step_item = window.bought_item[_rows_of(window.bought_user, users)[0]]
    present = np.ones((n_users, buckets.n_buckets[0]), dtype=bool)  # (n_users, n_categories)
    terms = np.ones((n_users, len(TERMS)), dtype=np.float32)
    if dropout is not None:
        rate = dropout.rng.uniform(0, dropout.groups, n_users) * (dropout.rng.random(n_users) < 0.5)
        present = dropout.rng.random(present.shape) >= rate[:, None]
        terms = (dropout.rng.random(terms.shape) >= dropout.terms).astype(np.float32)
    users, present, terms = users[share], present[share], terms[share]
    n_users = len(users)

    rows, user = _rows_of(window.own.user, users)
    item = window.own.item[rows]
    keep = present[user, buckets.of_item[0, item]]
    rows, user, item = rows[keep], user[keep], item[keep]
    place = shop.place()
    others = np.unique(item[place[item] < 0])
    row_of_item = place.copy()
    row_of_item[others] = len(shop.candidates) + np.arange(len(others))

    bucket_rows = []
    for kind, evidence in enumerate(window.own.buckets):
        at, bucket_user = _rows_of(evidence.user, users)
        keep = present[bucket_user, buckets.category_of_bucket[kind][evidence.bucket[at]]]
        at, bucket_user = at[keep], bucket_user[keep]
        bucket_rows.append(
            BucketRows(_long(bucket_user), _long(evidence.bucket[at]), _float(evidence.x[at]), buckets.n_buckets[kind])
        )
    at, bought_user = _rows_of(window.bought_user, users)
    pair_x = _float(window.own.x[rows])
    return Batch(
        n_users=n_users,
        events=token_events(user, buckets.of_item[0, item], pair_x, bucket_rows[0], n_users),
        pair_user=_long(user),
        pair_row=_long(row_of_item[item]),
        pair_candidate=_long(place[item]),
        pair_x=pair_x,
        buckets=tuple(bucket_rows),
        context=_float(window.context),
        present_terms=torch.from_numpy(terms),
        bought_user=_long(bought_user),
        bought_item=_long(window.bought_item[at]),
        step_item=_long(step_item),
        link_user=_float(link_user(window.links, user, item, window.own.x[rows, COUNT], n_users)),
        link_item=_float(window.links.target),
        items=_long(np.concatenate([shop.candidates, others])),
        is_available=torch.from_numpy(window.is_available),
    )


def link_user(
    links: CoPurchase, user: IndexArray, item: IndexArray, weight: FloatArray, n_users: int
) -> npt.NDArray[np.float64]:
    """Add up the users' side of co-purchase.

    Args:
        links: Co-purchase.
        user: Whose bought item (or which token), shape ``(n_pairs,)``.
        item: The item, shape ``(n_pairs,)``.
        weight: Its weight, shape ``(n_pairs,)``.
        n_users: Number of rows.

    Returns:
        Sums, shape ``(n_users, rank)``.
    """
    known, place = np.unique(item, return_inverse=True)  # a few rows of the catalogue
    rows = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([user, place])), torch.from_numpy(weight.astype(np.float64)), (n_users, len(known)),
        check_invariants=False,
    )  # fmt: skip
    sums: npt.NDArray[np.float64] = torch.sparse.mm(rows, torch.from_numpy(links.source_of(known))).numpy()
    return sums


def token_events(
    user: IndexArray, category: IndexArray, pair_x: Tensor, by_category: BucketRows, n_users: int
) -> TokenEvents:
    """Group bought items into tokens, one for each (user, category).

    Args:
        user: Whose bought item, shape ``(n_pairs,)``.
        category: Its category, shape ``(n_pairs,)``.
        pair_x: Its features, shape ``(n_pairs, n_pair_features)``.
        by_category: The same users' evidence by category, sorted by user and category.
        n_users: Number of users.

    Returns:
        Input of the user tower.
    """
    n_categories = by_category.n_buckets
    key = by_category.user.numpy() * n_categories + by_category.bucket.numpy()
    group = np.searchsorted(key, user * n_categories + category)
    return TokenEvents(
        _long(group), pair_x.nan_to_num(0.0), by_category.user, by_category.bucket, by_category.x, n_users
    )


def _rows_of(sorted_user: IndexArray, users: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Return the rows of some users in an array sorted by user, and each row's new user number."""
    start, end = np.searchsorted(sorted_user, users), np.searchsorted(sorted_user, users, side="right")
    new = np.repeat(np.arange(len(users)), end - start)
    first = np.concatenate([[0], np.cumsum(end - start)[:-1]]) if len(users) else start
    rows = np.arange(len(new)) - first[new] + start[new]
    return rows.astype(np.int64), new.astype(np.int64)


def _long(values: npt.NDArray[np.integer]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int64))


def _float(values: npt.NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
