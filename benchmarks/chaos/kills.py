"""``kill -9`` while events and feedback are written: what was acknowledged is there, once, and nothing is corrupt."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from nursery import Nursery
from proof import items, main, users
from wire import Connection, request

_PAUSES = (0.0, 0.25)
"""Seconds that a process lives at work before it is killed, by chance between these."""

_FIRST_FEEDBACK_SECONDS = 5.0
"""How long every other kill waits for feedback, before which sentences have to be asked for."""


class Writers:
    """Clients that write events and feedback, each repeating a write until it is acknowledged.

    Args:
        port: Where to.
        names: Users.
        item_ids: Items.
    """

    def __init__(self, port: int, names: list[str], item_ids: list[str]) -> None:
        self.events: list[str] = []
        self.feedback: list[tuple[str, str]] = []
        self.refused: Counter[int] = Counter()
        self.n_repeats = 0
        self.is_over = False
        self._port = port
        self._names = names
        self._items = item_ids

    async def write_events(self, writer: int) -> None:
        """Write events one by one; the store's id tells them apart."""
        connection = Connection(self._port)
        number = 0
        while not self.is_over:
            number += 1
            name = f"w{writer}n{number}"
            event = {
                "user_id": self._names[number % len(self._names)],
                "item_id": self._items[number % len(self._items)],
                "timestamp": "2017-12-02T10:00:00",
                "store_id": name,
            }
            sent = request("POST", "/v1/events", {"events": [event]}, {"idempotency-key": name})
            if await self._until_acknowledged(connection, sent):
                self.events.append(name)
        connection.close()

    async def write_feedback(self, writer: int) -> None:
        """Ask for sentences and say that they help."""
        connection = Connection(self._port)
        chance = random.Random(writer)
        while not self.is_over:
            asked = request("POST", "/v1/recommendations", {"user_id": chance.choice(self._names), "k": 3})
            answer = await connection.ask(asked, seconds=10)
            if answer.status != 200 or not answer.json()["recorded"]:
                await asyncio.sleep(0.005)
                continue
            for item in answer.json()["items"]:
                explanation = item["explanation"]
                if not explanation["reasons"]:
                    continue
                body = {"explanation_id": explanation["id"], "verdict": "helpful"}
                if await self._until_acknowledged(connection, request("POST", "/v1/feedback", body)):
                    self.feedback.append((explanation["id"], "helpful"))
        connection.close()

    async def until_feedback(self) -> None:
        """Wait until feedback was acknowledged, but not for ever."""
        n_before, until = len(self.feedback), time.monotonic() + _FIRST_FEEDBACK_SECONDS
        while len(self.feedback) == n_before and time.monotonic() < until:
            await asyncio.sleep(0.002)

    async def _until_acknowledged(self, connection: Connection, sent: bytes) -> bool:
        while not self.is_over:
            answer = await connection.ask(sent, seconds=10)
            if 200 <= answer.status < 300:
                return True
            if 400 <= answer.status < 500:
                self.refused[answer.status] += 1
                return False
            self.n_repeats += 1
            await asyncio.sleep(0.005)
        return False


def run(artifacts: Path, *, n_kills: int, seed: int = 0, log: Path | None = None) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n_kills: Kills.
        seed: Seed of the moments at which they come.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.db"
        settings = {"database_url": f"sqlite:///{file}", "deadline_seconds": 30}
        with Nursery(artifacts, settings=settings, log=log) as nursery:
            writers = Writers(nursery.port, users(artifacts, 50), items(artifacts))
            asyncio.run(_kill(nursery, writers, n_kills, random.Random(seed)))
        return _compare(file, writers)


async def _kill(nursery: Nursery, writers: Writers, n_kills: int, chance: random.Random) -> None:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    tasks = [asyncio.create_task(writers.write_events(number)) for number in range(3)]
    tasks += [asyncio.create_task(writers.write_feedback(number)) for number in range(2)]
    for number in range(n_kills):
        await asyncio.to_thread(nursery.wait_ready)
        if number % 2:
            await writers.until_feedback()
        await asyncio.sleep(chance.uniform(*_PAUSES))
        os.kill(alive, signal.SIGKILL)
        await asyncio.to_thread(nursery.wait, alive)
        alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    await asyncio.sleep(0.5)
    writers.is_over = True
    await asyncio.gather(*tasks)
    os.kill(alive, signal.SIGTERM)
    await asyncio.to_thread(nursery.wait, alive)


def _compare(file: Path, writers: Writers) -> dict[str, Any]:
    """Read the file with SQLite alone and compare it with what was acknowledged."""
    with sqlite3.connect(file) as database:
        check = database.execute("PRAGMA integrity_check").fetchone()[0]
        events = Counter(store for (store,) in database.execute("SELECT store_id FROM event"))
        rows = "SELECT explanation_id, verdict, count(*) FROM feedback GROUP BY 1, 2, kind, player"
        feedback = {(one, verdict): count for one, verdict, count in database.execute(rows)}
    lost = [name for name in writers.events if not events[name]]
    lost_feedback = [given for given in writers.feedback if given not in feedback]
    doubled = [name for name, count in events.items() if count > 1]
    return {
        "acknowledged_events": len(writers.events),
        "acknowledged_feedback": len(writers.feedback),
        "repeats": writers.n_repeats,
        "refused": dict(writers.refused),
        "lost": len(lost) + len(lost_feedback),
        "doubled": len(doubled) + sum(count > 1 for count in feedback.values()),
        "integrity": check,
        "ok": not (lost or lost_feedback or doubled or writers.refused)
        and check == "ok"
        and bool(writers.events and writers.feedback),
    }


if __name__ == "__main__":
    main(run, __doc__ or "", n_kills=300)
