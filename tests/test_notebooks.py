"""The notebooks that a reader starts from stand on the public API alone, and ``make test`` executes them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import llm_explain

FOLDER = Path(__file__).parents[1] / "notebooks"


def code_of(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("name", ["01_quickstart", "02_offline_evaluation", "03_your_own_model"])
def test_only_public_names_are_imported(name: str) -> None:
    for node in ast.walk(ast.parse(code_of(FOLDER / f"{name}.ipynb"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in ("llm_explain", "scoring"):
            assert node.module == "llm_explain"
            assert {each.name for each in node.names} <= set(llm_explain.__all__)
