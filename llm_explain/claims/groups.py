"""Events of users, grouped by a key such as a user and a category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.occasions import Occasions, spans

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Floats
    from scoring.data.catalogue import IndexArray


@dataclass(frozen=True)
class Groups:
    """Occasions by key.

    Attributes:
        keys: Keys, ascending, shape ``(n_keys,)``.
        bounds: Place of each key's first occasion, and the number of occasions, shape ``(n_keys + 1,)``.
        moment: Local moment of each occasion, oldest first for each key, shape ``(n_occasions,)``.
        kind: Event kind of each occasion, an index into the shop's target kinds, shape ``(n_occasions,)``.
    """

    keys: IndexArray
    bounds: IndexArray
    moment: IndexArray
    kind: IndexArray

    def of(self, keys: IndexArray, as_of: IndexArray) -> Occasions:
        """Return the occasions of some keys.

        Args:
            keys: Keys, possibly repeated or without occasions, shape ``(n,)``.
            as_of: Local end of each history, shape ``(n,)``.

        Returns:
            Occasions of ``n`` groups, in the order given.
        """
        places, bounds = spans_of(self.keys, self.bounds, keys)
        moment, kind = self.moment[places], self.kind[places]
        first = np.zeros(len(keys), dtype=np.int64)
        has_one = bounds[1:] > bounds[:-1]
        first[has_one] = kind[bounds[:-1][has_one]]
        return Occasions(moment, bounds, as_of, first)


@dataclass(frozen=True)
class Paid:
    """Prices paid, by user and category.

    Attributes:
        keys: Keys of ``Evidence.category_key``, ascending, shape ``(n_keys,)``.
        bounds: Place of each key's lowest price, and the number of prices, shape ``(n_keys + 1,)``.
        price: Unit prices, lowest first for each key, shape ``(n,)``.
        row: Event of each price, shape ``(n,)``.
    """

    keys: IndexArray
    bounds: IndexArray
    price: Floats
    row: IndexArray


def starts(keys: IndexArray) -> IndexArray:
    """Return where each of some ascending keys begins, and how many there are, shape ``(n_distinct + 1,)``."""
    is_first = np.ones(len(keys) + 1, dtype=bool)
    is_first[1:-1] = keys[1:] != keys[:-1]
    return is_first.nonzero()[0] if len(keys) else np.zeros(1, dtype=np.int64)


def spans_of(names: IndexArray, bounds: IndexArray, keys: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Return the places of the values of some keys, and where each key's values begin among them.

    Args:
        names: Known keys, ascending, shape ``(n_keys,)``.
        bounds: First place of each known key, and the number of values, shape ``(n_keys + 1,)``.
        keys: Keys to look up, possibly repeated or unknown, shape ``(n,)``.

    Returns:
        Places, and bounds of shape ``(n + 1,)``; an unknown key has no values.
    """
    place = names.searchsorted(keys)
    is_known = place < len(names)
    is_known[is_known] = names[place[is_known]] == keys[is_known]
    with_empty = np.concatenate([bounds, bounds[-1:]])  # a last group without values, for the unknown keys
    place[~is_known] = len(names)
    return spans(with_empty, place)
