"""Classifies the intent of a message by examples: kernel ridge regression over words, characters and an embedding.

An example is a message with its mentions masked. The classifier needs no training step besides a linear solve, so a
locale or a shop changes it by adding examples. Without a sentence encoder, words and characters alone decide.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from safetensors.numpy import load_file, save_file

from llm_explain.dialogue.words import dialogue_words
from llm_explain.generation.weights import cache_folder
from llm_explain.text.lexicon import MAX_LOCALES
from scoring.features.titles import PACKAGED, encode, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scoring.features.titles import Floats

T = TypeVar("T", bound=npt.NDArray[Any])

_SOURCE: Final = Path(__file__).read_text(encoding="utf-8")
"""Part of the key of what is kept: a change of this module makes it anew."""

MASK: Final = "@x"
"""Stands for an item, a category or a place of the list."""

WIDTH: Final = 1.5
"""Factor in the exponent of the kernel."""

RIDGE: Final = 0.05

ENCODER_WEIGHT: Final = 3.0
"""Weight of the embedding; words, pairs of words and characters have 1 each."""

MOST_READ: Final = 100
"""Most texts that are of messages, and so are never kept in the cache folder."""

PAIR_DISTANCE: Final = 4
"""Most words from the first to the second word of a pair."""

_SPACED: Final = re.compile(rf"{MASK}|[^\W_]+(?:'[^\W_]+)?|\?")
_UNSPACED: Final = re.compile(rf"{MASK}|[a-z0-9]+|[^\W_]|\?")


class _Terms:
    """Inverse document frequencies of the terms of some texts."""

    def __init__(self, documents: Sequence[set[str]]) -> None:
        counts = Counter(term for document in documents for term in document)
        self._index = {term: place for place, term in enumerate(counts)}
        self._weight = np.log((1 + len(documents)) / (1 + np.array([*counts.values()]))) + 1

    def rows(self, documents: Sequence[set[str]]) -> sp.csr_matrix:
        """Return the documents as rows of unit length, shape ``(n, n_terms)``."""
        known = [[self._index[term] for term in document if term in self._index] for document in documents]
        starts = np.concatenate([[0], np.cumsum([len(each) for each in known])])
        index = np.array([place for each in known for place in each], dtype=np.int64)
        rows = sp.csr_matrix((self._weight[index], index, starts), (len(documents), len(self._index)))
        norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        return sp.csr_matrix(sp.diags(1 / np.maximum(norms, 1e-9)) @ rows)


class IntentClassifier:
    """Tells which intents a message is near to.

    Args:
        examples: Masked messages of each intent.
        is_spaced: Whether the locale puts spaces between words.
        encoder: Turns texts into embeddings; ``None`` for words and characters alone.
    """

    def __init__(
        self,
        examples: Mapping[str, Sequence[str]],
        *,
        is_spaced: bool = True,
        encoder: Callable[[list[str]], Floats] | None = None,
    ) -> None:
        self.names = [*examples]
        self._token = _SPACED if is_spaced else _UNSPACED
        self._encode = encoder
        texts = [plain(text) for several in examples.values() for text in several]
        target = np.repeat(np.eye(len(self.names)), [len(several) for several in examples.values()], axis=0)
        views = [self._views(text) for text in texts]
        self._terms = [_Terms([view[place] for view in views]) for place in range(len(views[0]))]
        rows = [terms.rows([view[place] for view in views]) for place, terms in enumerate(self._terms)]
        self._columns = [own.T.tocsr() for own in rows]
        embeddings = None if encoder is None else encoder(texts)
        self._centre = 0.0 if embeddings is None else embeddings.mean(axis=0)
        self._embeddings = None if embeddings is None else self._centred(embeddings)
        self._mean = target.mean(axis=0)

        def dual() -> npt.NDArray[np.float64]:
            weight = 1 / np.sqrt(target @ target.sum(axis=0))[:, None]  # each intent weighs the same
            weight /= weight.mean()
            kernel = self._kernel(sum((own @ own.T).toarray() for own in rows), self._embeddings)
            kernel *= weight
            kernel *= weight.T
            kernel[np.diag_indices_from(kernel)] += RIDGE
            return np.asarray(np.linalg.solve(kernel, (target - self._mean) * weight) * weight)

        key = [_SOURCE, str(is_spaced), str(encoder is not None), *(f"{name}\n{examples[name]}" for name in self.names)]
        self._dual = _kept(key, dual)

    def scores(self, messages: Sequence[str]) -> list[dict[str, float]]:
        """Return how near each masked message is to each intent, the nearest first; scores add up to about 1."""
        texts = [plain(message) for message in messages]
        views = [self._views(text) for text in texts]
        cosines = sum(
            (terms.rows([view[place] for view in views]) @ self._columns[place]).toarray()
            for place, terms in enumerate(self._terms)
        )
        kernel = self._kernel(cosines, None if self._encode is None else self._centred(self._encode(texts)))
        found = kernel @ self._dual + self._mean
        return [{self.names[place]: float(row[place]) for place in np.argsort(-row)} for row in found]

    def _kernel(self, total: npt.NDArray[np.float64], embeddings: Floats | None) -> npt.NDArray[np.float64]:
        """Return the similarity of texts and examples, shape ``(n_texts, n_examples)``, from that of their terms."""
        weights = float(len(self._terms))
        if embeddings is not None and self._embeddings is not None:
            total += ENCODER_WEIGHT * (embeddings @ self._embeddings.T)
            weights += ENCODER_WEIGHT
        total *= WIDTH / weights
        total -= WIDTH
        return np.exp(total, out=total)

    def _centred(self, embeddings: Floats) -> Floats:
        """Return embeddings without what all examples share, at unit length."""
        moved = embeddings - self._centre
        return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9))

    def _views(self, text: str) -> list[set[str]]:
        """Return the terms of a text: words, pairs of words that stand near, and sequences of characters."""
        words = ["^", *self._token.findall(text), "$"]
        pairs = {f"{word}_{other}" for at, word in enumerate(words) for other in words[at + 1 : at + 1 + PAIR_DISTANCE]}
        marked = f"^{text.replace(MASK, '@')}$"
        return [set(words), pairs, {marked[at : at + n] for n in (2, 3, 4, 5) for at in range(len(marked) - n + 1)}]


@lru_cache(maxsize=MAX_LOCALES)
def intent_classifier(locale: str) -> IntentClassifier:
    """Return the classifier of a locale's messages, with the packaged encoder if it reads the language."""
    grammar, _, _ = dialogue_words(locale)
    return IntentClassifier(grammar.examples(), is_spaced=grammar.is_spaced, encoder=locale_encoder(locale))


