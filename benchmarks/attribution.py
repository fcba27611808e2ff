"""Speed and error of attributions beside the alternatives, on one trained scorer and in one run.

    python benchmarks/attribution.py [--artifacts artifacts/completejourney | --small]

Every method explains the same pairs over the same history groups. The alternatives get the best game that can be made
for them: coalitions are scored in batches from the user's group sums, never from events. Exact values for the errors
come from elsewhere: every coalition's events are deleted, the history is read from scratch and scored.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import captum.attr
import numpy as np
import shap
import torch

from llm_explain.attribution import attribute, attribute_catalogue
from llm_explain.blackbox import attribute_black_box
from llm_explain.group_vectors import VectorCache
from llm_explain.partition import Partition, partition, partitions_for
from llm_explain.shapley import play
from scoring.history import EventLog
from scoring.scorer import GlassBoxScorer
from scoring.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoring.scorer import UserState

BUDGET_S = 20.0
"""A method stops taking pairs after this long."""


@dataclass(frozen=True)
class Pair:
    """One score to explain, with the players and the exact values."""

    state: UserState
    item: int
    groups: Partition
    exact: np.ndarray  # (n_groups,)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--small", action="store_true", help="train on the small synthetic shop instead")
    parser.add_argument("--users", type=int, default=6)
    parser.add_argument("--items", type=int, default=4, help="items a user, from the top of the list")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as temporary:
        folder = train_small(Path(temporary)) if options.small else options.artifacts
        scorer, tables = GlassBoxScorer.load(folder), Tables.read(folder / "tables")
    pairs = draw_pairs(scorer, EventLog(tables.events, scorer.catalogue), options.users, options.items)
    n_groups = [len(pair.groups) for pair in pairs]
    print(
        f"{len(scorer.catalogue):,} items, {len(pairs)} pairs of {options.users} users, "
        f"{min(n_groups)} to {max(n_groups)} history groups, 1 thread"
    )
    report(scorer, pairs)


def train_small(folder: Path) -> Path:
    """Train on the small shop of the tests."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "scoring"))
    from shop import CUTOFF, small_shop

    from scoring.config import TrainConfig
    from scoring.training import train

    config = TrainConfig(
        d=8, n_heads=2, n_queries=2, curve_steps=20, tower_steps=20, batch_size=16, titles="none", n_windows=6
    )
    train(small_shop(), config, folder, cutoff=CUTOFF)
    return folder


def draw_pairs(scorer: GlassBoxScorer, log: EventLog, n_users: int, n_items: int) -> list[Pair]:
    """Return top items of users drawn by chance, with exact values from whole rescoring."""
    pairs = []
    for user in np.random.default_rng(0).choice(log.user_ids, size=n_users, replace=False):
        history = log.history(str(user), scorer.snapshot.as_of)
        state = scorer.read(history)
        items = scorer.rank(state, n_items)[0]
        for groups, rows in partitions_for(history, scorer.catalogue, items):

            def rescored(
                coalitions: np.ndarray, history: Any = history, groups: Any = groups, items: Any = items[rows]
            ) -> np.ndarray:
                absent = [[c for g in np.flatnonzero(~row) for c in groups.categories[g]] for row in coalitions]
                shortened = (history.without(categories, scorer.catalogue) for categories in absent)
                return np.stack([scorer.score(scorer.read(each), items) for each in shortened])

            exact = play(rescored, len(groups))  # (n_groups, n_rows)
            pairs += [Pair(state, int(items[row]), groups, exact[:, place]) for place, row in enumerate(rows)]
    return pairs


def batch_game(scorer: GlassBoxScorer, pair: Pair) -> Callable[[np.ndarray], np.ndarray]:
    """Return the pair's score as a function of present groups, vectorised over coalitions."""
    index = np.array([pair.item])
    sums = pair.state.group_sums(pair.groups.group_of(pair.state.categories), len(pair.groups))
    own_group = int(pair.groups.group_of(scorer.catalogue.category_index[index])[0])
    own = float(scorer.own_parts(pair.state, index).sum()) if own_group >= 0 else 0.0
    context = float(scorer.context_parts(pair.state.history.as_of, index).sum())
    V = scorer.item_embedding[pair.item]

    def game(rows: np.ndarray) -> np.ndarray:
        present = np.asarray(rows, dtype=np.float64)
        return pair.state.embed(present @ sums) @ V + (own * present[:, own_group] if own_group >= 0 else 0.0) + context

    return game


def ours(scorer: GlassBoxScorer, pair: Pair, cache: VectorCache | None = None) -> np.ndarray:
    """Explain one pair."""
    (found,) = attribute(scorer, pair.state, np.array([pair.item]), cache=cache)
    return found.values[: len(pair.groups)]


def shap_exact(scorer: GlassBoxScorer, pair: Pair) -> np.ndarray:
    """Enumerate all coalitions with shap."""
    n = len(pair.groups)
    return shap.explainers.Exact(batch_game(scorer, pair), np.zeros((1, n)))(np.ones((1, n)), silent=True).values[0]


