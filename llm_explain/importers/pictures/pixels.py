"""What pixels prove: the foreground of a product picture and its main colour in CIELAB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from llm_explain.errors import MissingExtraError, TableError

if TYPE_CHECKING:
    from pathlib import Path

BACKGROUND_DISTANCE: Final = 12.0
"""CIELAB distance from which on a pixel differs from the background."""

COLOUR_DISTANCE: Final = 15.0
"""CIELAB distance up to which a pixel has the main colour."""

LONGEST_SIDE: Final = 256

MOST_PIXELS: Final = 50_000_000

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""Formats that Pillow reads by itself; others, such as EPS, start another program."""


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture on white, at most 256 pixels wide and high.

    Args:
        path: A picture in one of the ``FORMATS``.

    Returns:
        RGB, shape ``(height, width, 3)``.

    Raises:
        TableError: If the file is missing or no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=FORMATS) as opened:
            is_large = opened.width * opened.height > MOST_PIXELS
            if not is_large:
                opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                picture = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise TableError(f"{path} is not a readable picture but one is needed ({error}). Replace the file.") from error
    if is_large:
        raise TableError(f"{path} has more than {MOST_PIXELS:,} pixels but a smaller picture is needed. Scale it down.")
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"), dtype=np.uint8)


def lab_of(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return a picture in CIELAB, shape ``(height, width, 3)``."""
    with MissingExtraError.unless_installed("colours of pictures", "pictures", package="scikit-image"):
        from skimage.color import rgb2lab
    return np.asarray(rgb2lab(picture), dtype=np.float64)


def foreground(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which pixels differ from the background, the median colour of the picture's border.

    Args:
        picture: RGB, shape ``(height, width, 3)``.

    Returns:
        Truth values, shape ``(height, width)``; all true for a picture of one colour.
    """
    lab = lab_of(picture)
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    differs = np.linalg.norm(lab - np.median(border, axis=0), axis=2) > BACKGROUND_DISTANCE
    return differs if differs.any() else np.ones_like(differs)


def main_colour(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the median colour of the foreground, and how much of the foreground has it.

    Args:
        picture: RGB, shape ``(height, width, 3)``.

    Returns:
        L, a, b and the share of foreground pixels within ``COLOUR_DISTANCE``, shape ``(4,)``.
    """
    own = lab_of(picture)[foreground(picture)]
    median = np.median(own, axis=0)
    share = float((np.linalg.norm(own - median, axis=1) <= COLOUR_DISTANCE).mean())
    return np.append(median, share)
