"""Versions of artifacts: each training adds a folder, and one link names the version that is read.

    shop/versions/20261130T083000Z/          what one training wrote, complete
    shop/current -> versions/20261130T083000Z
    shop/manifest.json -> current/manifest.json, and so on for each file and folder of a version

So ``shop/manifest.json`` is the file of the active version, and one renamed link activates another one. Changes of the
catalogue and the cache of title embeddings belong to every version and stay in the folder itself.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scoring.errors import ArtifactError
from scoring.scorer.artifacts import MANIFEST, STAGE, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CURRENT: Final = "current"
VERSIONS: Final = "versions"
SHARED: Final = frozenset({"catalogue", "cache", CURRENT, VERSIONS, STAGE})
KEPT: Final = 3
"""Versions that stay after a training, besides the active one."""

_FORM: Final = "%Y%m%dT%H%M%SZ"


class ArtifactVersion(NamedTuple):
    """A version of artifacts.

    Attributes:
        name: When it was written, in UTC.
        folder: Where it is.
        is_active: Whether it is read.
        manifest: What was trained on what.
        metrics: How it scored on held-out events; empty if it was not measured.
    """

    name: str
    folder: Path
    is_active: bool
    manifest: dict[str, Any]
    metrics: dict[str, Any]


def active(folder: Path) -> Path:
    """Return the folder of the active version; the folder itself if it has no versions."""
    link = folder / CURRENT
    return link.resolve() if link.is_symlink() else folder


def root_of(folder: Path) -> Path:
    """Return the artifacts that a folder belongs to, if it is a version of some; else the folder itself."""
    return folder.parents[1] if folder.parent.name == VERSIONS else folder


@contextmanager
def new_version(folder: Path) -> Iterator[Path]:
    """Provide an empty folder that becomes the active version if what fills it does not fail.

    Args:
        folder: The artifacts.

    Yields:
        Path: The folder to fill.
    """
    versions = folder / VERSIONS
    stage = versions / STAGE
    shutil.rmtree(stage, ignore_errors=True)  # what a killed training left
    stage.mkdir(parents=True)
    (folder / "cache").mkdir(exist_ok=True)
    (stage / "cache").symlink_to(Path("..", "..", "cache"))
    try:
        yield stage
        (stage / "cache").unlink()
        _readable(stage)
        _adopt(folder)
        name = _free_name(versions)
        stage.rename(versions / name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    activate(folder, name)
    others = [each for each in versions.iterdir() if each != active(folder)]
    for old in sorted(others)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def activate(folder: Path, name: str) -> Path:
    """Let a version be read; a process that reads another one meanwhile is not disturbed.

    Args:
        folder: The artifacts.
        name: The version.

    Returns:
        The folder of the version.
    """
    version = find(versions_of(folder), name, folder).folder
    read_manifest(version)
    if version == folder:  # artifacts without versions are active as they are
        return folder
    _link(folder / CURRENT, Path(VERSIONS, name))
    entries = {each.name for each in version.iterdir()}
    for entry in sorted(entries - SHARED):
        _link(folder / entry, Path(CURRENT, entry))
    for link in folder.iterdir():
        if link.is_symlink() and link.name not in entries and link.readlink().parts[:1] == (CURRENT,):
            link.unlink()  # this version does not have the file
    return version


def versions_of(folder: Path) -> list[ArtifactVersion]:
    """Return the versions of artifacts, oldest first; artifacts without versions are one.

    Args:
        folder: The artifacts.

    Returns:
        The versions.
    """
    found = sorted(each for each in (folder / VERSIONS).glob("*") if each.name != STAGE and (each / MANIFEST).exists())
    return [
        ArtifactVersion(
            each.name,
            each,
            each.resolve() == active(folder).resolve(),
            read_manifest(each, is_checked=True),
            _json(each / "metrics.json"),
        )
        for each in found or [folder]
    ]


def find(versions: Iterable[ArtifactVersion], name: str, folder: Path) -> ArtifactVersion:
    """Return the version of a name.

    Args:
        versions: The versions of some artifacts.
        name: Its name.
        folder: The artifacts, for the message.

    Returns:
        The version.

    Raises:
        ArtifactError: If there is none of that name.
    """
    found = {version.name: version for version in versions}
    if name not in found:
        raise ArtifactError(
            f"{folder} has no version {name!r} but one that exists is needed. Choose one of {', '.join(found)}."
        )
    return found[name]


def _adopt(folder: Path) -> None:
    """Turn artifacts that an earlier release wrote without versions into a version."""
    if (folder / CURRENT).is_symlink() or not (folder / MANIFEST).is_file():
        return
    version = folder / VERSIONS / _free_name(folder / VERSIONS, (folder / MANIFEST).stat().st_mtime)
    entries = [each for each in folder.iterdir() if each.name not in SHARED and not each.is_symlink()]
    others = {each.name for each in folder.iterdir()} - {each.name for each in entries}

    def left_out(path: str, _: object) -> set[str]:
        return others if Path(path) == folder else set()

    shutil.copytree(folder, version, ignore=left_out, copy_function=os.link)
    for entry in entries:
        if entry.is_dir():
            aside = entry.rename(folder / VERSIONS / f".old-{entry.name}")
            entry.symlink_to(version.relative_to(folder) / entry.name)
            shutil.rmtree(aside)
    activate(folder, version.name)


def _free_name(versions: Path, moment: float | None = None) -> str:
    name = datetime.fromtimestamp(moment, UTC).strftime(_FORM) if moment else datetime.now(UTC).strftime(_FORM)
    latest = max((each.name for each in versions.glob("2*")), default="") if moment is None else ""
    return next(each for each in (name, *(f"{name}-{n:02}" for n in range(2, 100))) if each > latest)


def _readable(folder: Path) -> None:
    """Give files and folders the usual mode, so that the service's user can read what another user trained."""
    umask = os.umask(0)
    os.umask(umask)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)


def _link(link: Path, target: Path) -> None:
    """Make a link, or let it name another target, in one step."""
    beside = link.with_name(f".{link.name}.link")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
