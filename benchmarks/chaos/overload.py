"""Ten times what can be served: what is let in is served as fast as ever, the rest is turned away at once."""

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
    with Nursery(artifacts, log=log) as nursery:
        return asyncio.run(_overload(nursery, users(artifacts), seconds, times))


async def _overload(nursery: Nursery, names: list[str], seconds: float, times: float) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    port = nursery.port
    await in_turn(port, recommendations(names, len(names)), n_connections=1)  # warm caches
    alone = await in_turn(port, _for(names, seconds / 4), n_connections=1, check=fault_of_list)
    began = asyncio.get_running_loop().time()
    two = await in_turn(port, _for(names, seconds / 4), n_connections=2, check=fault_of_list)
    capacity = two.statuses[200] / (asyncio.get_running_loop().time() - began)
    over = await at_rate(port, recommendations(names), per_second=times * capacity, seconds=seconds)
    after = await in_turn(port, _for(names, 5.0), n_connections=1, check=fault_of_list)
    os.kill(alive, signal.SIGTERM)
    await asyncio.to_thread(nursery.wait, alive)
    good = over.statuses[200] / seconds
    figures = {
        "capacity_per_second": round(capacity, 1),
        "goodput_share": round(good / capacity, 3),
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
    return {**figures, "ok": only_known and not alone.n_faults and not after.n_faults and over.statuses[200] > 0}


def _for(names: list[str], seconds: float) -> Iterator[bytes]:
    """Return requests until a time is over."""
    until = asyncio.get_running_loop().time() + seconds
    for sent in recommendations(names):
        if asyncio.get_running_loop().time() > until:
            return
        yield sent


if __name__ == "__main__":
    main(run, __doc__ or "", seconds=120.0)
