"""Group vectors: what each history group adds to the user embedding (A_g of docs/design.md §5), and a cache of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.lru_cache import LRUCache
from llm_explain.attribution.shapley import MAX_PLAYERS, all_coalitions, shapley_weights

if TYPE_CHECKING:
    import numpy.typing as npt

    from llm_explain.attribution.partition import Partition
    from llm_explain.attribution.shapley import FloatArray
    from scoring.scorer.user_state import UserState

    Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class GroupVectors:
    """Shapley values of the user embedding.

    Attributes:
        empty: U of the empty coalition, shape ``(d,)``.
        added: Shapley values A of the groups, shape ``(n_groups, d)``; ``empty + added.sum(0)`` is U of all groups.
    """

    empty: FloatArray
    added: FloatArray


def group_vectors(state: UserState, groups: Partition, *, is_single: bool = False) -> GroupVectors:
    """Return the Shapley values of the groups of a partition for the user embedding.

    Args:
        state: The user's tokens.
        groups: A partition of them.
        is_single: Whether coalitions are computed in single precision, which takes half of the time. The values are
            corrected to their exact sum; the error of each is below 1e-6.

    Returns:
        The vectors, from 2^n_groups passes of the head that follows the pooling.
    """
    sums = state.group_sums(groups.group_of(state.categories), len(groups))  # (n_groups, d_sum)
    empty, full = state.ends
    coalitions, weights = _matrices(len(groups), is_single)
    added = state.embed_coalitions(sums.astype(weights.dtype, copy=False), coalitions, weights).astype(np.float64)
    gap = full - empty - added.sum(axis=0)
    return GroupVectors(empty, added + gap / max(len(groups), 1))


@lru_cache(maxsize=2 * MAX_PLAYERS)
def _matrices(n_groups: int, is_single: bool) -> tuple[Floats, Floats]:
    """Return coalitions, shape ``(2^n_groups, n_groups)``, and their Shapley weights, transposed, as numbers."""
    dtype = np.float32 if is_single else np.float64
    return all_coalitions(n_groups).astype(dtype), shapley_weights(n_groups).astype(dtype)


class VectorCache(LRUCache[GroupVectors]):
    """LRU cache of group vectors, by history and partition. One cache serves one scorer.

    Args:
        max_entries: Histories and partitions to keep; one takes about 25 KB.
        is_single: Whether vectors are computed in single precision.
    """

    def __init__(self, max_entries: int = 256, *, is_single: bool = False) -> None:
        super().__init__(max_entries)
        self.is_single = is_single

    def get(self, state: UserState, groups: Partition) -> GroupVectors:
        """Return the vectors from the cache, or compute them.

        Args:
            state: The user's tokens.
            groups: A partition of them.

        Returns:
            The vectors.
        """
        key = (state.history.digest, groups.categories)
        return self.get_or_make(key, lambda: group_vectors(state, groups, is_single=self.is_single))


class VersionVectors(VectorCache):
    """The vectors of one version of a catalogue, in a cache that all versions share.

    Args:
        shared: The cache.
        number: Number of the version.
    """

    def __init__(self, shared: VectorCache, number: int) -> None:
        super().__init__(1)
        self._shared, self._number = shared, number

    def get(self, state: UserState, groups: Partition) -> GroupVectors:
        """Return the vectors from the shared cache, or compute them."""
        key = (self._number, state.history.digest, groups.categories)
        return self._shared.get_or_make(key, lambda: group_vectors(state, groups, is_single=self._shared.is_single))
