"""The manifest says what artifacts came from."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scoring.training import lineage as module
from scoring.training.lineage import lineage

if TYPE_CHECKING:
    from scoring.data.tables import Tables


def test_trained_artifacts_state_code_libraries_settings_and_time(shop_artifacts: Path) -> None:
    manifest = json.loads((shop_artifacts / "manifest.json").read_text())
    found = manifest["lineage"]
    age = datetime.now(UTC) - datetime.fromisoformat(found["time"])
    assert timedelta(0) <= age < timedelta(hours=3)
    assert found["package"] == metadata.version("llm-explain-recommendations")
    assert found["libraries"]["torch"] == metadata.version("torch")
    assert manifest["config"]["seed"] == 0


def test_each_data_file_has_its_hash(shop_tables: Tables, tmp_path: Path) -> None:
    shop_tables.write(tmp_path)
    expected = {path.name: f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in tmp_path.iterdir()}
    assert len(expected) >= 3
    assert lineage(tmp_path)["data"] == expected
    assert lineage()["data"] == {}


def test_the_commit_is_that_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(str(module.__file__), tmp_path / "lineage.py")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "lineage.py"))

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@t"]
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    git("init")
    assert lineage()["git_commit"] is None  # a checkout of another project
    git("add", "lineage.py")
    git("commit", "-m", "first")
    commit = git("rev-parse", "HEAD")
    assert lineage()["git_commit"] == commit
    (tmp_path / "lineage.py").write_text("changed")
    assert lineage()["git_commit"] == commit + "+"
