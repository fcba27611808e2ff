"""Ten times what can be served: at least half of the capacity is still answered, and the rest is refused with 503."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nursery import Nursery
from proof import fault_of_list, main, recommendations, users
from wire import at_rate, in_turn, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_GOODPUT = 0.5
"""Share of the capacity."""

JUDGED_SECONDS = 10.0
"""A shorter overload is too short to judge the goodput; only the statuses count."""


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
    with Nursery(artifacts, settings={"log_level": "WARNING"}, log=log) as nursery:
        return asyncio.run(_overload(nursery, users(artifacts), seconds, times))


async def _overload(nursery: Nursery, names: list[str], seconds: float, times: float) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    port = nursery.port
    await in_turn(port, recommendations(names, len(names)), n_connections=1)  # warm caches
    before = await in_turn(port, _for(names, seconds / 2), n_connections=2, check=fault_of_list)
    capacity = before.statuses[200] / (seconds / 2)
    over = await at_rate(port, recommendations(names), per_second=times * capacity, seconds=seconds)
    after = await in_turn(port, _for(names, seconds / 2), n_connections=2, check=fault_of_list)
    os.kill(alive, signal.SIGTERM)
    end = await asyncio.to_thread(nursery.wait, alive)
    goodput = over.statuses[200] / (before.statuses[200] + after.statuses[200])  # in as many seconds
    is_right = set(over.statuses) <= {200, 503} and not before.n_faults and not after.n_faults and end == 0
    return {
        "capacity_per_second": round(capacity, 1),
        "goodput_share": round(goodput, 3),
        "p99_before_ms": round(percentile(before.seconds, 0.99), 1),
        "p99_accepted_ms": round(percentile(over.seconds, 0.99), 1),
        "p99_refused_ms": round(percentile(over.shed_seconds, 0.99), 1),
        "p99_after_ms": round(percentile(after.seconds, 0.99), 1),
        "statuses": dict(over.statuses),
        "ok": is_right and over.statuses[200] > 0 and (seconds < JUDGED_SECONDS or goodput >= LEAST_GOODPUT),
    }


def _for(names: list[str], seconds: float) -> Iterator[bytes]:
    """Return requests until a time is over."""
    until = asyncio.get_running_loop().time() + seconds
    for sent in recommendations(names):
        if asyncio.get_running_loop().time() > until:
            return
        yield sent


if __name__ == "__main__":
    main(run, __doc__ or "", seconds=30.0)
