"""Group vectors: what each history group adds to the user embedding (A_g of docs/design.md §5), and a cache of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.lru_cache import LRUCache
from llm_explain.attribution.shapley import all_coalitions, shapley_values

if TYPE_CHECKING:
    from llm_explain.attribution.additive_scorer import UserTokens
    from llm_explain.attribution.partition import Partition
    from llm_explain.attribution.shapley import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class GroupVectors:
    """Shapley values of the user embedding.

    Attributes:
        empty: U of the empty coalition, shape ``(d,)``.
        added: Shapley values A of the groups, shape ``(n_groups, d)``; ``empty + added.sum(0)`` is U of all groups.
    """

    empty: FloatArray
    added: FloatArray


def group_vectors(state: UserTokens, groups: Partition) -> GroupVectors:
    """Return the Shapley values of the groups of a partition for the user embedding.

    Args:
        state: The user's tokens.
        groups: A partition of them.

    Returns:
        The vectors, from 2^n_groups passes of the head that follows the pooling.
    """
    sums = state.group_sums(groups.group_of(state.categories), len(groups))  # (n_groups, d_sum)
    coalitions = all_coalitions(len(groups)).astype(np.float64)
    embedding = np.asarray(state.embed(coalitions @ sums), dtype=np.float64)  # (2^n_groups, d)
    return GroupVectors(embedding[0].copy(), shapley_values(embedding))  # a view would keep all coalitions


class VectorCache(LRUCache[GroupVectors]):
    """LRU cache of group vectors, by history and partition. One cache serves one scorer.

    Args:
        max_entries: Histories and partitions to keep; one takes about 5 KB.
    """

    def __init__(self, max_entries: int = 1024) -> None:
        super().__init__(max_entries)

    def get(self, state: UserTokens, groups: Partition) -> GroupVectors:
        """Return the vectors from the cache, or compute them.

        Args:
            state: The user's tokens.
            groups: A partition of them.

        Returns:
            The vectors.
        """
        key = (state.history.digest, groups.categories)
        return self.get_or_make(key, lambda: group_vectors(state, groups))


class VersionVectors(VectorCache):
    """The vectors of one version of a catalogue, in a cache that all versions share.

    Args:
        shared: The cache.
        number: Number of the version.
    """

    def __init__(self, shared: VectorCache, number: int) -> None:
        super().__init__(1)
        self._shared, self._number = shared, number

    def get(self, state: UserTokens, groups: Partition) -> GroupVectors:
        """Return the vectors from the shared cache, or compute them."""
        key = (self._number, state.history.digest, groups.categories)
        return self._shared.get_or_make(key, lambda: group_vectors(state, groups))
