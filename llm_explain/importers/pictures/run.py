"""Write the ``embedding_image`` and ``embedding_colour`` columns of imported tables from the files of ``image``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.errors import TableError
from llm_explain.importers.pictures.pixels import main_colour, read_picture
from llm_explain.importers.summary import Progress, silent
from scoring.data.tables import EMBEDDING_PREFIX, IMAGE, ITEM_ID, Tables

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from llm_explain.importers.pictures.encoders import PictureEncoder

EMBEDDING_IMAGE: Final = f"{EMBEDDING_PREFIX}image"
EMBEDDING_COLOUR: Final = f"{EMBEDDING_PREFIX}colour"
SCALE: Final = 100.0
"""L, a and b are divided by this, so that the columns of the item tower have similar sizes."""


TOLERANCE: Final = 1e-4
"""Largest difference of a stored number that a check takes for rounding."""


@dataclass(frozen=True, slots=True)
class PicturesImported:
    """What an import of pictures read.

    Attributes:
        encoder: Name of the encoder.
        pictures: Items with a picture.
        missing: Items without a file, by reason.
        width: Length of ``embedding_image``.
    """

    encoder: str
    pictures: int
    missing: dict[str, int]
    width: int


def import_pictures(
    data: Path, *, images: Path, out: Path, encoder: PictureEncoder, progress: Progress = silent
) -> PicturesImported:
    """Write tables whose items have the columns of their pictures.

    Args:
        data: Folder of the tables; the column ``image`` of the items names files.
        images: Folder that the names are relative to.
        out: Folder of the new tables; may be ``data``.
        encoder: Turns pictures into vectors.
        progress: Told of the pictures that were read.

    Returns:
        What was read.

    Raises:
        TableError: If no item has a picture.
    """
    tables = Tables.read(data)
    columns, missing = picture_columns(tables.items, images, encoder, progress)
    found = columns[EMBEDDING_IMAGE].dropna()
    if found.empty:
        raise TableError(
            f"the items have no picture under {images} (missing: {missing}) but one is needed. "
            "Write the names of files into the column image, relative to --images."
        )
    replace(
        tables, items=tables.items.assign(**{name: columns[name] for name in (EMBEDDING_IMAGE, EMBEDDING_COLOUR)})
    ).write(out)
    return PicturesImported(encoder.name, len(found), missing, len(found.iloc[0]))


def picture_columns(
    items: pd.DataFrame, images: Path, encoder: PictureEncoder, progress: Progress = silent
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the picture columns of an items table.

    Args:
        items: The items table.
        images: Folder of the files.
        encoder: Turns pictures into vectors.
        progress: Told of the pictures that were read.

    Returns:
        ``embedding_image`` and ``embedding_colour``, missing for items without a file; items without one, by reason.
    """
    import pandas as pd

    missing: dict[str, int] = {}
    rows, pictures = [], []
    names = items[IMAGE].tolist() if IMAGE in items else [None] * len(items)
    for row, name in enumerate(names):
        progress("Reading pictures", row, len(names))
        path = _file_of(name, images.resolve()) if isinstance(name, str) and name else None
        if path is None:
            reason = "no file" if isinstance(name, str) and name else "no name"
            missing[reason] = missing.get(reason, 0) + 1
            continue
        rows.append(row)
        pictures.append(read_picture(path))
    progress("Reading pictures", len(names), len(names))
    columns = pd.DataFrame({EMBEDDING_IMAGE: None, EMBEDDING_COLOUR: None}, index=items.index, dtype=object)
    if rows:
        vectors = encoder.encode(pictures)
        for row, vector, picture in zip(rows, vectors, pictures, strict=True):
            columns.at[items.index[row], EMBEDDING_IMAGE] = np.round(vector, 6).tolist()  # noqa: PD008
            colour = main_colour(picture) / np.array([SCALE, SCALE, SCALE, 1.0])
            columns.at[items.index[row], EMBEDDING_COLOUR] = np.round(colour, 6).tolist()  # noqa: PD008
    return columns, missing


def _file_of(name: str, folder: Path) -> Path | None:
    """Return the file that a supplier names; none outside the folder, whatever links lead there."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, ValueError):  # too long for a file, or a NUL
        return None


def check_pictures(data: Path, *, images: Path, encoder: PictureEncoder, progress: Progress = silent) -> list[str]:
    """Return the items whose picture columns are not those of the files.

    Args:
        data: Folder of the tables.
        images: Folder of the files.
        encoder: The encoder that the columns were written with.
        progress: Told of the pictures that were read.

    Returns:
        Shop ids; empty if every column follows from its file.
    """
    items = Tables.read(data).items
    columns, _ = picture_columns(items, images, encoder, progress)
    differs = [
        not all(_is_same(items[name].iloc[row] if name in items else None, columns[name].iloc[row]) for name in columns)
        for row in range(len(items))
    ]
    return items.loc[differs, ITEM_ID].astype(str).tolist()


def _is_same(stored: object, computed: object) -> bool:
    if not isinstance(stored, np.ndarray | list) or not isinstance(computed, np.ndarray | list):
        return not isinstance(stored, np.ndarray | list) and not isinstance(computed, np.ndarray | list)
    return len(stored) == len(computed) and bool(np.allclose(stored, computed, rtol=0.0, atol=TOLERANCE))
