"""The scripts for one GPU run from beginning to end on a processor."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from scoring.data.tables import Tables

FOLDER = Path(__file__).parents[2] / "benchmarks" / "gpu"


def section_of(script: str, out: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """Run a script and return the section that it writes."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", [script, "--device", "cpu", "--quick", "--out", str(out), *options])
    n_threads = torch.get_num_threads()
    try:
        runpy.run_path(str(FOLDER / f"{script}.py"), run_name="__main__")
    finally:
        torch.set_num_threads(n_threads)
    return (out / f"gpu-{script}.md").read_text(encoding="utf-8")


def rows_of(section: str) -> list[list[float]]:
    """Return the numbers of each row of the table, behind its first column."""
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[float(cell) for cell in line.split("|")[2:-1] if cell.strip() not in ("yes", "no")] for line in lines]


def test_training(shop_tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop_tables.write(tmp_path / "data")
    section = section_of("training", tmp_path, monkeypatch, "--data", str(tmp_path / "data"))
    by_name = {line.split("|")[1].strip(): line.split("|")[2] for line in section.splitlines() if line.startswith("| ")}
    stages = [float(seconds) for name, seconds in by_name.items() if name not in ("seconds", "all", "GPU memory, MB")]
    assert len(stages) >= 3
    assert sum(stages) == pytest.approx(float(by_name["all"]), abs=0.1 * len(stages) + 1.0)


@pytest.mark.slow
def test_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(section_of("writing", tmp_path, monkeypatch))
    assert len(rows) == 4  # two batches, with and without a grammar
    assert all(drafts > 0 for _, drafts, _ in rows)


@pytest.mark.slow
def test_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xllamacpp")
    rows = rows_of(section_of("serving", tmp_path, monkeypatch))
    assert [n_drafts for n_drafts, *_ in rows] == [2, 2]
    assert all(rate > 0 for _, rate, _ in rows)
