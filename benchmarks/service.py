"""Latency and throughput of ``POST /v1/recommendations`` (ten items with sentences) beside a route that only answers.

Both are served by FastAPI on uvicorn in one process, asked by the same client, over as many connections, in turns
within one run; the constant of that route is as long as an answer. Ratios are what is compared; milliseconds are this
machine's, now.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent / "chaos"))

from nursery import Nursery
from proof import fault_of_list, recommendations, users
from report import Section
from wire import Tally, in_turn, percentile, request

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer

N_TURNS = 4

IDLE_SHARE = 0.05
"""Processor seconds that an idle process uses in a second at most."""


def serve_beside_a_constant(explainer: Explainer) -> None:
    """Serve the application with one more route, which does nothing but answer."""
    from fastapi import Response

    from llm_explain.cli.server import serve
    from llm_explain.service.app import create_app
    from llm_explain.service.settings import ServiceSettings

    settings = ServiceSettings.read()
    app = create_app(explainer, settings)
    constant = b"x" * int(os.environ["CONSTANT_BYTES"])

    @app.post("/constant")
    async def answer() -> Response:
        return Response(constant, media_type="application/json")

    serve(app, settings)


def run(artifacts: Path, *, seconds: float, n_users: int) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        seconds: For how long, in all.
        n_users: Different users that are asked for.

    Returns:
        Figures.
    """
    os.environ["CONSTANT_BYTES"] = "25000"
    names = users(artifacts, n_users)
    with Nursery(artifacts, script=Path(__file__), settings={"log_level": "WARNING"}) as nursery:
        return asyncio.run(_measure(nursery, names, seconds))


async def _measure(nursery: Nursery, names: list[str], seconds: float) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    await _until_idle(alive)
    cold = await in_turn(nursery.port, recommendations(names, len(names)), n_connections=1, check=fault_of_list)
    figures: dict[str, Any] = {"cold_p50_ms": round(percentile(cold.seconds, 0.5), 2), "faults": cold.faults}
    used, n_answered = 0.0, 0
    for n_connections in (1, 2):
        ours, constant = Tally(), Tally()
        rates: dict[str, list[float]] = {"ours": [], "constant": []}
        for _ in range(N_TURNS):
            for name, tally in (("ours", ours), ("constant", constant)):
                before = _processor_seconds(alive)
                rates[name].append(await _turn(nursery.port, name, names, tally, n_connections, seconds / 4 / N_TURNS))
                used += _processor_seconds(alive) - before if name == "ours" else 0.0
        n_answered += ours.statuses[200]
        figures[f"connections_{n_connections}"] = {
            "p50_ms": round(percentile(ours.seconds, 0.5), 2),
            "p99_ms": round(percentile(ours.seconds, 0.99), 2),
            "per_second": round(statistics.median(rates["ours"]), 1),
            "constant_p50_ms": round(percentile(constant.seconds, 0.5), 2),
            "constant_per_second": round(statistics.median(rates["constant"]), 1),
            "p50_ratio": round(percentile(ours.seconds, 0.5) / percentile(constant.seconds, 0.5), 1),
            "statuses": dict(ours.statuses),
        }
    figures["processor_ms_per_request"] = round(1000 * used / max(1, n_answered), 1)
    os.kill(alive, signal.SIGTERM)
    await asyncio.to_thread(nursery.wait, alive)
    return figures


async def _until_idle(process_id: int) -> None:
    """Wait until a process has done what it does after its start, such as opening conversations."""
    used = -1.0
    while _processor_seconds(process_id) - used > IDLE_SHARE:
        used = _processor_seconds(process_id)
        await asyncio.sleep(1)


async def _turn(port: int, name: str, names: list[str], tally: Tally, n_connections: int, seconds: float) -> float:
    """Ask for a while and return the requests answered in a second."""
    until = time.perf_counter() + seconds
    endless = recommendations(names) if name == "ours" else iter(lambda: request("POST", "/constant", {}), None)

    def sent() -> Any:
        while time.perf_counter() < until:
            yield next(endless)

    started = time.perf_counter()
    got = await in_turn(port, sent(), n_connections=n_connections)
    tally.seconds += got.seconds
    tally.statuses += got.statuses
    return got.statuses[200] / (time.perf_counter() - started)


def _processor_seconds(process_id: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write(figures: dict[str, Any], out: Path) -> None:
    """Write the section of the page."""
    section = Section(out, "service", "Service")
    section.say(
        "`POST /v1/recommendations` (ten items with sentences, of users seen before) and, in turns within the same "
        "run, a FastAPI route that returns a constant as long as an answer; one serving process, the client on the "
        "same machine."
    )
    rows = []
    for n_connections in (1, 2):
        found = figures[f"connections_{n_connections}"]
        for name, prefix in (("ours", ""), ("a constant", "constant_")):
            ratio = f"{found['p50_ratio']:g} ×" if name == "ours" else "1 ×"
            cells = (f"{found[f'{prefix}p50_ms']:.1f}", f"{found[f'{prefix}per_second']:.0f}", ratio)
            rows.append(("llm-explain" if name == "ours" else name, str(n_connections), *cells))
    section.table(("route", "connections", "p50 ms", "requests/s", "p50 ratio"), rows)
    section.say(
        f"A request to llm-explain takes {figures['processor_ms_per_request']:g} ms of processor time, with storage "
        f"of its records. The first one of a user takes {figures['cold_p50_ms']:g} ms in all: it computes and caches "
        "2¹⁰ coalitions."
    )
    section.write()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="a quarter of the time")
    given = parser.parse_args()
    if "LLM_EXPLAIN_FD" in os.environ:
        from nursery import load, tend

        tend(load(given.artifacts), serve_beside_a_constant)
    else:
        spent = given.seconds / 4 if given.quick else given.seconds
        write(run(given.artifacts, seconds=spent, n_users=given.users), given.out)
