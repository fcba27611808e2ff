"""Versions of artifacts: whole or not there, one link says which is read, and another user can read them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from scoring.errors import ArtifactError
from scoring.scorer.artifacts import write_manifest
from scoring.scorer.versions import KEPT, activate, active, find, new_version, versions_of


def fill(folder: Path, words: str) -> None:
    (folder / "tables").mkdir()
    (folder / "tables" / "events.parquet").write_text(words)
    (folder / "model.json").write_text(words)
    (folder / "model.safetensors").touch(0o600)
    write_manifest(folder, {"as_of": words})


def train(folder: Path, words: str) -> str:
    with new_version(folder) as stage:
        fill(stage, words)
    return active(folder).name


def words_of(folder: Path) -> set[str]:
    return {(folder / name).read_text() for name in ("model.json", "tables/events.parquet")}


def test_a_training_adds_a_version_and_any_can_be_read_again(tmp_path: Path) -> None:
    first, second = train(tmp_path, "one"), train(tmp_path, "two")
    assert first != second
    assert words_of(tmp_path) == words_of(active(tmp_path)) == {"two"}
    assert [(each.name, each.is_active) for each in versions_of(tmp_path)] == [(first, False), (second, True)]
    assert activate(tmp_path, first) == tmp_path / "versions" / first
    assert words_of(tmp_path) == {"one"}


def test_a_training_that_fails_leaves_what_is_served(tmp_path: Path) -> None:
    train(tmp_path, "one")
    with pytest.raises(FileNotFoundError, match="nowhere"), new_version(tmp_path) as stage:
        (stage / "nowhere" / "model.json").write_text("half")
    assert words_of(tmp_path) == {"one"}
    assert len(versions_of(tmp_path)) == 1
    assert [each.name for each in (tmp_path / "versions").iterdir()] == [active(tmp_path).name]


def test_artifacts_of_an_earlier_release_become_a_version(tmp_path: Path) -> None:
    fill(tmp_path, "old")
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "changes.jsonl").write_text("{}")
    (tmp_path / "notes").symlink_to("elsewhere")
    assert [each.folder for each in versions_of(tmp_path)] == [tmp_path]
    assert activate(tmp_path, tmp_path.name) == tmp_path
    train(tmp_path, "new")
    old, new = versions_of(tmp_path)
    assert (words_of(old.folder), words_of(new.folder), words_of(tmp_path)) == ({"old"}, {"new"}, {"new"})
    assert (tmp_path / "catalogue" / "changes.jsonl").read_text() == "{}"  # changes outlive a version
    assert (tmp_path / "notes").is_symlink()
    activate(tmp_path, old.name)
    assert words_of(tmp_path) == {"old"}


def test_a_damaged_or_unknown_version_is_not_activated(tmp_path: Path) -> None:
    first = train(tmp_path, "one")
    train(tmp_path, "two")
    (tmp_path / "versions" / first / "model.json").write_text("changed")
    with pytest.raises(ArtifactError, match="the file changed after training"):
        activate(tmp_path, first)
    for name in ("nothing", "..", "../..", ""):
        with pytest.raises(ArtifactError, match=r"has no version '.*' but one that exists is needed. Choose one of"):
            activate(tmp_path, name)
    assert words_of(tmp_path) == {"two"}
    assert find(versions_of(tmp_path), first, tmp_path).name == first


def test_another_user_can_read_a_version(tmp_path: Path) -> None:
    """Safetensors files had mode 0600: the service's user could not read what another user had trained."""
    before = os.umask(0o022)
    train(tmp_path, "one")
    os.umask(before)
    modes = {each.stat().st_mode & 0o777 for each in active(tmp_path).rglob("*") if each.is_file()}
    assert modes == {0o644}


def test_old_versions_are_removed_but_the_active_one_stays(tmp_path: Path) -> None:
    names = [train(tmp_path, str(number)) for number in range(KEPT + 3)]
    assert [each.name for each in versions_of(tmp_path)] == sorted(names)[-KEPT - 1 :]


def test_a_copy_without_links_is_read_as_it_is(tmp_path: Path) -> None:
    train(tmp_path / "shop", "one")
    shutil.copytree(tmp_path / "shop", tmp_path / "copy")
    assert words_of(active(tmp_path / "copy")) == {"one"}
