"""Categories of a like meaning: "soda" means "soft drinks"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scoring.features.titles import Floats

LIKE: Final = 0.6
"""Least cosine of words and a category that they mean, as "soda" means "soft drinks"."""

AS_LIKE: Final = 0.05
"""Largest difference of cosines of two categories among which the words do not tell."""

OF_FAMILY: Final = 0.68
"""Least cosine of words and each category of a family that they name, as "meat" names beef, pork and chicken."""

LEAST_FAMILY: Final = 3
"""Least number of categories of a family."""


class Meanings:
    """Compares words with the names of categories, by a sentence encoder.

    Args:
        categories: Names of each category.
        encoder: Turns texts into embeddings of unit length.
    """

    def __init__(self, categories: Mapping[str, Sequence[str]], encoder: Callable[[list[str]], Floats]) -> None:
        pairs = [(category, name) for category, names in categories.items() for name in dict.fromkeys(names)]
        self._category = np.array([category for category, _ in pairs])
        self._encoder = encoder
        self._embeddings = encoder([name for _, name in pairs]) if len(pairs) > 1 else None

    def near(self, texts: list[str]) -> list[tuple[str, ...]]:
        """Return the categories that each text means: none, one, or several, the nearest first."""
        if self._embeddings is None or not texts:
            return [()] * len(texts)
        return [self._nearest(cosines) for cosines in self._encoder(texts) @ self._embeddings.T]

    def _nearest(self, cosines: Floats) -> tuple[str, ...]:
        best = float(cosines.max())
        if best < LIKE:
            return ()
        order = np.argsort(-cosines)
        family = tuple(dict.fromkeys(self._category[order[cosines[order] >= OF_FAMILY]].tolist()))
        near = tuple(dict.fromkeys(self._category[order[cosines[order] >= best - AS_LIKE]].tolist()))
        return family if len(family) >= LEAST_FAMILY and len(family) > len(near) else near
