"""Ten times what can be served: what is let in is served as fast as ever, the rest is turned away at once.

The serving process has one core and the load another, where there are two: on one core they would take turns, and the
kernel moves a process that has two threads to and fro between two. Times come from one long overload. What is left of
the capacity comes from short ones, each between two measurements of it (two clients that wait for their answers), since
within minutes a machine that is shared works a tenth faster or slower. Figures of less than ``JUDGED_SECONDS`` are not
judged, only the statuses are.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nursery import Nursery
from proof import fault_of_list, main, recommendations, users
from wire import at_rate, in_turn, percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEAST_GOODPUT = 0.95
"""Share of the capacity."""

MOST_SLOWER = 2.0
"""99th percentile of those let in, beside that of a client alone; also afterwards."""

MOST_SHED_MS = 20.0
"""99th percentile of those turned away."""

N_SHORT = 12
"""Short overloads, together half as long as the long one; so are the measurements between them."""

JUDGED_SECONDS = 60.0
"""Below that, the burst that may queue before the overload is known is most of what is measured."""


def run(artifacts: Path, *, seconds: float, times: float = 10.0, log: Path | None = None) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        seconds: How long the overload lasts.
        times: Multiple of the capacity that is sent.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    with _on_cores_of_their_own() as leave, Nursery(artifacts, log=log) as nursery:
        leave()
        return asyncio.run(_overload(nursery, users(artifacts), seconds, times))


@contextmanager
def _on_cores_of_their_own() -> Iterator[Callable[[], None]]:
    """Start processes on the first core until what is given is called, which moves this process to the others."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    try:
        yield lambda: os.sched_setaffinity(0, cores[1:] or cores)
    finally:
        os.sched_setaffinity(0, cores)


async def _overload(nursery: Nursery, names: list[str], seconds: float, times: float) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    port = nursery.port
    await in_turn(port, recommendations(names, len(names)), n_connections=1)  # warm caches
    alone = await in_turn(port, _for(names, seconds / 4), n_connections=1, check=fault_of_list)
    capacity = [await _capacity(port, names, seconds / N_SHORT)]
    over = await at_rate(port, recommendations(names), per_second=times * capacity[0], seconds=seconds)
    after = await in_turn(port, _for(names, 5.0), n_connections=1, check=fault_of_list)
    left, short = [], seconds / N_SHORT / 2
    for _ in range(N_SHORT):
        asked = times * capacity[-1]
        good = await at_rate(port, recommendations(names), per_second=asked, seconds=short)
        capacity.append(await _capacity(port, names, short))
        left.append(good.statuses[200] / short / statistics.mean(capacity[-2:]))
        over.statuses.update(good.statuses)
    os.kill(alive, signal.SIGTERM)
    await asyncio.to_thread(nursery.wait, alive)
    figures = {
        "capacity_per_second": round(statistics.mean(capacity), 1),
        "goodput_share": round(statistics.mean(left), 3),
        "goodput_shares": [round(share, 3) for share in sorted(left)],
        "p50_alone_ms": round(percentile(alone.seconds, 0.5), 1),
        "p99_alone_ms": round(percentile(alone.seconds, 0.99), 1),
        "p50_accepted_ms": round(percentile(over.seconds, 0.5), 1),
        "p99_accepted_ms": round(percentile(over.seconds, 0.99), 1),
        "p99_shed_ms": round(percentile(over.shed_seconds, 0.99), 1),
        "p50_shed_ms": round(percentile(over.shed_seconds, 0.5), 1),
        "p99_after_ms": round(percentile(after.seconds, 0.99), 1),
        "statuses": dict(over.statuses),
    }
    only_known = set(over.statuses) <= {200, 429, 503}
    is_right = only_known and not alone.n_faults and not after.n_faults and over.statuses[200] > 0
    return {**figures, "ok": is_right and (seconds < JUDGED_SECONDS or _is_good(figures))}


def _is_good(figures: dict[str, Any]) -> bool:
    slowest = MOST_SLOWER * figures["p99_alone_ms"]
    return bool(
        figures["goodput_share"] >= LEAST_GOODPUT
        and max(figures["p99_accepted_ms"], figures["p99_after_ms"]) <= slowest
        and figures["p99_shed_ms"] <= MOST_SHED_MS
    )


async def _capacity(port: int, names: list[str], seconds: float) -> float:
    """Return how many requests are answered in a second when two clients each wait for their answers."""
    clock = asyncio.get_running_loop().time
    began = clock()
    answered = await in_turn(port, _for(names, seconds), n_connections=2, check=fault_of_list)
    return answered.statuses[200] / (clock() - began)


def _for(names: list[str], seconds: float) -> Iterator[bytes]:
    """Return requests until a time is over."""
    until = asyncio.get_running_loop().time() + seconds
    for sent in recommendations(names):
        if asyncio.get_running_loop().time() > until:
            return
        yield sent


if __name__ == "__main__":
    main(run, __doc__ or "", seconds=120.0)
