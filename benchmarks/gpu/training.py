"""How long training takes on one GPU, beside one thread of a processor: seconds of each stage, and peak memory.

python benchmarks/gpu/training.py [--data data/completejourney] [--cutoff 2017-12-01] [--device cuda cpu] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import pandas as pd
import torch
from report import Section

from scoring.data.tables import Tables
from scoring.training.config import TrainConfig
from scoring.training.training import train

QUICK = {"tower_steps": 2, "curve_steps": 2, "n_windows": 2, "titles": "none"}


class Stages:
    """Seconds between one report of training and the next, by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "read", time.perf_counter()

    def __call__(self, stage: str, *_: int) -> None:
        """Count the time since the last report for the stage that it came from."""
        now = time.perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now


def measure(tables: Tables, cutoff: pd.Timestamp, device: str, settings: dict[str, object]) -> dict[str, float]:
    """Return the seconds of each stage and of all, and the peak memory of the GPU in MB."""
    config = TrainConfig.model_validate({**settings, "device": "cpu" if device == "cpu" else "auto"})
    stages = Stages()
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as folder:
        report = train(tables, config, Path(folder), cutoff=cutoff, progress=stages)
    stages("end")
    peak = torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else 0.0
    return {**stages.seconds, "all": report.seconds, "GPU memory, MB": peak}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/completejourney"))
    parser.add_argument("--cutoff", type=pd.Timestamp, default=pd.Timestamp("2017-12-01"))
    parser.add_argument("--device", nargs="+", choices=("cuda", "cpu"), default=["cuda", "cpu"])
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="two steps: whether it runs, not how fast")
    given = parser.parse_args()
    torch.set_num_threads(1)
    tables = Tables.read(given.data)
    found = {each: measure(tables, given.cutoff, each, QUICK if given.quick else {}) for each in given.device}
    section = Section(given.out, "gpu-training", "Training on one GPU")
    section.say(f"{len(tables.events):,} events, {len(tables.items):,} items{', two steps only' * given.quick}.")
    stages = dict.fromkeys(stage for row in found.values() for stage in row)
    section.table(
        ["seconds", *found], [[stage, *(f"{row.get(stage, 0.0):.1f}" for row in found.values())] for stage in stages]
    )
    section.write()


if __name__ == "__main__":
    main()
