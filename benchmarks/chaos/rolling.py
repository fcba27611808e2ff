"""Processes end on SIGTERM one after the other under load, each replaced by a new one: no request may be lost."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nursery import Nursery
from proof import fault_of_list, main, recommendations, users
from wire import LOST, in_turn, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator


def run(artifacts: Path, *, n_terms: int, n_connections: int = 4, log: Path | None = None) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n_terms: SIGTERMs.
        n_connections: Connections that send without a pause.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    settings = {"deadline_seconds": 30}
    with Nursery(artifacts, settings=settings, log=log) as nursery:
        return asyncio.run(_roll(nursery, users(artifacts), n_terms, n_connections))


async def _roll(nursery: Nursery, names: list[str], n_terms: int, n_connections: int) -> dict[str, Any]:
    alive = [nursery.spawn() for _ in range(2)]
    await asyncio.to_thread(nursery.wait_ready)
    is_over = False

    def until_over() -> Iterator[bytes]:
        endless = recommendations(names)
        while not is_over:
            yield next(endless)

    load = asyncio.create_task(in_turn(nursery.port, until_over(), n_connections=n_connections, check=fault_of_list))
    ends = []
    for _ in range(n_terms):
        alive.append(nursery.spawn())
        oldest = alive.pop(0)
        await asyncio.sleep(0.1)
        await _until_it_serves(oldest)
        os.kill(oldest, signal.SIGTERM)
        ends.append(await asyncio.to_thread(nursery.wait, oldest))
    is_over = True
    tally = await load
    return {
        "requests": tally.statuses.total(),
        "statuses": dict(tally.statuses),
        "lost": tally.statuses[LOST],
        "unclean_ends": sum(end != 0 for end in ends),
        "p99_ms": round(percentile(tally.seconds, 0.99), 1),
        "faults": tally.faults,
        "ok": tally.n_faults == 0 and not any(ends) and tally.statuses[200] > 0,
    }


async def _until_it_serves(process_id: int) -> None:
    """Wait until a process has begun to serve: before that, SIGTERM ends it at once, and it has taken no request."""
    while True:
        words = Path(f"/proc/{process_id}/status").read_text().split()
        if int(words[words.index("SigCgt:") + 1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    main(run, __doc__ or "", n_terms=100)
