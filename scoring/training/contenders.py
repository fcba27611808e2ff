"""The items that compete for a user's first places, so that weights are searched over a few columns instead of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from scoring.training.quality import Asked, best

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import IndexArray

N_CONTENDERS: Final = 30
"""Best items of each part that contend."""

Scores = npt.NDArray[np.float32]


class Contenders:
    """Collects, for one row of scores after the other, what was bought and the best items of each part."""

    def __init__(self) -> None:
        self._values: list[Scores] = []
        self._places: list[IndexArray] = []

    def add(self, parts: Sequence[Scores], tried: Sequence[Scores], asked: Asked) -> None:
        """Add rows.

        Args:
            parts: Parts of the score, each of shape ``(n_rows, n_items)``.
            tried: Scores whose best items contend, each of the same shape.
            asked: What was bought in these rows.
        """
        chosen = [_best(scores, asked) for scores in tried]
        for row, is_hit in enumerate(asked.is_hit):
            place = np.unique(np.concatenate([np.flatnonzero(is_hit), *(places[row] for places in chosen)]))
            self._places.append(place)
            self._values.append(np.stack([part[row, place] for part in parts]))

    def collected(self, asked: Asked) -> tuple[Scores, Asked]:
        """Return the contenders of all rows.

        Args:
            asked: What was bought in all rows that were added.

        Returns:
            Each part's value of the contenders, shape ``(n_parts, n_rows, n_contenders)``, and which were bought.
        """
        width = max(map(len, self._places))
        shape = len(self._places), width
        values = np.zeros((len(self._values[0]), *shape), dtype=np.float32)
        padded, is_padding = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=bool)
        for row, (place, value) in enumerate(zip(self._places, self._values, strict=True)):
            values[:, row, : len(place)], padded[row, : len(place)], is_padding[row, : len(place)] = value, place, False
        found = asked.at(padded)
        return values, Asked(found.is_hit & ~is_padding, found.is_owned, found.is_out | is_padding, asked.only_new)


def _best(scores: Scores, asked: Asked) -> IndexArray:
    """Return the best places of each user, and the best of those that are new to the user."""
    open_ = np.where(asked.is_out, -np.inf, scores)
    fresh = np.where(asked.is_owned, -np.inf, open_)
    found = [best(fresh, N_CONTENDERS)] if asked.only_new else [best(each, N_CONTENDERS) for each in (open_, fresh)]
    return np.concatenate(found, axis=1)
