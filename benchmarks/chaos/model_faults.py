"""The language model's process is killed, stopped, hangs, runs out of memory: each answer is 200, verified, in time."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nursery import HERE, Nursery
from proof import fault_of_list, main, recommendations, users
from wire import Answer, ask_once, in_turn, percentile, request

if TYPE_CHECKING:
    from collections.abc import Iterator

GRACE_MS = 50
_HABITS = {"HANGING": "0.01", "EXHAUSTING": "0.01"}
_TRACKER = b"resource_tracker"
"""Process of Python's own that each use of ``multiprocessing`` starts; it is no language model."""


def run(
    artifacts: Path,
    *,
    n_requests: int,
    n_faults: int,
    deadline_ms: int = 300,
    n_connections: int = 1,
    seed: int = 0,
    log: Path | None = None,
) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n_requests: Requests.
        n_faults: Kills and stops, spread over them; hangs and memory come on top, by chance.
        deadline_ms: When each answer is due.
        n_connections: Connections at a time; with more than one, requests wait and do not use the model.
        seed: Seed of the order.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    os.environ.update(_HABITS)
    settings = {"log_level": "WARNING"}
    with Nursery(artifacts, script=HERE / "scripted_writer.py", settings=settings, log=log) as nursery:
        asked = recommendations(users(artifacts), n_requests, deadline_ms=deadline_ms, tone="friendly")
        chance = random.Random(seed)
        places = chance.sample(range(n_requests), min(n_faults, n_requests))
        signals = {place: chance.choice([("kill", signal.SIGKILL), ("stop", signal.SIGSTOP)]) for place in places}
        return asyncio.run(_ask(nursery, asked, signals, deadline_ms + GRACE_MS, n_connections))


async def _ask(
    nursery: Nursery, asked: Iterator[bytes], signals: dict[int, tuple[str, int]], allowed_ms: int, n_connections: int
) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    await _until_model_is_ready(nursery.port)
    n_asked = 0
    done = {"kill": 0, "stop": 0, "late": 0}
    sources: dict[str, int] = {}

    def disturb(answer: Answer) -> None:
        nonlocal n_asked
        n_asked += 1
        done["late"] += answer.seconds * 1000 > allowed_ms
        if answer.status == 200:
            for item in answer.json()["items"]:
                source = str(item["explanation"]["source"])
                sources[source] = sources.get(source, 0) + 1
        if n_asked in signals:
            what, sent = signals[n_asked]
            for child in _children(alive):
                os.kill(child, sent)
                done[what] += 1

    tally = await in_turn(nursery.port, asked, n_connections=n_connections, check=fault_of_list, on_answer=disturb)
    metrics = (await ask_once(nursery.port, request("GET", "/metrics"))).body.decode()
    os.kill(alive, signal.SIGTERM)
    end = await asyncio.to_thread(nursery.wait, alive)
    return {
        "requests": n_asked,
        "statuses": dict(tally.statuses),
        **done,
        "starts": _value(metrics, "llm_explain_language_model_starts_total"),
        "fallbacks": {
            reason: _value(metrics, f'llm_explain_language_model_fallbacks_total{{reason="{reason}"}}')
            for reason in _WHY
        },
        "sources": sources,
        "p50_ms": round(percentile(tally.seconds, 0.5), 1),
        "p999_ms": round(percentile(tally.seconds, 0.999), 1),
        "slowest_ms": round(max(tally.seconds, default=0.0) * 1000, 1),
        "faults": tally.faults,
        "ok": tally.n_faults == 0 and not done["late"] and end == 0 and sources.get("lm", 0) > 0,
    }


_WHY = ("pressure", "starting", "failed", "deadline")


async def _until_model_is_ready(port: int) -> None:
    while True:
        answer = await ask_once(port, request("GET", "/readyz"))
        if answer.status == 200 and answer.json()["checks"].get("language_model"):
            return
        await asyncio.sleep(0.05)


def _children(process_id: int) -> list[int]:
    """Return the processes that a process has started to write with."""
    lists = Path(f"/proc/{process_id}/task").glob("*/children")
    children = [int(child) for each in lists for child in each.read_text().split()]
    return [child for child in children if not _is_tracker(child)]


def _is_tracker(process_id: int) -> bool:
    try:
        return _TRACKER in Path(f"/proc/{process_id}/cmdline").read_bytes()
    except OSError:  # it has ended
        return False


def _value(metrics: str, name: str) -> float:
    """Return a metric's value."""
    return next((float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(name + " ")), 0.0)


if __name__ == "__main__":
    main(run, __doc__ or "", n_requests=300, n_faults=15)  # each takes most of its deadline: two minutes
