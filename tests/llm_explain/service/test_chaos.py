"""The proofs of ``make chaos`` and ``make soak``, a few requests each: that they run, and find nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import disk_full
import kills
import malformed
import model_faults
import overload
import pytest
import rolling
import sensitive
import soak

REAL_ARTIFACTS = Path(__file__).parents[3] / "artifacts" / "completejourney"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the proofs fork, stop and look into /proc")


def test_malformed_requests(shop_artifacts: Path, tmp_path: Path) -> None:
    figures = malformed.run(shop_artifacts, n_generated=150, n_raw=40, log=tmp_path / "log")
    assert figures["ok"], figures


def test_a_language_model_that_dies(shop_artifacts: Path) -> None:
    figures = model_faults.run(shop_artifacts, n_requests=20, n_faults=1, deadline_ms=5000)  # on a busy machine too
    assert not figures["faults"], figures
    assert figures["kill"] + figures["stop"] >= 1


def test_processes_that_end_under_load(shop_artifacts: Path) -> None:
    figures = rolling.run(shop_artifacts, n_terms=2)
    assert figures["ok"], figures


def test_processes_that_are_killed_while_they_write(shop_artifacts: Path) -> None:
    figures = kills.run(shop_artifacts, n_kills=2)
    assert figures["ok"], figures


def test_a_full_disk(shop_artifacts: Path) -> None:
    figures = disk_full.run(shop_artifacts, n_writes=60)
    assert figures["ok"], figures


@pytest.mark.slow
def test_sensitive_profiles() -> None:
    figures = sensitive.run(REAL_ARTIFACTS, n_profiles=4)
    assert figures["ok"], figures


def test_an_overload(shop_artifacts: Path) -> None:
    figures = overload.run(shop_artifacts, seconds=1.0)
    assert figures["ok"], figures


def test_many_requests_of_every_kind(shop_artifacts: Path) -> None:
    figures = soak.run(shop_artifacts, n_requests=30, n_samples=10)
    assert not figures["faults"], figures