def shap_permutation(scorer: GlassBoxScorer, pair: Pair) -> np.ndarray:
    """Walk random orders with shap, with its default of 500 evaluations."""
    n = len(pair.groups)
    explainer = shap.explainers.Permutation(batch_game(scorer, pair), np.zeros((1, n)), seed=0)
    return explainer(np.ones((1, n)), silent=True).values[0]


def shap_kernel(scorer: GlassBoxScorer, pair: Pair, nsamples: int | str) -> np.ndarray:
    """Fit shap's weighted regression."""
    n = len(pair.groups)
    explainer = shap.KernelExplainer(batch_game(scorer, pair), np.zeros((1, n)))
    return explainer.shap_values(np.ones((1, n)), nsamples=nsamples, silent=True)[0]


def captum_sampling(scorer: GlassBoxScorer, pair: Pair) -> np.ndarray:
    """Sample orders with captum, with its default of 25 orders, ten coalitions a call."""
    torch.manual_seed(0)
    game = batch_game(scorer, pair)
    sampler = captum.attr.ShapleyValueSampling(lambda rows: torch.from_numpy(game(rows.numpy())))
    ones = torch.ones((1, len(pair.groups)), dtype=torch.float64)
    return sampler.attribute(ones, baselines=0.0, n_samples=25, perturbations_per_eval=10).numpy()[0]


def black_box(scorer: GlassBoxScorer, pair: Pair) -> np.ndarray:
    """Explain one pair as if the scorer were any callable over histories."""

    def score(histories: Any, item_ids: Any) -> np.ndarray:
        index = scorer.catalogue.index_of(item_ids)
        return np.stack([scorer.score(scorer.read(history), index) for history in histories])

    item_id = str(scorer.catalogue.item_ids[pair.item])
    return attribute_black_box(score, pair.state.history, [item_id], catalogue=scorer.catalogue)[0].values


def timed(method: Callable[[Pair], np.ndarray], pairs: list[Pair]) -> tuple[float, np.ndarray]:
    """Return seconds a pair and the errors; the first call, which may compile, is not timed."""
    method(pairs[0])
    errors = []
    start = time.perf_counter()
    for pair in pairs:
        errors.append(np.abs(method(pair) - pair.exact))
        if time.perf_counter() - start > BUDGET_S:
            break
    return (time.perf_counter() - start) / len(errors), np.concatenate(errors)


def catalogue(scorer: GlassBoxScorer, pairs: list[Pair]) -> tuple[float, np.ndarray]:
    """Return seconds a pair and the errors of whole-catalogue attribution, users read already."""
    base = [p for p in pairs if p.groups == partition(p.state.history, scorer.catalogue)] or pairs
    attribute_catalogue(scorer, base[0].state)
    errors, seconds = [], 0.0
    for pair in base:
        start = time.perf_counter()
        phi = attribute_catalogue(scorer, pair.state)
        seconds += time.perf_counter() - start
        if phi.groups == pair.groups:
            errors.append(np.abs(phi.phi[pair.item] - pair.exact))
    return seconds / len(base) / len(scorer.catalogue), np.concatenate(errors)


def measurements(scorer: GlassBoxScorer, pairs: list[Pair]) -> Iterator[tuple[str, float, np.ndarray]]:
    """Yield a name, seconds a pair and errors for each method."""
    cache = VectorCache()
    for pair in pairs:
        ours(scorer, pair, cache)
    yield "ours, whole catalogue", *catalogue(scorer, pairs)
    yield "ours, one pair, user's vectors kept", *timed(lambda pair: ours(scorer, pair, cache), pairs)
    yield "ours, one pair, from scratch", *timed(lambda pair: ours(scorer, pair), pairs)
    yield "shap.explainers.Exact", *timed(lambda pair: shap_exact(scorer, pair), pairs)
    yield "shap.explainers.Permutation (500)", *timed(lambda pair: shap_permutation(scorer, pair), pairs)
    yield "shap.KernelExplainer (500)", *timed(lambda pair: shap_kernel(scorer, pair, 500), pairs)
    yield "shap.KernelExplainer (auto)", *timed(lambda pair: shap_kernel(scorer, pair, "auto"), pairs)
    yield "captum ShapleyValueSampling (25)", *timed(lambda pair: captum_sampling(scorer, pair), pairs)
    yield "any callable (attribute_black_box)", *timed(lambda pair: black_box(scorer, pair), pairs)


def report(scorer: GlassBoxScorer, pairs: list[Pair]) -> None:
    """Print a line for each method; ratios are speeds against ``shap.explainers.Exact`` in this run."""
    rows = list(measurements(scorer, pairs))
    reference = next(seconds for name, seconds, _ in rows if name == "shap.explainers.Exact")
    print(f"{'method':36} {'pairs/s':>12} {'µs/pair':>12} {'speed':>11} {'mean error':>11} {'max error':>11}")
    for name, seconds, errors in rows:
        print(
            f"{name:36} {1 / seconds:12,.1f} {1e6 * seconds:12,.2f} {reference / seconds:10,.2f}× "
            f"{errors.mean():11.1e} {errors.max():11.1e}"
        )


if __name__ == "__main__":
    main()
