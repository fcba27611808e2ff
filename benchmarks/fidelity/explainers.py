"""Ways to attribute a score to the units of a history: the simple ones, the well-known ones and the project's own."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cases import Case

    from scoring.data.catalogue import IndexArray

Values = npt.NDArray[np.float64]
"""Attribution of each unit, shape ``(n_units,)``."""

N_CLUSTERS: Final = 10
LIME_SAMPLES: Final = 200
SHAP_SAMPLES: Final = 256


def random_order(case: Case, rng: np.random.Generator) -> Values:
    """Return attributions drawn by chance."""
    return np.asarray(rng.random(case.n_units), dtype=np.float64)


def of_items(case: Case, value: Callable[[int], float]) -> Values:
    """Return the sum over each unit's items of a number that every item has.

    Args:
        case: The case.
        value: Number of an item.

    Returns:
        Attributions, additive over items.
    """
    return np.array([sum(value(int(item)) for item in items) for items in case.units], dtype=np.float64)


class Similarities:
    """How much the buyers of two items overlap.

    Args:
        bought: 1 where a user bought an item, shape ``(n_items, n_users)``, sparse by row.
    """

    def __init__(self, bought: Any) -> None:
        self._bought = bought
        self.buyers = np.asarray(bought.sum(axis=1)).ravel()

    def _both(self, target: int, items: IndexArray) -> Values:
        return np.asarray((self._bought[items] @ self._bought[[target]].T).toarray(), dtype=np.float64).ravel()

    def cosine(self, case: Case) -> Values:
        """Return shared buyers over the geometric mean of the buyers of each, summed over a unit's items."""
        return self._summed(case, lambda both, a, b: both / np.sqrt(np.maximum(a * b, 1.0)))

    def jaccard(self, case: Case) -> Values:
        """Return shared buyers over all buyers of either, summed over a unit's items."""
        return self._summed(case, lambda both, a, b: both / np.maximum(a + b - both, 1.0))

    def popularity(self, case: Case) -> Values:
        """Return the number of buyers, summed over a unit's items."""
        return np.array([float(self.buyers[items].sum()) for items in case.units])

    def _summed(self, case: Case, measure: Callable[[Values, Values, float], Values]) -> Values:
        target = float(self.buyers[case.target])
        return np.array(
            [
                float(measure(self._both(case.target, items), self.buyers[items].astype(np.float64), target).sum())
                for items in case.units
            ]
        )


def leave_one_out(case: Case) -> Values:
    """Return by how much the score falls when one unit is deleted."""
    everything = np.ones((1, case.n_units), dtype=bool)
    return np.asarray(case.scores(everything)[0] - case.scores(~np.eye(case.n_units, dtype=bool)))


def first_and_last(case: Case) -> Values:
    """Return the mean of what a unit adds when it comes first and when it comes last.

    The trapezoid of Owen's multilinear extension: a Shapley value is the integral over q of what a unit adds to a
    coalition that every other unit joins with probability q; this takes its two ends. 2 · n_units scored histories.
    Source: Owen (1972), "Multilinear extensions of games", Management Science 18.
    """
    nothing = np.zeros((1, case.n_units), dtype=bool)
    first = case.scores(np.eye(case.n_units, dtype=bool)) - case.scores(nothing)[0]
    return np.asarray((first + leave_one_out(case)) / 2)


def within_groups(case: Case, group_of_unit: npt.NDArray[np.int64], group_values: Values) -> Values:
    """Return attributions of items that add up to the exact value of each history group.

    Args:
        case: A case whose units are items.
        group_of_unit: History group of each unit.
        group_values: Exact Shapley value of each group.

    Returns:
        ``first_and_last``, shifted within each group by what it misses of the group's value.
    """
    values = first_and_last(case)
    size = np.bincount(group_of_unit, minlength=len(group_values))
    missing = group_values - np.bincount(group_of_unit, values, minlength=len(group_values))
    return np.asarray(values + (missing / np.maximum(size, 1))[group_of_unit])


