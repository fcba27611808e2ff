"""Other packages' explainers behind one call: a game, the number of players and a budget of coalitions in, values out.

Every method gets the best game that can be made for it: coalitions are scored in batches from the user's group sums,
never from events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import captum.attr
import numpy as np
import numpy.typing as npt
import scipy.cluster.hierarchy
import shap
import shapiq
import torch

Values: TypeAlias = npt.NDArray[np.float64]
Game: TypeAlias = Callable[[npt.NDArray[np.generic]], Values]
"""From present players, ``(n_coalitions, n_players)``, to ``(n_coalitions,)`` or ``(n_coalitions, n_items)``."""

Method: TypeAlias = Callable[[Game, int, int], Values]
"""From a game, the number of players and the budget to values, ``(n_players,)`` or ``(n_players, n_items)``."""


def _ends(n: int) -> tuple[Values, Values]:
    """Return the background and the row to explain: all players absent, all present."""
    return np.zeros((1, n)), np.ones((1, n))


def shap_exact(game: Game, n: int, budget: int) -> Values:
    """Enumerate all coalitions, whatever the budget."""
    del budget
    absent, present = _ends(n)
    return shap.explainers.Exact(game, absent)(present, max_evals=2**n + 1, silent=True).values[0]


def shap_permutation(game: Game, n: int, budget: int) -> Values:
    """Walk random orders forth and back."""
    absent, present = _ends(n)
    explainer = shap.explainers.Permutation(game, absent, seed=0)
    return explainer(present, max_evals=max(budget, 2 * n + 1), silent=True).values[0]


def shap_kernel(game: Game, n: int, budget: int) -> Values:
    """Fit the weighted regression, without a penalty."""
    absent, present = _ends(n)
    return shap.KernelExplainer(game, absent).shap_values(present, nsamples=budget, l1_reg=False, silent=True)[0]


def shap_partition(game: Game, n: int, budget: int) -> Values:
    """Descend a balanced tree of the players; what comes out are Owen values, which are not Shapley values."""
    absent, present = _ends(n)
    tree = scipy.cluster.hierarchy.linkage(np.arange(n, dtype=float)[:, None], "complete")
    explainer = shap.explainers.Partition(game, shap.maskers.Partition(absent, clustering=tree))
    return explainer(present, max_evals=budget, silent=True).values[0]


def _torch_game(game: Game) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda rows: torch.from_numpy(np.asarray(game(rows.numpy()), dtype=np.float64))


def captum_sampling(game: Game, n: int, budget: int) -> Values:
    """Walk random orders; one order costs as many coalitions as there are players."""
    torch.manual_seed(0)
    sampler = captum.attr.ShapleyValueSampling(_torch_game(game))
    ones = torch.ones((1, n), dtype=torch.float64)
    orders = max(1, budget // n)
    return sampler.attribute(ones, baselines=0.0, n_samples=orders, perturbations_per_eval=n).numpy()[0]


def captum_kernel(game: Game, n: int, budget: int) -> Values:
    """Fit the weighted regression; captum draws coalitions with replacement."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002  captum draws from the global generator
    ones = torch.ones((1, n), dtype=torch.float64)
    explainer = captum.attr.KernelShap(_torch_game(game))
    return explainer.attribute(ones, baselines=0.0, n_samples=budget, perturbations_per_eval=64).numpy()[0]


def _rows(game: Game) -> Game:
    return lambda coalitions: np.asarray(game(np.atleast_2d(coalitions)), dtype=np.float64)


def shapiq_exact(game: Game, n: int, budget: int) -> Values:
    """Enumerate all coalitions, whatever the budget."""
    del budget
    return shapiq.ExactComputer(_rows(game), n)("SV", 1).get_n_order_values(1)


def shapiq_kernel(game: Game, n: int, budget: int) -> Values:
    """Fit the weighted regression."""
    return shapiq.KernelSHAP(n, random_state=0).approximate(budget, _rows(game)).get_n_order_values(1)


def shapiq_permutation(game: Game, n: int, budget: int) -> Values:
    """Walk random orders."""
    found = shapiq.PermutationSamplingSV(n, random_state=0).approximate(budget, _rows(game), batch_size=64)
    return found.get_n_order_values(1)


def shapiq_svarm(game: Game, n: int, budget: int) -> Values:
    """Sample strata of equal size."""
    return shapiq.SVARM(n, random_state=0).approximate(budget, _rows(game)).get_n_order_values(1)


EXACT: dict[str, Method] = {"shap Exact": shap_exact, "shapiq ExactComputer": shapiq_exact}
SAMPLED: dict[str, Method] = {
    "shap Permutation": shap_permutation,
    "shap Kernel": shap_kernel,
    "shap Partition (Owen)": shap_partition,
    "captum ShapleyValueSampling": captum_sampling,
    "captum KernelShap": captum_kernel,
    "shapiq KernelSHAP": shapiq_kernel,
    "shapiq PermutationSamplingSV": shapiq_permutation,
    "shapiq SVARM": shapiq_svarm,
}
MANY_ITEMS = ("shap Exact", "shap Permutation", "shap Kernel")
"""Methods that explain a game with many outputs in one call; the others go item by item."""
