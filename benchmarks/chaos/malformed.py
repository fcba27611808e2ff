"""Malformed requests by the thousand: no 5xx, no dead process, every 4xx a problem document that repeats nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hostile import CANARY, broken, spoilt
from nursery import Nursery
from proof import fault_of_list, items, main, recommendations, users
from wire import LOST, Answer, Connection, Tally, ask_once, in_turn, request

BODY_SECONDS = 1.0
_HUGE = 50_000_000
_OF_UVICORN = (b"Invalid HTTP request received.", b"Service Unavailable")
"""Answers that uvicorn gives without the application."""


def run(artifacts: Path, *, n_generated: int, n_raw: int, seed: int = 0, log: Path | None = None) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n_generated: Well-formed HTTP with spoilt contents.
        n_raw: Spoilt bytes.
        seed: Seed of both.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    with tempfile.TemporaryDirectory() as folder:
        lines = log or Path(folder) / "log"
        settings = {
            "database_url": f"sqlite:///{folder}/state.db",
            "body_seconds": BODY_SECONDS,
            "deadline_seconds": 30,
            "log_level": "WARNING",
        }
        with Nursery(artifacts, settings=settings, log=lines) as nursery:
            figures = asyncio.run(_send(nursery, users(artifacts), items(artifacts), n_generated, n_raw, seed))
        said = lines.read_text(errors="replace")
    is_leaking = CANARY in said
    return {**figures, "log_leaks": is_leaking, "ok": figures["ok"] and not is_leaking}


async def _send(
    nursery: Nursery, names: list[str], item_ids: list[str], n_generated: int, n_raw: int, seed: int
) -> dict[str, Any]:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    generated = await in_turn(
        nursery.port, spoilt(names, item_ids, n_generated, seed), n_connections=2, check=fault_of_refusal
    )
    raw = await _raw(nursery.port, broken(names, item_ids, n_raw, seed))
    huge = await _huge(nursery.port)
    slow = await _slow(nursery.port, names)
    still = await in_turn(nursery.port, recommendations(names, 5), n_connections=1, check=fault_of_list)
    os.kill(alive, signal.SIGTERM)
    end = await asyncio.to_thread(nursery.wait, alive)
    faults = [*generated.faults, *raw.faults, *huge, *slow, *still.faults]
    return {
        "generated": dict(sorted(generated.statuses.items())),
        "raw": dict(sorted(raw.statuses.items())),
        "faults": faults[:10],
        "ok": not faults and end == 0,
    }


def fault_of_refusal(answer: Answer) -> str:
    """Return what is wrong with an answer to a request that may deserve a refusal.

    Args:
        answer: The answer.

    Returns:
        Words; empty for nothing.
    """
    if answer.status == LOST:
        return f"no answer ({answer.body.decode()})"
    if answer.status >= 500 and answer.status != 503:
        return f"status {answer.status} {answer.body[:120]!r}"
    if answer.status >= 400 and answer.body and answer.body not in _OF_UVICORN:
        return _fault_of_problem(answer)
    return ""


def _fault_of_problem(answer: Answer) -> str:
    if answer.headers.get("content-type") != "application/problem+json":
        return f"status {answer.status} with {answer.headers.get('content-type')}"
    problem = answer.json()
    if not {"type", "title", "status", "detail"} <= set(problem) or problem["status"] != answer.status:
        return f"no problem document: {sorted(problem)}"
    everything = answer.body + "".join(f"{name}{value}" for name, value in answer.headers.items()).encode()
    return f"repeats the input: {answer.body[:200]!r}" if CANARY.encode() in everything else ""


async def _raw(port: int, sent: Any) -> Tally:
    """Send bytes over connections of their own; a hang-up and silence are answers too."""
    tally = Tally()

    async def send() -> None:
        for each in sent:
            connection = Connection(port)
            answer = await connection.ask(each, seconds=BODY_SECONDS / 4)
            tally.add(answer, "" if answer.status == LOST else fault_of_refusal(answer))
            connection.close()

    await asyncio.gather(*(send() for _ in range(8)))
    return tally


async def _huge(port: int) -> list[str]:
    """Send 50 MB, announced and not."""
    body = b'{"user_id": "' + b"a" * _HUGE + b'"}'
    announced = await ask_once(port, request("POST", "/v1/recommendations", body))
    head = b"POST /v1/recommendations HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
    chunk = b"10000\r\n" + b"[" * 65_536 + b"\r\n"
    unannounced = await ask_once(port, head + b"transfer-encoding: chunked\r\n\r\n" + chunk * 800 + b"0\r\n\r\n")
    return [
        f"50 MB: status {answer.status} {answer.body[:60]!r}"
        for answer in (announced, unannounced)
        if answer.status != 413 or _fault_of_problem(answer)
    ]


async def _slow(port: int, names: list[str]) -> list[str]:
    """Let clients send heads and bodies slowly; others are served, and slow bodies are refused.

    A slow head stays open: the reverse proxy bounds its time.
    """
    head = b"POST /v1/recommendations HTTP/1.1\r\nhost: h\r\n"
    whole = head + b"content-type: application/json\r\ncontent-length: 100\r\n\r\n"
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
    for _, writer in silent[::2]:
        writer.write(head)
    slow = [asyncio.create_task(_send_slowly(port, whole)) for _ in range(20)]
    meanwhile = await in_turn(port, recommendations(names, 10), n_connections=1, check=fault_of_list)
    said: Counter[int] = Counter()
    for task in slow:
        said[await task] += 1
    for _, writer in silent:
        writer.transport.abort()
    wrong = {status: count for status, count in said.items() if status not in {LOST, 408}}
    return [*meanwhile.faults, *([f"slow clients: {wrong}"] if wrong or not said[408] else [])]


async def _send_slowly(port: int, sent: bytes) -> int:
    """Send the beginning of a request, then a space now and then, and return the status that comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    first = b""
    try:
        async with asyncio.timeout(20 * BODY_SECONDS):
            reading = asyncio.create_task(reader.read(64))
            while not reading.done():
                await asyncio.wait([reading], timeout=BODY_SECONDS / 5)
                if not reading.done():
                    writer.write(b"x")
            first = reading.result()
    except (OSError, TimeoutError):
        pass
    writer.transport.abort()  # what the server no longer wants to read is never sent
    return int(first.split()[1]) if first.startswith(b"HTTP/1.1 ") else LOST


if __name__ == "__main__":
    main(run, __doc__ or "", n_generated=100_000, n_raw=10_000)
