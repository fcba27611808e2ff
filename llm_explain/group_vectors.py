"""What each history group adds to the user embedding: the vectors A_g of DESIGN.md §5, and a bounded store of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.recent import Recent
from llm_explain.shapley import all_coalitions, shapley_values

if TYPE_CHECKING:
    from llm_explain.glass_box import UserTokens
    from llm_explain.partition import Partition
    from llm_explain.shapley import FloatArray
    from scoring.history import History


@dataclass(frozen=True, slots=True, eq=False)
class GroupVectors:
    """Shapley values of the user embedding.

    Attributes:
        empty: U of no group at all, shape ``(d,)``.
        added: A, what each group adds to U, shape ``(n_groups, d)``; ``empty + added.sum(0)`` is U of all groups.
    """

    empty: FloatArray
    added: FloatArray


def group_vectors(state: UserTokens, groups: Partition) -> GroupVectors:
    """Return what each group of a partition adds to the user embedding.

    Args:
        state: The user's tokens.
        groups: A partition of them.

    Returns:
        The vectors, from 2^n_groups passes of the head that follows the pooling.
    """
    sums = state.group_sums(groups.group_of(state.categories), len(groups))  # (n_groups, d_sum)
    coalitions = all_coalitions(len(groups)).astype(np.float64)
    embedding = np.asarray(state.embed(coalitions @ sums), dtype=np.float64)  # (2^n_groups, d)
    return GroupVectors(embedding[0], shapley_values(embedding))


class VectorCache(Recent[GroupVectors]):
    """The most recently used group vectors, by what a history holds and how it is divided.

    One cache serves one scorer.

    Args:
        max_entries: Histories and partitions to keep; one takes about 5 KB.
    """

    def __init__(self, max_entries: int = 1024) -> None:
        super().__init__(max_entries)
        self._latest: tuple[History, bytes] | None = None

    def clear(self) -> None:
        """Forget every history."""
        super().clear()
        self._latest = None

    def get(self, state: UserTokens, groups: Partition) -> GroupVectors:
        """Return the vectors, computed now or before.

        Args:
            state: The user's tokens.
            groups: A partition of them.

        Returns:
            The vectors.
        """
        key = (self._digest(state.history), groups.categories)
        return self.get_or_make(key, lambda: group_vectors(state, groups))

    def _digest(self, history: History) -> bytes:
        latest = self._latest  # a list of items asks for one history many times
        if latest is None or latest[0] is not history:
            latest = self._latest = (history, history_digest(history))
        return latest[1]


def history_digest(history: History) -> bytes:
    """Return a digest of everything that a history says, its moment included."""
    digest = hashlib.blake2b(str(history.as_of.value).encode(), digest_size=16)
    for field in fields(history):
        if field.name in {"user_id", "as_of"}:
            continue
        column = getattr(history, field.name)
        if column.dtype == object:
            digest.update("\0".join(map(str, column)).encode())
        else:
            digest.update(column.tobytes())
    return digest.digest()
