"""Many requests of every kind: memory and descriptors stay where they are once caches are full."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from nursery import Nursery
from proof import items, main, users
from wire import Answer, in_turn, percentile, request

if TYPE_CHECKING:
    from collections.abc import Iterator

FLAT_MB = 2.0
"""Growth over 10,000 requests, after the first half, that counts as none."""


def run(artifacts: Path, *, n_requests: int, n_samples: int = 100, log: Path | None = None) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n_requests: Requests.
        n_samples: How often memory and descriptors are looked at.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = {"database_url": f"sqlite:///{folder}/state.db", "log_level": "WARNING", "deadline_seconds": 10}
        with Nursery(artifacts, settings=settings, log=log) as nursery:
            return asyncio.run(_soak(nursery, _mixed(users(artifacts, 500), items(artifacts)), n_requests, n_samples))


async def _soak(nursery: Nursery, mixed: Iterator[bytes], n_requests: int, n_samples: int) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    samples: list[tuple[int, float, int]] = []
    n_asked = 0

    def look(_: Answer) -> None:
        nonlocal n_asked
        n_asked += 1
        if n_asked % max(1, n_requests // n_samples) == 0:
            n_open = len(list(Path(f"/proc/{alive}/fd").iterdir()))
            samples.append((n_asked, _resident_mb(alive), n_open))

    tally = await in_turn(
        nursery.port, itertools.islice(mixed, n_requests), n_connections=2, check=_fault, on_answer=look
    )
    os.kill(alive, signal.SIGTERM)
    end = await asyncio.to_thread(nursery.wait, alive)
    later = np.array(samples[len(samples) // 2 :], dtype=float)
    slopes = np.polyfit(later[:, 0] / 10_000, later[:, 1:], 1)[0]
    return {
        "requests": n_asked,
        "statuses": dict(tally.statuses),
        "first_mb": round(samples[0][1], 1),
        "last_mb": round(samples[-1][1], 1),
        "mb_per_10000": round(float(slopes[0]), 3),
        "descriptors_per_10000": round(float(slopes[1]), 3),
        "descriptors": samples[-1][2],
        "p50_ms": round(percentile(tally.seconds, 0.5), 1),
        "faults": tally.faults,
        "ok": tally.n_faults == 0 and end == 0 and bool(slopes[0] < FLAT_MB) and bool(abs(slopes[1]) < 1),
    }


def _mixed(names: list[str], item_ids: list[str]) -> Iterator[bytes]:
    """Return requests of every kind that a storefront sends, good and bad."""
    for number in itertools.count():
        name, item = names[number % len(names)], item_ids[number % len(item_ids)]
        other = item_ids[(number + 1) % len(item_ids)]
        yield request("POST", "/v1/recommendations", {"user_id": name, "k": 10})
        yield request("POST", "/v1/explanations", {"user_id": name, "item_ids": [item]})
        yield request("GET", f"/v1/users/{name}/shelves")
        yield request("POST", "/v1/contrast", {"user_id": name, "item_id": item, "other_id": other})
        yield request("POST", "/v1/recommendations", {"user_id": name, "k": "ten"})
        history = [{"item_id": item, "timestamp": f"2017-11-{1 + number % 28:02}T10:00:00"}]
        yield request("POST", "/v1/recommendations", {"history": history, "k": 3})


def _fault(answer: Answer) -> str:
    return "" if answer.status in {200, 422} else f"status {answer.status} {answer.body[:80]!r}"


def _resident_mb(process_id: int) -> float:
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main(run, __doc__ or "", n_requests=10_000)
