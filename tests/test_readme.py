"""The first screen of the README runs as it stands and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
MOST_WORDS = 1_300


def test_the_first_example_prints_the_sentence_below_it(tmp_path: Path) -> None:
    code, printed = re.findall(r"```(?:python|text)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[:2]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert run.stdout == printed, run.stderr[-2000:]


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").split()) <= MOST_WORDS
