"""Index of item vectors: the items of a large catalogue whose vectors have the largest products with a user's.

The index is approximate and answers in milliseconds. ``CandidatePool`` adds the items that it cannot know of.
Source: Malkov & Yashunin (2018), Efficient and robust approximate nearest neighbor search using hierarchical navigable
small world graphs, arXiv:1603.09320.
"""

from __future__ import annotations

import importlib.util
import logging
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scoring.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray
    from scoring.scorer.scorer import GlassBoxScorer

INDEX: Final = "items.usearch"
"""File of the index in the artifacts."""

CONNECTIVITY: Final = 16
EXPANSION: Final = 64
"""Neighbours that are looked at for each item when the index is built."""

BLOCK: Final = 16_384
"""Items that are added at a time."""

_LOG = logging.getLogger(__name__)


class ItemIndex:
    """Nearest items of a user by inner product.

    The vector of an item is its row of ``V`` and, behind it, the sum of its context terms.

    Args:
        index: An index of the package ``usearch``.
    """

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return len(self._index)

    @classmethod
    def build(cls, scorer: GlassBoxScorer) -> ItemIndex:
        """Return an index of a scorer's candidates.

        Args:
            scorer: The trained scorer.

        Returns:
            The index; context terms are those of the snapshot's time.
        """
        from usearch.index import Index

        items = scorer.candidates
        context = scorer.context_parts(scorer.snapshot.as_of, items).sum(axis=1)
        context -= context.mean()
        width = scorer.item_embedding[items[:1]].shape[1] + 1
        index = Index(ndim=width, metric="ip", dtype="bf16", connectivity=CONNECTIVITY, expansion_add=EXPANSION)
        for start in range(0, len(items), BLOCK):
            rows = items[start : start + BLOCK]
            vectors = np.column_stack([scorer.item_embedding[rows], context[start : start + BLOCK]])
            index.add(rows.astype(np.uint64), vectors.astype(np.float32))
        return cls(index)

    def save(self, path: Path) -> None:
        """Write the index to a file."""
        self._index.save(str(path))

    @classmethod
    def open(cls, path: Path) -> ItemIndex | None:
        """Map the index of a file into memory.

        Args:
            path: The file.

        Returns:
            The index; ``None`` if there is no file, or the package that reads it is not installed, which is logged.

        Raises:
            ArtifactError: If the file holds no index.
        """
        if not path.exists() or not is_installed(f"{path} is not used"):
            return None
        from usearch.index import Index

        try:
            return cls(Index.restore(str(path), view=True))
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(
                f"{path} is not a readable index but one is needed ({error}). Run `llm-explain train` again."
            ) from error

    def nearest(self, user: FloatArray, n: int) -> IndexArray:
        """Return the items whose vectors have the largest products with a user's.

        Args:
            user: ``U`` of the user, shape ``(d,)``.
            n: How many items.

        Returns:
            Row numbers in the catalogue, shape ``(min(n, len(self)),)``.
        """
        keys = self._index.search(np.append(user, 1.0).astype(np.float32), min(n, len(self)), threads=1).keys
        return np.asarray(keys, dtype=np.int64)


def is_installed(otherwise: str) -> bool:
    """Return whether the extra ``index`` is installed; log what its absence means if it is not."""
    found = importlib.util.find_spec("usearch") is not None
    if not found:
        _LOG.warning(
            "usearch is not installed: %s, and every request scores all items. "
            "Run: pip install 'llm-explain-recommendations[index]'",
            otherwise,
        )
    return found
