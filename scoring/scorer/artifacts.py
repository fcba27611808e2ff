"""Artifacts on disk: safetensors for numbers, JSON for words, and a manifest with the hash of every file."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from scoring.data.tables import file_hash
from scoring.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

MANIFEST: Final = "manifest.json"
LAST_SEEN: Final = "last_seen.parquet"
STAGE: Final = ".new"
VERSION: Final = 6
"""Raised when the layout of the artifacts changes."""

Arrays = dict[str, "npt.NDArray[Any]"]
"""Named arrays."""


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Provide an empty subfolder whose files replace those of a folder if all of them can be written.

    Args:
        folder: The folder to create or fill; files that the subfolder does not have stay.

    Yields:
        Path: The subfolder, on the same file system.
    """
    stage = folder / STAGE
    shutil.rmtree(stage, ignore_errors=True)  # what a killed process left
    stage.mkdir(parents=True)
    try:
        yield stage
        files = sorted((path for path in stage.rglob("*") if path.is_file()), key=lambda path: path.name == MANIFEST)
        for path in files:  # the manifest last: until then the hashes of the new files do not fit the old one
            target = folder / path.relative_to(stage)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write named arrays as safetensors.

    Args:
        path: The file.
        arrays: Arrays of numbers.
    """
    path.touch()
    mode = path.stat().st_mode  # the usual one; safetensors replaces the file by one that its owner alone reads
    save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, path)
    path.chmod(mode)


def read_arrays(path: Path) -> Arrays:
    """Read what ``write_arrays`` wrote.

    The arrays are views of the mapped file, so that processes of one machine share its pages.

    Args:
        path: The file.

    Returns:
        The arrays by name; what is written to one of them stays in this process.

    Raises:
        ArtifactError: If the file cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:  # framework="np" would copy
            return {name: file.get_tensor(name).numpy() for name in file.keys()}  # noqa: SIM118  it is no mapping
    except (OSError, SafetensorError) as error:
        raise ArtifactError(
            f"{path} is not a readable safetensors file but one is needed ({error}). Run `llm-explain train` again."
        ) from error


def write_manifest(folder: Path, entries: Mapping[str, Any]) -> None:
    """Write what was trained on what, with the hash of every other file in the folder.

    Args:
        folder: The artifacts.
        entries: JSON values to keep.
    """
    files = {name: file_hash(folder / name) for name in _file_names(folder)}
    text = json.dumps({"version": VERSION, **entries, "files": files}, indent=2, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path, *, is_checked: bool = False) -> dict[str, Any]:
    """Read the manifest and check the hash of every file that it names.

    Args:
        folder: The artifacts.
        is_checked: Whether the caller has just done that, for example by loading the scorer.

    Returns:
        The manifest.

    Raises:
        ArtifactError: If there are no artifacts, or a file is missing, is not the one that was written, or lies
            outside the folder.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise ArtifactError(
            f"{folder} holds no {MANIFEST} but trained artifacts are needed. "
            "Run `llm-explain train --data DATA --artifacts ARTIFACTS` first."
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version, files = manifest["version"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is not a manifest but one is needed. Run `llm-explain train` again.") from error
    if version != VERSION:
        raise ArtifactError(
            f"{path}: version is {version} but {VERSION} is needed. "
            "Run `llm-explain train --data DATA --artifacts ARTIFACTS` again with this release."
        )
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
        raise ArtifactError(
            f"{path} names a file outside {folder} but artifacts are files inside it. Do not use these artifacts."
        )
    for name, expected in () if is_checked else files.items():
        if not (folder / name).exists():
            raise ArtifactError(f"{folder / name} is missing but the manifest names it. Run `llm-explain train` again.")
        if (found := file_hash(folder / name)) != expected:
            raise ArtifactError(
                f"{folder / name} has {found[:15]}… but {expected[:15]}… is needed: the file changed after training. "
                "Restore it or run `llm-explain train` again."
            )
    return manifest


def _file_names(folder: Path) -> list[str]:
    """Return the files that a load depends on: the model and the tables."""
    paths = [
        *folder.glob("*.safetensors"),
        *folder.glob("*.usearch"),
        folder / "model.json",
        folder / LAST_SEEN,
        *folder.glob("tables/*.parquet"),
        folder / "tables/shop.yaml",
    ]
    return sorted(str(path.relative_to(folder)) for path in paths if path.exists())
