"""How training grows with the log: time and peak memory for a shop's log and for larger ones drawn from it.

python benchmarks/training.py [--data data/completejourney] [--cutoff 2017-12-01] [--factors 1 3 10]

A larger log holds each user several times, under ids of their own. In each copy the whole history moves by up to a
week, and one event in ten names another item of the same category, drawn by popularity.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from report import Section

from scoring.data.tables import ITEM_ID, TIMESTAMP, USER_ID, Tables

SHIFT_DAYS = 7
SHARE_SWAPPED = 0.1


def larger(tables: Tables, factor: int, seed: int = 0) -> Tables:
    """Return tables with each user ``factor`` times; the first copy is the user as it is."""
    rng = np.random.default_rng(seed)
    events, users = tables.events, pd.factorize(tables.events[USER_ID])[0]
    category = tables.items.set_index(ITEM_ID)["category"].reindex(events[ITEM_ID]).to_numpy()
    rows = pd.Series(np.arange(len(events))).groupby(category, dropna=False).indices.values()
    copies = [events]
    for number in range(1, factor):
        other = np.arange(len(events))
        for own in rows:  # an event drawn at random is an item drawn by popularity
            swapped = own[rng.random(len(own)) < SHARE_SWAPPED]
            other[swapped] = rng.choice(own, len(swapped))
        shift = pd.to_timedelta(rng.uniform(-SHIFT_DAYS, SHIFT_DAYS, users.max() + 1)[users], unit="D")
        copies.append(
            events.assign(
                **{
                    USER_ID: events[USER_ID] + f"-{number}",
                    ITEM_ID: events[ITEM_ID].take(other).set_axis(events.index),
                    TIMESTAMP: (events[TIMESTAMP] + shift).dt.floor("s").astype("datetime64[ns]"),
                }
            )
        )
    joined = pd.concat(copies, ignore_index=True).sort_values([USER_ID, TIMESTAMP], kind="stable", ignore_index=True)
    return replace(tables, events=joined)


def train(data: Path, artifacts: Path, cutoff: str, config: Path | None = None) -> dict[str, float]:
    """Train in a process of its own; return its figures, and the peak memory and the time of the whole command."""
    options = ["train", "--data", str(data), "--artifacts", str(artifacts), "--cutoff", cutoff, "--json"]
    options += [] if config is None else ["--config", str(config)]
    command = [sys.executable, "-c", "from llm_explain.cli import main; main()", *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    written = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"training on {data} ended with status {status}")
    test = json.loads(written)["test"]
    peak = usage.ru_maxrss / (1024.0 if sys.platform != "darwin" else 1024.0**2)
    return {
        "MB": peak, "seconds": time.perf_counter() - began, "processor": usage.ru_utime + usage.ru_stime,
        **{name: test[name] for name in ("recall@10", "ndcg@10", "recall@10_new")},
    }  # fmt: skip


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/completejourney"))
    parser.add_argument("--cutoff", default="2017-12-01")
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument("--config", type=Path, help="settings of training, for example fewer steps")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    found = {}
    for factor in given.factors:
        folder = given.out / "training" / str(factor)
        if factor > 1 and not (folder / "data" / "events.parquet").exists():
            larger(Tables.read(given.data), factor).write(folder / "data")
        found[factor] = train(
            folder / "data" if factor > 1 else given.data, folder / "artifacts", given.cutoff, given.config
        )
        print(json.dumps({"factor": factor, **found[factor]}), file=sys.stderr, flush=True)
    section = Section(given.out, "training", "Training by the size of the log")
    rows = [[name, *(f"{each[name]:,.3g}" for each in found.values())] for name in found[given.factors[0]]]
    section.table(["times the log", *map(str, found)], rows)
    section.write()


if __name__ == "__main__":
    main()
