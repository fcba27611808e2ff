"""The disk is full: writes are refused with 507, reading goes on, nothing crashes, and with room all is well again."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

from nursery import HERE, Nursery
from proof import fault_of_list, items, main, recommendations, users
from wire import ask_once, in_turn, request


def run(artifacts: Path, *, n_writes: int, log: Path | None = None) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n_writes: Writes that are tried; most of them find no room.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = {"database_url": f"sqlite:///{folder}/state.db", "deadline_seconds": 30}
        with Nursery(artifacts, script=HERE / "small_files.py", settings=settings, log=log) as nursery:
            return asyncio.run(_fill(nursery, users(artifacts, 50), items(artifacts), n_writes))


async def _fill(nursery: Nursery, names: list[str], item_ids: list[str], n_writes: int) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    writes = iter([_write(number, names, item_ids) for number in range(n_writes)])
    full = await in_turn(nursery.port, writes, n_connections=2)
    reading = await in_turn(nursery.port, recommendations(names, 20), n_connections=1, check=fault_of_list)
    os.kill(alive, signal.SIGUSR1)  # make room
    await asyncio.sleep(0.2)
    again = await ask_once(nursery.port, _write(n_writes, names, item_ids))
    os.kill(alive, signal.SIGTERM)
    end = await asyncio.to_thread(nursery.wait, alive)
    return {
        "statuses_full": dict(full.statuses),
        "statuses_reading": dict(reading.statuses),
        "status_with_room": again.status,
        "faults": reading.faults,
        "ok": full.statuses[507] > 0
        and set(full.statuses) <= {200, 201, 507}
        and reading.n_faults == 0
        and again.status in {200, 201}
        and end == 0,
    }


def _write(number: int, names: list[str], item_ids: list[str]) -> bytes:
    events = [
        {"user_id": names[number % len(names)], "item_id": item, "timestamp": "2017-12-02T10:00:00"}
        for item in item_ids[:40]
    ]
    return request("POST", "/v1/events", {"events": events}, {"idempotency-key": f"n{number}"})


if __name__ == "__main__":
    main(run, __doc__ or "", n_writes=300)
