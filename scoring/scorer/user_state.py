"""A history as the scorer read it, and the user embedding of any coalition of its tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from scoring.errors import ShapeError

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.data.history import History
    from scoring.data.log import FloatArray
    from scoring.model.model import AdditiveModel

BoolArray = npt.NDArray[np.bool_]
"""Truth values, shape as said where it is used."""

Floats = npt.NDArray[np.floating]
"""Numbers in single or double precision."""


@dataclass(frozen=True)
class UserState:
    """A history as the scorer read it: everything that scores of this user need.

    Attributes:
        history: What was read.
        categories: The category of each token, ascending, shape ``(n_tokens,)``.
        summands: What each token adds to the pooling, in single precision, shape ``(n_tokens, d_sum)``. Every sum of
            them is in double precision, so that sums of groups agree with the sum of all.
        bought: Items in the history, ascending, shape ``(n_bought,)``.
        bought_parts: Own-history parts that speak of exactly these items, shape ``(n_bought, n_own)``.
        past: Items that links start from, ascending, shape ``(n_past,)``: those bought, and those of signal events
            where a table has links from them.
        strengths: Weight of each of them in each table of links, shape ``(n_past, n_tables)``.
        buckets: For each kind of bucket, those that the history speaks of, shape ``(n_spoken,)``.
        bucket_heights: Their heights, shape ``(n_spoken,)``.
    """

    history: History
    categories: IndexArray
    summands: Floats
    bought: IndexArray
    bought_parts: FloatArray
    past: IndexArray
    strengths: FloatArray
    buckets: tuple[IndexArray, ...]
    bucket_heights: tuple[FloatArray, ...]
    _model: AdditiveModel = field(repr=False)
    _empty: FloatArray = field(repr=False)  # U of an empty history, shape (d,)

    @cached_property
    def user_embedding_all(self) -> FloatArray:
        """``U`` with every token present, shape ``(d,)``; parts of a history, read for a game, never need it."""
        with torch.no_grad():
            sums = torch.from_numpy(self.summands).double().sum(dim=0, keepdim=True)
            embedding: FloatArray = self._model.embed(sums)[0].numpy()
        return embedding

    @property
    def ends(self) -> FloatArray:
        """``U`` of no token and of all tokens, shape ``(2, d)``."""
        return np.array([self._empty, self.user_embedding_all])

    def group_sums(self, groups: IndexArray, n_groups: int) -> FloatArray:
        """Add up the tokens of each group, so that a coalition of groups is a sum of ``n_groups`` rows.

        Args:
            groups: The group of each token, shape ``(n_tokens,)``.
            n_groups: Number of groups; one without tokens adds nothing.

        Returns:
            Sums, shape ``(n_groups, d_sum)``.

        Raises:
            ShapeError: If there is not one group a token.
        """
        if groups.shape != self.categories.shape:
            raise ShapeError(
                f"groups has shape {groups.shape} but one group for each of {len(self.categories)} tokens is needed. "
                "Give the group of every entry of `categories`."
            )
        sums: FloatArray = (np.arange(n_groups)[:, None] == groups).astype(np.float64) @ self.summands
        return sums

    def embed(self, sums: FloatArray) -> FloatArray:
        """Return ``U`` from sums of tokens.

        Args:
            sums: One row a coalition, shape ``(n_coalitions, d_sum)``; zeros for the empty one.

        Returns:
            User embeddings, shape ``(n_coalitions, d)``.
        """
        with torch.no_grad():
            embedding: FloatArray = self._model.embed(torch.from_numpy(sums)).numpy()
        return embedding

    def embed_coalitions(self, sums: Floats, coalitions: Floats, weights: Floats) -> Floats:
        """Return weighted sums of ``U`` over coalitions, without the embedding of each.

        Args:
            sums: Sums of groups of tokens, shape ``(n_groups, d_sum)``.
            coalitions: Groups of each coalition, shape ``(n_coalitions, n_groups)``.
            weights: Weights of the coalitions, shape ``(m, n_coalitions)``.

        Returns:
            ``weights @ embed(coalitions @ sums)``, shape ``(m, d)``; all arrays have the precision of ``sums``.
        """
        model = self._model.in_single_precision[0] if sums.dtype == np.float32 else self._model
        with torch.no_grad():
            embedding: Floats = model.embed_coalitions(*map(torch.from_numpy, (sums, coalitions, weights))).numpy()
        return embedding

    def user_embedding(self, present: BoolArray) -> FloatArray:
        """Return ``U`` for any coalitions of tokens.

        Args:
            present: Which tokens are there, shape ``(n_coalitions, n_tokens)``.

        Returns:
            User embeddings, shape ``(n_coalitions, d)``.

        Raises:
            ShapeError: If there is not one column a token.
        """
        if present.ndim != 2 or present.shape[1] != len(self.categories):
            raise ShapeError(
                f"present has shape {present.shape} but (n_coalitions, {len(self.categories)}) is needed. "
                "Give one column for every entry of `categories`."
            )
        return self.embed(present.astype(np.float64) @ self.summands)
