"""Print one table of rankers: quality on what users did after the cut-off, seconds, peak memory.

    python benchmarks/ranking.py [--data FOLDER] [--artifacts FOLDER] [--cutoff 2017-12-01]

Every ranker runs in a process of its own, so that its peak memory is its own (the data included).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.baselines import Baseline, cheap_baselines, measure_baselines
from scoring.catalogue import Catalogue
from scoring.history import EventLog
from scoring.protocol import evaluate
from scoring.split import Split
from scoring.tables import Tables, read_parquet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.metrics import Scores
    from scoring.scorer import GlassBoxScorer

GLASS_BOX, LAMBDAMART, DATA_ALONE = "glass box (this project)", "LightGBM LambdaMART, 19 cross features", "the data"
METRICS = ("recall@10", "ndcg@10", "recall@10_new", "ndcg@10_new")


@dataclass(frozen=True)
class Whole:
    """The trained scorer as a ranker: reads each history as of the cut-off, and scores every candidate.

    Attributes:
        scorer: The trained scorer.
        log: Everyone's events.
        split: What is asked.
        items: The candidates as the scorer numbers them.
    """

    scorer: GlassBoxScorer
    log: EventLog
    split: Split
    items: np.ndarray

    def __call__(self, user_ids: Sequence[str], /) -> Scores:
        """Return ranking values, shape ``(len(user_ids), n_candidates)``."""
        states = (self.scorer.read(self.log.history(user, self.split.cutoff)) for user in user_ids)
        return np.stack([self.scorer.score(state, self.items) for state in states])


def measure(name: str, data: Path, artifacts: Path, cutoff: pd.Timestamp) -> dict[str, float | str]:
    """Return the metrics of one ranker, learning included unless it was trained before."""
    tables = Tables(read_parquet(data / "events.parquet"), read_parquet(data / "items.parquet"))
    catalogue = Catalogue(tables.items)
    split = Split.at(tables.events, catalogue, cutoff=cutoff)
    if name == DATA_ALONE:
        return {}
    if name == GLASS_BOX:
        from scoring.scorer import GlassBoxScorer

        scorer, start = GlassBoxScorer.load(artifacts), time.perf_counter()
        items = scorer.catalogue.index_of(catalogue.item_ids[split.candidates].tolist())
        ranker = Whole(scorer, EventLog(tables.events, scorer.catalogue), split, items)
        result = evaluate(ranker, split, probability=scorer.probability, block=64)
        return {**result, "seconds": time.perf_counter() - start}
    baselines: dict[str, Baseline] = {baseline.name: baseline for baseline in cheap_baselines()}
    if name == LAMBDAMART:
        from lambdamart import LambdaMart, Shop

        baselines[LAMBDAMART] = LambdaMart(Shop.of(split, catalogue, tables.events))
    return measure_baselines([baselines[name]], split)[name]


def in_own_process(name: str, options: Sequence[str]) -> dict[str, float | str]:
    """Measure one ranker in a new process; what fails is said in its row."""
    command = [sys.executable, __file__, *options, "--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"skipped": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    result: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return result


def row(name: str, result: dict[str, float | str]) -> str:
    """Return one line of the table."""
    if "skipped" in result:
        return f"| {name} | {result['skipped']} | | | | | |"
    cells = [f"{result[metric]:.4f}" if metric in result else "–" for metric in METRICS]
    seconds = f"{result['seconds']:.0f}" if "seconds" in result else "–"
    return f"| {name} | {' | '.join(cells)} | {seconds} | {result['peak_rss_mb']:,.0f} |"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/completejourney"))
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--cutoff", type=pd.Timestamp, default=pd.Timestamp("2017-12-01"))
    parser.add_argument("--only", help="measure this one and print JSON")
    given = parser.parse_args()
    if given.only:
        result = measure(given.only, given.data, given.artifacts, given.cutoff)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        print(json.dumps({**result, "peak_rss_mb": peak}))
        return
    options = ["--data", str(given.data), "--artifacts", str(given.artifacts), "--cutoff", str(given.cutoff)]
    print("| scorer | recall@10 | NDCG@10 | recall@10, new | NDCG@10, new | seconds | peak MB |")
    print("|---|---|---|---|---|---|---|")
    for name in (DATA_ALONE, *(baseline.name for baseline in cheap_baselines()), LAMBDAMART, GLASS_BOX):
        result = in_own_process(name, options)
        print(row(name, result), flush=True)
        if "ece" in result:
            print(f"\nCalibration error of {name}: {result['ece']:.4f} over each user's best 100, "
                  f"{result['ece_all']:.5f} over all candidates.")  # fmt: skip


if __name__ == "__main__":
    main()
