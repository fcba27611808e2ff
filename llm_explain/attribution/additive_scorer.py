"""Protocol of the scorers that can be attributed exactly: linear in the user embedding (docs/design.md §4).

``scoring.scorer.scorer.GlassBoxScorer`` implements it. Any other object with these members can be used too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from llm_explain.attribution.shapley import Coalitions
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History
    from scoring.model.item_vectors import ItemVectors

    Numbers = npt.NDArray[np.floating]
    Float64s = npt.NDArray[np.float64]


class UserTokens(Protocol):
    """One user's history, read once: a token for each category that it touches."""

    @property
    def history(self) -> History:
        """The events that the tokens were read from."""

    @property
    def categories(self) -> IndexArray:
        """Category of each token, shape ``(n_tokens,)``."""

    @property
    def past(self) -> IndexArray:
        """Past items that links start from, shape ``(n_past,)``."""

    def group_sums(self, groups: IndexArray, n_groups: int, /) -> Float64s:
        """Return the sums over the tokens of each group for the pooling, shape ``(n_groups, d_sum)``."""

    @property
    def ends(self) -> Float64s:
        """U of no token and of all tokens, shape ``(2, d)``."""

    def embed_coalitions(self, sums: Numbers, coalitions: Numbers, weights: Numbers, /) -> Numbers:
        """Return weighted sums of U over coalitions of groups, shape ``(m, d)``.

        The arrays have shapes ``(n_groups, d_sum)``, ``(n_coalitions, n_groups)`` and ``(m, n_coalitions)``.
        """

    def user_embedding(self, present: Coalitions, /) -> Numbers:
        """Return U for sets of present tokens, ``(n_coalitions, n_tokens)`` to ``(n_coalitions, d)``."""


StateT = TypeVar("StateT", bound=UserTokens)
StateT_contra = TypeVar("StateT_contra", bound=UserTokens, contravariant=True)


class AdditiveScorer(Protocol[StateT_contra]):
    """A scorer whose score is <U, V_i> + own history + links of past items + context terms."""

    @property
    def catalogue(self) -> Catalogue:
        """The items."""

    @property
    def candidates(self) -> IndexArray:
        """Items that may be recommended, shape ``(n_candidates,)``."""

    @property
    def item_embedding(self) -> Numbers | ItemVectors:
        """V, shape ``(n_items, d)``, to be indexed by row."""

    @property
    def own_features(self) -> tuple[str, ...]:
        """Names of the parts of the own-history term."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the context terms."""

    @property
    def context_mean(self) -> Numbers:
        """Expected value of each context term, shape ``(n_terms,)``."""

    def own_parts(self, state: StateT_contra, item_index: IndexArray, /) -> Numbers:
        """Return the own-history parts of each item, shape ``(n, n_own)``."""

    def own_empty(self, item_index: IndexArray, /) -> Numbers:
        """Return the same for an empty history, shape ``(n, n_own)``."""

    def link_parts(
        self, state: StateT_contra, item_index: IndexArray, group_of_category: IndexArray, n_groups: int, /
    ) -> Numbers:
        """Return what links add by group of past items, shape ``(n, n_groups)``; group −1 of a category is none."""

    def linked(self, state: StateT_contra, item_index: IndexArray, /) -> Numbers:
        """Return what links of each past item add, columns as ``past``, shape ``(n, n_past)``."""

    def context_parts(self, as_of: pd.Timestamp, item_index: IndexArray, channel: str, /) -> Numbers:
        """Return the context terms at a moment, for a request from a channel, shape ``(n, n_terms)``."""

    def score(self, state: StateT_contra, item_index: IndexArray, /) -> Numbers:
        """Return the ranking values in logits, shape ``(n,)``."""
