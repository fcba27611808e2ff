"""Does SASRec rank each user's last event better than the scorer and the baselines?

    make build/peers/rectools/.ready
    python benchmarks/next_item.py DIR [--quick] [--json FILE]

DIR holds tables of ``llm-explain import``. Candidates, users and the rule for ties are those of ``llm-explain evaluate
ranking --protocol last``. Settings and epochs of SASRec are those that rank best on validation: each user's event
before the last one, learned from the events before that. Its training stops when validation gains no more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from peers import RecTools

from scoring.data.tables import Tables
from scoring.training.comparison import METRICS, compare, last_task, per_user, with_targets
from scoring.training.config import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.evaluation.protocol import Ranker
    from scoring.training.comparison import Task

Means = dict[str, float]

SHOWN: Final = METRICS[:2]
"""The metric of new items equals recall, because items of the history are no candidates."""

CHOSEN_BY: Final = "ndcg@10"
PYTHON: Final = Path("build/peers/rectools/bin/python").absolute()
EPOCHS: Final = tuple(range(5, 305, 5))
SETTINGS: Final[tuple[Mapping[str, object], ...]] = (
    {"dropout_rate": 0.2, "n_negatives": 16, "batch_size": 32, "lr": 0.003},
    {"loss": "softmax", "session_max_len": 50, "batch_size": 32, "lr": 0.003},
)
"""Arguments of SASRec that replace those of ``rectools_lists.py``."""


def means(ranker: Ranker, task: Task) -> Means:
    """Return the mean metrics over the test users."""
    return {name: float(np.nanmean(values)) for name, values in per_user(ranker, task).items() if name in SHOWN}


def validated(task: Task, choices: Sequence[Mapping[str, object]]) -> tuple[Mapping[str, object], int]:
    """Return the settings and the number of epochs that rank best on validation.

    Args:
        task: The test; its training events alone are read.
        choices: Settings to try.
    """
    validation, tried = last_task(task.tables), []
    for settings in choices:
        start = time.perf_counter()
        sasrec = RecTools("SASRec", PYTHON, EPOCHS, "SASRec", settings)
        stages = sasrec.stages(validation.split.train, validation.split)
        for epochs, ranker in stages.items():
            tried.append((means(ranker, validation), settings, epochs))
            said = ", ".join(f"{name} {value:.4f}" for name, value in tried[-1][0].items())
            print(f"validation, {settings}, {epochs} epochs: {said}", file=sys.stderr, flush=True)
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    _, settings, epochs = max(tried, key=lambda row: row[0][CHOSEN_BY])
    return settings, epochs


def measured(tables: Tables, choices: Sequence[Mapping[str, object]]) -> dict[str, Means]:
    """Return the metrics of the scorer, the baselines and SASRec, by name."""
    task = last_task(with_targets(tables))
    settings, epochs = validated(task, choices)
    name = f"RecTools SASRec, {epochs} epochs, {', '.join(f'{key} {value}' for key, value in settings.items())}"
    sasrec = means(RecTools("SASRec", PYTHON, (epochs,), name, settings).fit(task.split.train), task)
    compared = compare(tables, TrainConfig(), protocol="last", cutoff=None, progress=lambda *_: None)
    baselines = {name: row for name, row in compared["baselines"].items() if "skipped" not in row}
    return {"llm-explain": compared["ours"], name: sasrec, **baselines}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="Tables that `llm-explain import` wrote.")
    parser.add_argument("--quick", action="store_true", help="Try the first settings of SASRec alone.")
    parser.add_argument("--json", type=Path, help="File for the figures.")
    given = parser.parse_args()
    if not PYTHON.exists():
        parser.error(f"{PYTHON} is missing but is needed. Run `make build/peers/rectools/.ready` in the repository.")
    found = measured(Tables.read(given.data), SETTINGS[:1] if given.quick else SETTINGS)
    print("| ranker | " + " | ".join(SHOWN) + " |\n|---|" + "---:|" * len(SHOWN))
    for name, row in found.items():
        print(f"| {name} | " + " | ".join(f"{row[metric]:.4f}" for metric in SHOWN) + " |")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
