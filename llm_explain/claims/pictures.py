"""What the pictures of a shop's items prove: which look alike, and which have one colour.

The columns ``embedding_image`` and ``embedding_colour`` of the items come from the files (docs/pictures.md).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from scoring.data.tables import EMBEDDING_PREFIX

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags, Floats
    from scoring.data.catalogue import Catalogue, IndexArray

EMBEDDING_IMAGE: Final = f"{EMBEDDING_PREFIX}image"
EMBEDDING_COLOUR: Final = f"{EMBEDDING_PREFIX}colour"
LEAST_PICTURES: Final = 100
"""Pictures from which on "the nearest 1 %" is a number of items."""

NEAR_SHARE: Final = 100
MOST_DISTANCE: Final = 0.5
"""Euclidean distance of unit vectors up to which two pictures look alike: a cosine of at least .875."""

LEAST_SHARE: Final = 0.6
MOST_DIFFERENCE: Final = 0.04
"""CIELAB distance, divided by 100, up to which two main colours are the same."""

COLOURS: Final = {
    # name: hue from, to (degrees in CIELAB), lightness from, to, chroma from, to
    "red": (25, 45, 30, 62, 45, 200),
    "orange": (50, 73, 55, 85, 45, 200),
    "brown": (40, 80, 15, 45, 15, 50),
    "yellow": (80, 110, 70, 101, 40, 200),
    "green": (120, 180, 20, 90, 25, 200),
    "blue": (240, 307, 20, 80, 25, 200),
    "purple": (310, 331, 20, 55, 30, 200),
    "pink": (345, 380, 60, 90, 20, 200),
}
"""Ranges in which a colour has its plain name; between them it has none."""


def has_pictures(catalogue: Catalogue) -> bool:
    """Return whether the items table has the columns of pictures."""
    return {EMBEDDING_IMAGE, EMBEDDING_COLOUR} <= set(catalogue.items.columns)


class Pictures:
    """Pictures of the catalogue.

    Args:
        catalogue: The shop's items, with the columns of pictures.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @cached_property
    def is_there(self) -> Flags:
        """Whether each item has a picture, shape ``(n_items,)``."""
        return np.asarray(self._catalogue.items[EMBEDDING_IMAGE].notna(), dtype=bool)

    @cached_property
    def vectors(self) -> Floats:
        """Embedding of each picture, of unit length, zeros without one, shape ``(n_items, d)``."""
        return self._column(EMBEDDING_IMAGE)

    @cached_property
    def colours(self) -> Floats:
        """L, a and b divided by 100 and the share of the main colour, zeros without one, ``(n_items, 4)``."""
        return self._column(EMBEDDING_COLOUR)

    @cached_property
    def colour_names(self) -> list[str]:
        """Plain name of each item's main colour; empty for a colour between two names."""
        L, a, b, share = (self.colours * np.array([100, 100, 100, 1])).T
        hue, chroma = np.degrees(np.arctan2(b, a)) % 360, np.hypot(a, b)
        names = np.full(len(L), "", dtype=object)
        for name, (hue_from, hue_to, light_from, light_to, chroma_from, chroma_to) in COLOURS.items():
            turned = np.where(hue + 360 < hue_to, hue + 360, hue)  # pink lies around 0
            fits = (turned >= hue_from) & (turned < hue_to) & (chroma >= chroma_from) & (chroma < chroma_to)
            names[fits & (light_from <= L) & (light_to > L) & (share >= LEAST_SHARE)] = name
        return [str(name) for name in names]

    def distances(self, items: IndexArray) -> Floats:
        """Return the Euclidean distance of every picture to those of some items, shape ``(n, n_items)``."""
        distance: Floats = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * self.vectors[items] @ self.vectors.T))
        return distance.round(5)

    def places(self, items: IndexArray, title_index: IndexArray) -> Floats:
        """Return how near each picture is to that of some items.

        Args:
            items: Row numbers, shape ``(n,)``.
            title_index: Number of each item's visible title, shape ``(n_items,)``.

        Returns:
            Place by distance among the pictures of other titles, 1 for the nearest, equal distances sharing the first
            place; infinite for items that do not take part, shape ``(n, n_items)``.
        """
        distance = self.distances(items)
        takes_part = self.is_there[None, :] & (title_index[items][:, None] != title_index[None, :])
        takes_part &= self.is_there[items][:, None]
        distance[~takes_part] = np.inf
        place = np.full(distance.shape, np.inf)
        for row, own in enumerate(distance):
            ascending = np.sort(own)
            place[row] = np.where(np.isfinite(own), np.searchsorted(ascending, own) + 1.0, np.inf)
        return place

    def _column(self, name: str) -> Floats:
        values = self._catalogue.items[name].tolist()
        width = next((len(value) for value, there in zip(values, self.is_there, strict=True) if there), 0)
        empty = np.zeros(width)
        rows = [value if there else empty for value, there in zip(values, self.is_there, strict=True)]
        return np.stack(rows).astype(np.float64) if rows else np.zeros((0, width))
