"""Every benchmark and proof starts: what it imports is there, and it says how it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
OTHER_ENVIRONMENT = "rectools_lists.py"
"""Runs beside packages that cannot be installed beside ours."""

SCRIPTS = sorted(path for path in FOLDER.rglob("*.py") if path.name != OTHER_ENVIRONMENT)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_starts(script: Path) -> None:
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    is_called = "__main__" in script.read_text(encoding="utf-8")
    assert done.stdout.startswith("usage:") == is_called
