"""Every benchmark and proof starts: what it imports is there, and it says how it is called."""

from __future__ import annotations

import runpy
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
OTHER_ENVIRONMENT = "rectools_lists.py"
"""Runs beside packages that cannot be installed beside ours."""

SCRIPTS = sorted(path for path in FOLDER.rglob("*.py") if path.name != OTHER_ENVIRONMENT)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_starts(script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process, because what the scripts import is here already and takes seconds to import again."""
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    is_called = "__main__" in script.read_text(encoding="utf-8")
    with warnings.catch_warnings(action="ignore"), pytest.raises(SystemExit) if is_called else nullcontext() as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended is None or ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage:") == is_called
