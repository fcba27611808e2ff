"""Artifacts are replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from scoring.data.tables import file_hash
from scoring.errors import ArtifactError
from scoring.scorer.artifacts import MANIFEST, read_arrays, read_manifest, staged, write_arrays, write_manifest


def _contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_all_files_replace_the_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "events").write_text("old")
    (tmp_path / "notes").write_text("of somebody else")
    with staged(tmp_path) as stage:
        (stage / "tables").mkdir()
        (stage / "tables" / "events").write_text("new")
        (stage / "manifest.json").write_text("new")
    assert _contents(tmp_path) == {"manifest.json": "new", "notes": "of somebody else", "tables/events": "new"}


def test_a_failed_write_leaves_the_earlier_files(tmp_path: Path) -> None:
    def fill_the_disk(stage: Path) -> None:
        (stage / "manifest.json").write_text("new")
        raise OSError("disk is full")

    (tmp_path / "manifest.json").write_text("old")
    with pytest.raises(OSError, match="disk is full"), staged(tmp_path) as stage:
        fill_the_disk(stage)
    assert _contents(tmp_path) == {"manifest.json": "old"}


def test_what_a_killed_process_left_is_not_taken_in(tmp_path: Path) -> None:
    (tmp_path / ".new").mkdir()
    (tmp_path / ".new" / "model").write_text("half")
    with staged(tmp_path) as stage:
        (stage / "manifest.json").write_text("new")
    assert _contents(tmp_path) == {"manifest.json": "new"}


def test_arrays_have_the_mode_of_every_other_file(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_arrays(tmp_path / "a.safetensors", {"x": np.arange(6).reshape(2, 3).T})
    finally:
        os.umask(before)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == 0o644
    assert read_arrays(tmp_path / "a.safetensors")["x"].tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("is_absolute", [False, True])
def test_a_manifest_names_files_of_its_folder_alone(tmp_path: Path, is_absolute: bool) -> None:
    """``artifacts push --with-tables`` copies what a manifest names: foreign artifacts must not name other files."""
    secret, folder = tmp_path / "secret", tmp_path / "foreign"
    secret.write_text("of this machine")
    folder.mkdir()
    write_manifest(folder, {})
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"] = {str(secret) if is_absolute else "tables/../../secret": file_hash(secret)}
    (folder / "tables").mkdir()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="names a file outside"):
        read_manifest(folder, is_checked=True)
    (folder / MANIFEST).write_text(json.dumps({**manifest, "files": [*manifest["files"]]}))
    with pytest.raises(ArtifactError, match="is not a manifest"):
        read_manifest(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone says what memory is mapped from files")
def test_arrays_are_mapped_and_never_written_back(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    write_arrays(path, {"ones": np.ones((5_000_000,)), "bits": np.array([True, False])})
    before = _anonymous_mb()
    arrays = read_arrays(path)
    assert arrays["ones"].sum() == 5_000_000
    assert _anonymous_mb() - before < 20  # of 40 MB
    assert arrays["bits"].tolist() == [True, False]
    arrays["ones"][:] = 2.0
    assert read_arrays(path)["ones"].max() == 1.0


def _anonymous_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024
