"""Write the tables of an import and the rows that were set aside."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from llm_explain.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llm_explain.importers.flat.files import Source
    from llm_explain.importers.flat.report import FlatImport

REJECTS = "rejects"


def write_import(done: FlatImport, sources: Mapping[str, Source], out: Path) -> FlatImport:
    """Write tables, ``shop.yaml`` and the rows that were set aside.

    Args:
        done: What the import read.
        sources: The tables as they came, by name.
        out: Folder to create or fill.

    Returns:
        The import with the files of rows that were set aside.

    Raises:
        TableError: If the folder cannot be written.
    """
    try:
        done.tables.write(out)
        return replace(done, files_written=_write_rejects(done, sources, out / REJECTS))
    except OSError as error:
        raise TableError(
            f"{out} cannot be written ({error.strerror or error}) but a folder for the tables is needed. "
            "Choose another --out."
        ) from error


def _write_rejects(done: FlatImport, sources: Mapping[str, Source], folder: Path) -> dict[Path, int]:
    for old in folder.glob("*.csv"):
        old.unlink()
    written = {}
    for name, group in done.rejects.groupby("file", sort=False):
        source = sources[str(name)]
        raw = source.frame.reindex(group["row"]).reset_index(drop=True)
        texts = source.ragged.set_index("row")["text"].reindex(group["row"]).reset_index(drop=True)
        aside = pd.concat([group[["row", "reason"]].reset_index(drop=True), raw], axis=1)
        if texts.notna().any():
            aside["text"] = texts
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (re.sub(r"[^\w.-]+", "_", str(name)).removesuffix(".csv") + ".csv")
        aside.sort_values("row", kind="stable").to_csv(path, index=False)
        written[path] = len(aside)
    return written
