"""Compare our attributions with other explanations by deleting, or keeping, the history that each one names.

    python benchmarks/fidelity/deletion.py [--artifacts artifacts/completejourney] [--quick] [--out build/bench]

Explains the trained scorer and implicit's ALS. Also measures stability: one shopping trip fewer, and another seed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).parents[1]))

import numpy as np
import scipy.sparse as sp
from cases import best_targets
from curves import HIGHER_IS_BETTER
from explainers import Similarities
from measure import Bench, summarise
from report import Section
from scorers import FactorScores, GlassScores
from stability import another_seed, one_trip_fewer

from llm_explain.evaluation.artifacts import EvaluatedArtifacts
from scoring.evaluation.split import Split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from scoring.data.history import History

MIN_CATEGORIES = 6
"""Users with fewer categories have too few groups to name five of."""

N_SEEDED = 8
"""Users on whom explainers that sample run twice."""


def split_of(artifacts: EvaluatedArtifacts) -> Split:
    """Return training rows before the snapshot's moment, and what was bought after it."""
    log = artifacts.explainer.events
    return Split.at(log.events, artifacts.scorer.catalogue, cutoff=artifacts.explainer.as_of, shop=log.shop)


def draw_histories(artifacts: EvaluatedArtifacts, n: int, *, seed: int) -> list[History]:
    """Return histories before the snapshot's moment of test users with enough categories, drawn by chance."""
    events, as_of = artifacts.explainer.events, artifacts.explainer.as_of
    category = artifacts.scorer.catalogue.category_index
    found: list[History] = []
    for user_id in np.random.default_rng(seed).permutation(split_of(artifacts).user_ids):
        history = events.history(user_id, as_of)
        if len(np.unique(category[history.item_index])) >= MIN_CATEGORIES:
            found.append(history)
        if len(found) == n:
            break
    return found


def similarities(artifacts: EvaluatedArtifacts) -> Similarities:
    """Return how much the buyers of two items overlap, before the snapshot's moment."""
    split = split_of(artifacts)
    coo = split.train.matrix().tocoo()
    at = (split.candidates[coo.col], coo.row)
    shape = (len(artifacts.scorer.catalogue), coo.shape[0])
    return Similarities(sp.csr_matrix((np.ones(coo.nnz, dtype=np.float32), at), shape=shape))


def run(folder: Path, *, n_users: int, n_stability: int, seed: int = 0, n_resamples: int = 1000) -> dict[str, Any]:
    """Return the curves by scorer and level, and the stability by explainer."""
    artifacts = EvaluatedArtifacts.load(folder)
    scorer = artifacts.scorer
    histories = draw_histories(artifacts, max(n_users, n_stability), seed=seed)
    some = histories[:n_users]
    glass, vectors, similar = GlassScores(scorer), scorer.item_embedding[:], similarities(artifacts)
    rows = []
    for scores in (glass, FactorScores(split_of(artifacts), len(scorer.catalogue), seed=seed)):
        rows += Bench(scores, scorer.catalogue, similar, vectors, seed=seed).measure(some)
    cases = [(history, best_targets(glass, history)[0].item_index) for history in some[:N_SEEDED]]
    return {
        "curves": summarise(rows, n_resamples=n_resamples, seed=seed),
        "one_trip_fewer": one_trip_fewer(artifacts.explainer, histories[:n_stability], seed=seed),
        "another_seed": another_seed(glass, cases, vectors, seed=seed),
    }


def write(found: Mapping[str, Any], out: Path) -> None:
    """Write the section ``fidelity``."""
    section = Section(out, "fidelity", "Fidelity by deletion")
    arrow = {True: "↑", False: "↓"}
    for scorer, levels in found["curves"].items():
        for level, curves in levels.items():
            section.say(
                f"**{scorer}, {level}**: mean over one to five named {level}, {curves['users']} users, "
                f"{curves['targets']} targets."
            )
            section.table(
                ("explanation", *(f"{name} {arrow[is_up]}" for name, is_up in HIGHER_IS_BETTER.items())),
                [
                    (way, *(f"{row[name]['mean']:.3f}" for name in HIGHER_IS_BETTER))
                    for way, row in curves["mean"].items()
                ],
            )
    section.say("**Stability**: the same explanation with one shopping trip fewer, or with another seed.")
    section.table(
        ("change", "explanation", "rank correlation", "same first player", "change of attributions"),
        [
            (change, way, *(f"{row[name]:.3f}" for name in ("rank_correlation", "top", "change")))
            for change, way, row in (
                ("one trip fewer", "ours", found["one_trip_fewer"]),
                *(("another seed", way, row) for way, row in found["another_seed"].items()),
            )
        ],
    )
    section.write()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="4 users instead of 40")
    given = parser.parse_args()
    n_users, n_stability = (4, 12) if given.quick else (40, 100)
    write(run(given.artifacts, n_users=n_users, n_stability=n_stability), given.out)


if __name__ == "__main__":
    main()