def locale_encoder(locale: str) -> Callable[[list[str]], Floats] | None:
    """Return the packaged sentence encoder, if it reads a locale's language."""
    grammar, _, _ = dialogue_words(locale)
    return packaged_encoder() if grammar.is_encoded else None


def plain(text: str) -> str:
    """Return a text in lower case without accents and the marks around it."""
    folded = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    kept = "".join(each for each in folded if not unicodedata.combining(each))
    return " ".join(kept.strip(" .!,;¡¿。！，").split()) or text.strip()


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Return the words of English that the packaged encoder knows, which are no slips of others; none without it."""
    source = installed(PACKAGED)
    path = None if source is None else Path(source) / "vocab.txt"
    return frozenset(path.read_text(encoding="utf-8").split()) if path is not None and path.exists() else frozenset()


def packaged_encoder() -> Callable[[list[str]], Floats] | None:
    """Return the packaged sentence encoder; it keeps the embeddings of many texts in the cache folder."""
    source = installed(PACKAGED)
    if source is None:
        return None

    def embeddings(texts: list[str]) -> Floats:
        found = encode([text.replace(MASK, "that product") for text in texts], source, is_static=False)
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9))

    def kept_embeddings(texts: list[str]) -> Floats:
        return _kept([PACKAGED, *texts], lambda: embeddings(texts)) if len(texts) > MOST_READ else embeddings(texts)

    return kept_embeddings


def _kept(key: Sequence[str], make: Callable[[], T]) -> T:
    """Return an array from the cache folder; the first call makes it."""
    name = hashlib.sha256("\n".join(key).encode()).hexdigest()[:16]
    path = cache_folder() / f"dialogue-{name}.safetensors"
    if path.exists():
        return cast("T", load_file(path)["values"])
    found = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    save_file({"values": np.ascontiguousarray(found)}, part)
    part.replace(path)  # another process may read it meanwhile
    return found
