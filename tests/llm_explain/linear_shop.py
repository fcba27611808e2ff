"""A shop small enough to work by hand, and a glass-box scorer over it whose Shapley values are known.

Every category has one token with a weight w (the number of its occasions) and a direction e (a unit vector of its
own). Pooling is either the plain sum, U(S) = Σ w e, whose Shapley values are the summands themselves, or the weighted
mean with a sink, U(S) = Σ w e / (1 + Σ w), in which every token takes from every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.data.catalogue import Catalogue
from scoring.data.history import History

if TYPE_CHECKING:
    from collections.abc import Mapping

AS_OF = pd.Timestamp("2020-06-01")
OWN_FEATURES = ("times_bought", "category_share")
TERMS = ("promotion", "popularity")


def catalogue(categories: tuple[str, ...], *, items_each: int = 2) -> Catalogue:
    """Return items ``<category>-0``, ``<category>-1``, … in every category."""
    rows = [(f"{name}-{i}", f"{name} number {i}", name) for name in categories for i in range(items_each)]
    return Catalogue(pd.DataFrame(rows, columns=["item_id", "title", "category"], dtype="str"))


def events(occasions: Mapping[str, int]) -> pd.DataFrame:
    """Return purchases of an item, so many times each, at moments of their own."""
    ids = [item_id for item_id, times in occasions.items() for _ in range(times)]
    moments = AS_OF - pd.to_timedelta(np.arange(len(ids), 0, -1), unit="D")
    return pd.DataFrame({"user_id": "u", "item_id": ids, "timestamp": moments}).astype({"item_id": "str"})


def history(shop: Catalogue, occasions: Mapping[str, int]) -> History:
    """Return the history of these purchases."""
    return History.from_events(events(occasions), shop, as_of=AS_OF, user_id="u")


@dataclass(frozen=True)
class LinearState:
    """A token for each category: its weight and its direction."""

    history: History
    categories: np.ndarray
    summands: np.ndarray  # (n_tokens, n_categories + 1): w e, and w
    has_sink: bool

    @property
    def past(self) -> np.ndarray:
        return np.unique(self.history.item_index)

    def group_sums(self, groups: np.ndarray, n_groups: int) -> np.ndarray:
        sums = np.zeros((n_groups, self.summands.shape[1]))
        np.add.at(sums, groups, self.summands)
        return sums

    @property
    def ends(self) -> np.ndarray:
        return self.embed(np.array([np.zeros(self.summands.shape[1]), self.summands.sum(axis=0)]))

    def embed(self, sums: np.ndarray) -> np.ndarray:
        return sums[:, :-1] / (1.0 + sums[:, -1:]) if self.has_sink else sums[:, :-1]

    def embed_coalitions(self, sums: np.ndarray, coalitions: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return weights @ self.embed(coalitions @ sums)

    def user_embedding(self, present: np.ndarray) -> np.ndarray:
        return self.embed(present.astype(np.float64) @ self.summands)


class LinearScorer:
    """Scores that a reader can redo: ``seed`` draws V, own-history slopes and context values."""

    own_features = OWN_FEATURES
    terms = TERMS

    def __init__(self, shop: Catalogue, *, has_sink: bool = False, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        n, d = len(shop), len(shop.category_names)
        self.catalogue, self.has_sink = shop, has_sink
        self.candidates = np.arange(n)
        self.item_embedding = generator.normal(size=(n, d))
        self.slopes = generator.normal(size=len(OWN_FEATURES))
        self.context = generator.normal(size=(n, len(TERMS)))
        self.context_mean = self.context.mean(axis=0)
        self.empty = generator.normal(size=(n, len(OWN_FEATURES)))

    def read(self, history: History) -> LinearState:
        category = self.catalogue.category_index[history.item_index]
        found, weight = np.unique(category, return_counts=True)
        direction = np.eye(len(self.catalogue.category_names))[found]
        return LinearState(history, found, np.column_stack([weight[:, None] * direction, weight]), self.has_sink)

    def own_parts(self, state: LinearState, item_index: np.ndarray) -> np.ndarray:
        bought = np.bincount(state.history.item_index, minlength=len(self.catalogue))
        in_category = np.zeros(len(self.catalogue.category_names))
        np.add.at(in_category, self.catalogue.category_index, bought)
        total = in_category[self.catalogue.category_index[item_index]]
        share = bought[item_index] / np.maximum(total, 1)
        return self.empty[item_index] + np.column_stack([bought[item_index], share]) * self.slopes

    def own_empty(self, item_index: np.ndarray) -> np.ndarray:
        return self.empty[item_index]

    def link_parts(
        self, state: LinearState, item_index: np.ndarray, group_of_category: np.ndarray, n_groups: int
    ) -> np.ndarray:
        return np.zeros((len(item_index), n_groups))

    def linked(self, state: LinearState, item_index: np.ndarray) -> np.ndarray:
        return np.zeros((len(item_index), len(state.past)))

    def context_parts(self, as_of: pd.Timestamp, item_index: np.ndarray, channel: str = "") -> np.ndarray:
        return self.context[item_index]

    def score(self, state: LinearState, item_index: np.ndarray | None = None) -> np.ndarray:
        index = np.arange(len(self.catalogue)) if item_index is None else item_index
        embedding = state.user_embedding(np.ones((1, len(state.categories)), dtype=bool))[0]
        own = self.own_parts(state, index).sum(axis=1)
        return self.item_embedding[index] @ embedding + own + self.context[index].sum(axis=1)
