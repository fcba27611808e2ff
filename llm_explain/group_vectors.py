"""What each history group adds to the user embedding: the vectors A_g of DESIGN.md §5, and a bounded store of them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, fields
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.errors import SettingError
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


class VectorCache:
    """The most recently used group vectors, by what a history holds and how it is divided.

    One cache serves one scorer. It may be shared by threads.

    Args:
        max_entries: Histories and partitions to keep; one takes about 5 KB.

    Raises:
        SettingError: If there is room for none.
    """

    def __init__(self, max_entries: int = 1024) -> None:
        if max_entries < 1:
            raise SettingError(f"max_entries is {max_entries} but at least 1 is needed. Leave the cache out instead.")
        self.max_entries = max_entries
        self._entries: OrderedDict[tuple[Any, ...], GroupVectors] = OrderedDict()
        self._lock = Lock()
        self.n_hits = self.n_misses = 0
        self._latest: tuple[History, bytes] | None = None

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def clear(self) -> None:
        """Forget every history."""
        with self._lock:
            self._entries.clear()
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
        with self._lock:
            if key in self._entries:
                self.n_hits += 1
                self._entries.move_to_end(key)
                return self._entries[key]
            self.n_misses += 1
        vectors = group_vectors(state, groups)
        with self._lock:
            self._entries[key] = vectors
            while len(self._entries) > self.max_entries:
                self._entries.popitem(last=False)
        return vectors

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
