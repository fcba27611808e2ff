"""What another training changes in lists: nothing if it is the same, and what a change of the weights changes."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from llm_explain import Explainer
from llm_explain.cli import app
from llm_explain.evaluation.list_changes import list_changes
from scoring.scorer.artifacts import MANIFEST, read_arrays, write_arrays, write_manifest
from scoring.scorer.versions import versions_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def two_versions(shop_artifacts: Path, tmp_path: Path) -> Path:
    """Artifacts of which the second version has other curves of the user's own history, and another lineage."""
    for name in ("20260101T000000Z", "20260102T000000Z"):
        shutil.copytree(shop_artifacts, tmp_path / "versions" / name)
    changed = tmp_path / "versions" / "20260102T000000Z"
    weights = read_arrays(changed / "model.safetensors")
    noise = np.random.default_rng(0)
    write_arrays(
        changed / "model.safetensors",
        {
            name: array + noise.normal(size=array.shape).astype(array.dtype) * array.std()
            if name.startswith("own")
            else array
            for name, array in weights.items()
        },
    )
    manifest = json.loads((changed / MANIFEST).read_text())
    manifest["lineage"]["package"] = "9.9"
    write_manifest(changed, {name: value for name, value in manifest.items() if name not in ("version", "files")})
    return tmp_path


def test_the_same_version_changes_nothing(shop_artifacts: Path) -> None:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    found = list_changes(explainer, explainer, n_users=5, k=3)
    assert found == {
        "users": 5, "same_items@3": 1.0, "same_first_item": 1.0, "same_reasons": 1.0, "same_sentence": 1.0,
    }  # fmt: skip


def test_diff_shows_lineage_files_rankings_and_sentences(two_versions: Path) -> None:
    names = [version.name for version in versions_of(two_versions)]
    shown = CliRunner().invoke(
        app, ["artifacts", "diff", *names, "--artifacts", str(two_versions), "--users", "20", "--json"]
    )
    assert shown.exit_code == 0, shown.output
    rows = {row["name"]: row for row in map(json.loads, shown.stdout.splitlines())}
    assert rows["trained.lineage.package"]["new"] == "9.9"
    assert rows["trained.files.model.safetensors"]["old"] != rows["trained.files.model.safetensors"]["new"]
    assert "trained.config.seed" not in rows
    assert rows["lists.users"]["new"] == 20
    assert 0 < rows["lists.same_items@10"]["new"] < 1
    assert rows["lists.same_sentence"]["new"] < 1