def lime(case: Case, *, seed: int, n_samples: int = LIME_SAMPLES) -> Values:
    """Return the coefficients of captum's LIME: a ridge regression of the score on random coalitions.

    Source: Ribeiro, Singh & Guestrin (2016), arXiv:1602.04938; captum.attr.Lime.

    Args:
        case: The case.
        seed: Source of chance.
        n_samples: Coalitions that are drawn.

    Returns:
        Attributions.

    Raises:
        MissingExtraError: If captum is not installed.
    """
    import torch

    try:
        from captum._utils.models.linear_model import SkLearnRidge
        from captum.attr import Lime
    except ImportError as error:
        raise MissingExtraError.of("captum", "LIME", "bench") from error

    def scores(present: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(case.scores(present.numpy() > 0.5))

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        explainer = Lime(scores, interpretable_model=SkLearnRidge(alpha=1.0))
        found = explainer.attribute(
            torch.ones((1, case.n_units), dtype=torch.float64), n_samples=n_samples, perturbations_per_eval=n_samples
        )
    return np.asarray(found[0].numpy(), dtype=np.float64)


def kernel_shap_over_clusters(
    case: Case, item_vectors: npt.NDArray[np.floating], *, seed: int, n_samples: int = SHAP_SAMPLES, by_item: Case
) -> Values:
    """Return KernelSHAP over clusters of items: each item gets its cluster's value, a unit the sum over its items.

    As the fidelity papers run SHAP on recommenders, where a player for each item is beyond it.
    Sources: Lundberg & Lee (2017), arXiv:1705.07874; Barkan et al. (2024), "A counterfactual framework for learning and
    evaluating explanations for recommender systems", WWW, doi:10.1145/3589334.3645560.

    Args:
        case: The case.
        item_vectors: Embeddings by which items are clustered, shape ``(n_items, d)``.
        seed: Source of chance.
        n_samples: Coalitions of clusters that are drawn.
        by_item: The same case with a unit for each item, by which clusters are deleted.

    Returns:
        Attributions.

    Raises:
        MissingExtraError: If shap or scikit-learn are not installed.
    """
    try:
        from shap import KernelExplainer
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise MissingExtraError.of(error.name, "KernelSHAP", "bench") from error
    items = np.concatenate(by_item.units)
    n_clusters = min(N_CLUSTERS, len(items))
    outer = np.random.get_state()  # noqa: NPY002  the explainer draws from numpy's global generator
    try:
        np.random.seed(seed)  # noqa: NPY002
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cluster = KMeans(n_clusters, n_init=1, random_state=seed).fit_predict(item_vectors[items])

            def scores(present: npt.NDArray[np.floating]) -> Values:
                return by_item.scores(present[:, cluster] > 0.5)

            explainer = KernelExplainer(scores, np.zeros((1, n_clusters)))
            found = explainer.shap_values(np.ones((1, n_clusters)), nsamples=n_samples, l1_reg=False, silent=True)
    finally:
        np.random.set_state(outer)  # noqa: NPY002
    value = np.asarray(found).reshape(-1)[cluster]
    if len(case.units) < len(items):  # a unit gets of each cluster's value the share that its items are of the cluster
        value = value / np.bincount(cluster, minlength=n_clusters)[cluster]
    value_of = dict(zip(items.tolist(), value.tolist(), strict=True))
    return of_items(case, lambda item: value_of[item])


def single_items(history_items: IndexArray) -> list[IndexArray]:
    """Return a unit for each distinct item of a history."""
    return [np.array([item]) for item in np.unique(history_items)]


def unit_items(groups: Sequence[Sequence[int]], items: IndexArray, category_index: IndexArray) -> list[IndexArray]:
    """Return the distinct items of a history that are in each group of categories.

    Args:
        groups: Categories of each group.
        items: Distinct items of the history.
        category_index: Category of each item of the catalogue.

    Returns:
        Items by group.
    """
    category = category_index[items]
    return [items[np.isin(category, list(group))] for group in groups]
