"""How the cost of exact attributions grows: with groups and items; and that of the log, with events.

python benchmarks/scaling.py [--artifacts artifacts/completejourney] [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from games import Shop
from report import Section, seconds

from llm_explain.attribution.exact import attribute_items
from llm_explain.attribution.group_vectors import group_vectors
from llm_explain.attribution.partition import partition
from scoring.data.history import EventLog
from scoring.data.tables import TIMESTAMP, USER_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.scorer.user_state import UserState

GROUPS = (2, 4, 6, 8, 10, 12, 14)
ITEMS = (1, 10, 100, 1_000, 10_000, 20_000, 50_000)
SHARES = (0.125, 0.25, 0.5, 1.0)


def median_seconds(work: Callable[[], object], repetitions: int) -> float:
    """Return the median time of some runs after one that is not timed."""
    work()
    spent = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return statistics.median(spent)


def peak_mb(work: Callable[[], object]) -> float:
    """Return the most memory that numpy and Python took for one run, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def over_groups(shop: Shop, state: UserState, repetitions: int) -> dict[int, tuple[float, float]]:
    """Return time and memory of one user's group vectors, by the number of groups."""
    found = {}
    for n in GROUPS:
        groups = partition(state.history, shop.scorer.catalogue, max_groups=n)

        def work(groups=groups) -> object:  # type: ignore[no-untyped-def]
            return group_vectors(state, groups)

        found[n] = median_seconds(work, repetitions), peak_mb(work)
    return found


def over_items(shop: Shop, state: UserState, repetitions: int) -> dict[int, tuple[float, float]]:
    """Return time and memory of the attributions of some items once the vectors stand, by the number of items."""
    from llm_explain.attribution.group_vectors import VectorCache

    groups, cache, found = partition(state.history, shop.scorer.catalogue), VectorCache(), {}
    n_all = len(shop.scorer.catalogue)
    for n in sorted({min(n, n_all) for n in (*ITEMS, n_all)}):
        items = np.arange(n)

        def work(items=items) -> object:  # type: ignore[no-untyped-def]
            return attribute_items(shop.scorer, state, items, groups=groups, cache=cache).values  # noqa: PD011

        found[n] = median_seconds(work, repetitions), peak_mb(work)
    return found


def over_events(shop: Shop, events: pd.DataFrame, shares: tuple[float, ...]) -> dict[int, tuple[float, float]]:
    """Return time and memory of opening the latest events of the log, by their number."""
    found = {}
    for share in shares:
        rows = events.sort_values(TIMESTAMP).tail(int(share * len(events))).sort_values([USER_ID, TIMESTAMP])

        def work(rows=rows) -> object:  # type: ignore[no-untyped-def]
            return EventLog(rows, shop.scorer.catalogue, shop.scorer.shop)

        found[len(rows)] = median_seconds(work, 1), peak_mb(work)
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    given = parser.parse_args()
    torch.set_num_threads(1)
    shop = Shop.load(given.artifacts)
    (state,) = shop.states(1, least_categories=20)
    repetitions = 2 if given.quick else 7
    groups, items = over_groups(shop, state, repetitions), over_items(shop, state, repetitions)
    table = pd.read_parquet(given.artifacts / "tables" / "events.parquet")
    events = over_events(shop, table, SHARES[-2:] if given.quick else SHARES)
    write(given.out, groups, items, events)


def write(
    out: Path,
    groups: dict[int, tuple[float, float]],
    items: dict[int, tuple[float, float]],
    events: dict[int, tuple[float, float]],
) -> None:
    """Write the section."""
    section = Section(out, "scaling", "How the cost grows")
    section.say(
        "The vectors of one user, from 2ⁿ passes of the head after the pooling (processor time of one thread; memory "
        "is that of numpy):"
    )
    section.table(["groups", *map(str, groups)], _two_rows(groups))
    section.say("The attributions of some items once a user's vectors stand, ten groups:")
    section.table(["items", *(f"{n:,}" for n in items)], _two_rows(items))
    section.say("Opening the log of a shop, from a table in memory:")
    section.table(["events", *(f"{n:,}" for n in events)], _two_rows(events))
    section.write()


def _two_rows(found: dict[int, tuple[float, float]]) -> list[list[str]]:
    return [
        ["time", *(seconds(spent) for spent, _ in found.values())],
        ["memory, MB", *(f"{mb:.2f}" for _, mb in found.values())],
    ]


if __name__ == "__main__":
    main()
