"""Which ranker is best: quality on what users did after the cut-off, seconds, peak memory.

    python benchmarks/ranking.py [--data FOLDER] [--artifacts FOLDER] [--cutoff 2017-12-01] [--quick]

Every ranker runs in a process of its own, so that its peak memory is its own (the data included).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import pandas as pd
from peers import Bpr, RecTools
from report import Section
from tifu_knn import TifuKnn

from scoring.baselines import Baseline, cheap_baselines, measure_baselines
from scoring.data.catalogue import Catalogue
from scoring.data.tables import Tables, read_parquet
from scoring.evaluation.protocol import evaluate
from scoring.evaluation.split import Split
from scoring.scorer.storage import load_scorer
from scoring.training.holdout import scorer_ranker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

Result = dict[str, float | str]

OURS, LAMBDAMART, DATA_ALONE = "llm-explain", "LightGBM LambdaMART, 19 cross features", "the data"
SASREC, EASE = "RecTools SASRec", "RecTools EASE on log counts"
PYTHON = Path("build/peers/rectools/bin/python").absolute()
EPOCHS = 10
METRICS = {
    "recall@10": "recall@10", "ndcg@10": "NDCG@10", "recall@10_new": "recall@10, new", "ndcg@10_new": "NDCG@10, new",
}  # fmt: skip


def baselines(split: Split, catalogue: Catalogue, events: pd.DataFrame) -> dict[str, Baseline]:
    """Return everything that learns here and now, by name."""
    from lambdamart import LambdaMart, Shop

    found: list[Baseline] = [
        *cheap_baselines(), Bpr(), TifuKnn(),
        RecTools("SASRec", PYTHON, (EPOCHS,), SASREC), RecTools("EASE", PYTHON, (0,), EASE),
        LambdaMart(Shop.of(split, catalogue, events), LAMBDAMART),
    ]  # fmt: skip
    return {baseline.name: baseline for baseline in found}


def names(*, is_quick: bool) -> list[str]:
    """Return what is measured; the quick run leaves out what takes minutes."""
    slow = [] if is_quick else [Bpr().name, EASE, SASREC]
    return [*(baseline.name for baseline in cheap_baselines()), TifuKnn().name, *slow, LAMBDAMART, OURS]


def measure(name: str, data: Path, artifacts: Path, cutoff: pd.Timestamp) -> Result:
    """Return the metrics of one ranker, learning included unless it was trained before."""
    tables = Tables(read_parquet(data / "events.parquet"), read_parquet(data / "items.parquet"))
    catalogue = Catalogue(tables.items)
    split = Split.at(tables.events, catalogue, cutoff=cutoff)
    if name == DATA_ALONE:
        return {"n_users": len(split.user_ids), "n_items": len(split.candidates)}
    if name == OURS:
        scorer, start = load_scorer(artifacts), time.perf_counter()
        means = evaluate(scorer_ranker(scorer, tables, split), split, probability=scorer.probability, block=64)
        return {**means, "seconds": time.perf_counter() - start}
    return measure_baselines([baselines(split, catalogue, tables.events)[name]], split)[name]


def in_own_process(name: str, options: Sequence[str]) -> Result:
    """Measure one ranker in a new process; what fails is said in its row."""
    print(f"{name} …", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, __file__, *options, "--only", name], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"skipped": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def peak_mb() -> float:
    """Return the most memory that this process or one that it started took."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / unit


def row(name: str, result: Result, best: dict[str, float]) -> list[str]:
    """Return one line of the table, the best of each column in bold."""
    if "skipped" in result:
        return [name, f"not run: {result['skipped']}", *[""] * (len(METRICS) + 1)]
    cells = [
        f"**{result[metric]:.4f}**" if result[metric] == best[metric] else f"{result[metric]:.4f}" for metric in METRICS
    ]
    return [name, *cells, f"{result['seconds']:.0f}", f"{result['peak_rss_mb']:,.0f}"]


def drawn(results: dict[str, Result]) -> Figure:
    """Return a picture with a point for each ranker: all items against what is new to the user."""
    figure, axes = plt.subplots(figsize=(7.5, 4.5))
    for name, result in results.items():
        point = result["recall@10"], result["recall@10_new"]
        axes.scatter(*point, color="#2f7d5b" if name == OURS else "#6b6761")
        axes.annotate(name, point, xytext=(4, 4), textcoords="offset points", fontsize=8)
    axes.set(xlabel="recall@10, all items", ylabel="recall@10, new to the user")
    axes.margins(x=0.2)
    return figure


def write(results: dict[str, Result], folder: Path, cutoff: pd.Timestamp) -> None:
    """Write the section."""
    section = Section(folder, "ranking", "Who ranks best")
    data = results.pop(DATA_ALONE)
    run = {name: result for name, result in results.items() if "skipped" not in result}
    best = {metric: max(result[metric] for result in run.values()) for metric in METRICS}
    section.say(
        f"The Complete Journey, events before {cutoff:%d %B %Y} train, later ones test: {data['n_users']:,.0f} users, "
        f"{data['n_items']:,.0f} items with at least 10 training rows. *New*: not bought by the user before. Seconds "
        f"are learning and ranking together, except for {OURS}, which was trained before; peak memory is that of the "
        f"process, of which the data take {data['peak_rss_mb']:,.0f} MB. BPR and TIFU-kNN have the settings that "
        "ranked best on November among a few that were tried; RecTools runs in an environment of its own "
        "(benchmarks/rectools.txt), because it needs numpy 1, pandas 2 and attrs 23."
    )
    rows = [row(name, result, best) for name, result in results.items()]
    section.table(["ranker", *METRICS.values(), "seconds", "peak MB"], rows)
    if OURS in run:
        said = ", ".join(f"{label} {run[OURS][metric] / best[metric]:.3f}" for metric, label in METRICS.items())
        section.say(f"{OURS} beside the best of each column (1 is the best): {said}.")
        section.say(
            f"Expected calibration error of {OURS}: {run[OURS]['ece']:.4f} over each user's best 100 candidates, "
            f"{run[OURS]['ece_all']:.5f} over all."
        )
    section.picture(drawn(run), "ranking", "Recall of each ranker on all items and on what is new to the user")
    section.write()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/completejourney"))
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--cutoff", type=pd.Timestamp, default=pd.Timestamp("2017-12-01"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--only", help="measure this one and print JSON")
    given = parser.parse_args()
    if given.only:
        result = measure(given.only, given.data, given.artifacts, given.cutoff)
        print(json.dumps({**result, "peak_rss_mb": peak_mb()}))
        return
    options = ["--data", str(given.data), "--artifacts", str(given.artifacts), "--cutoff", str(given.cutoff)]
    results = {name: in_own_process(name, options) for name in (DATA_ALONE, *names(is_quick=given.quick))}
    write(results, given.out, given.cutoff)


if __name__ == "__main__":
    main()
