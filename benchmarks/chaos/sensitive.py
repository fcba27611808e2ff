"""Profiles full of health, pregnancy, religion, alcohol and the like: nothing of it in any text, record or log.

What is sensitive is read from the lists under ``prompts/`` and from the tables, not from the code that keeps it out.
Most profiles come with the request; every tenth is stored, asked for, erased, and looked for in what is left on disk.
"""

from __future__ import annotations

import asyncio
import csv
import os
import random
import re
import signal
import tempfile
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from nursery import Nursery
from proof import fault_of_list, main
from wire import Answer, Connection, request

from llm_explain.text.prompt_files import prompts_root

if TYPE_CHECKING:
    from collections.abc import Iterator

IMPERSONAL = frozenset({"popular", "promotion", "new_arrival"})
"""Claim kinds that may be said of a sensitive item."""

_STORED_EACH = 10
_YOU = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Shop:
    """What the proof knows of the shop.

    Attributes:
        categories: Names of sensitive categories that the catalogue has.
        titles: Titles of sensitive items that the catalogue has.
        by_reason: Sensitive items by why they are.
        ordinary: Other items.
        until: Day of the last event.
    """

    categories: frozenset[str]
    titles: dict[str, str]
    by_reason: dict[str, list[str]]
    ordinary: list[str]
    until: pd.Timestamp

    @classmethod
    def read(cls, artifacts: Path) -> Shop:
        """Read the tables and the lists.

        Args:
            artifacts: Folder that ``llm-explain train`` wrote.

        Returns:
            The shop.
        """
        items = pd.read_parquet(artifacts / "tables" / "items.parquet", columns=["item_id", "title", "category"])
        events = pd.read_parquet(artifacts / "tables" / "events.parquet", columns=["timestamp", "item_id"])
        items = items[items["item_id"].isin(events["item_id"].unique())].astype(str)
        category_reasons, type_reasons = (_reasons(f"sensitive_{what}.csv") for what in ("categories", "types"))
        types = sorted(type_reasons, key=len, reverse=True)
        begins = re.compile(rf"(?:{'|'.join(map(re.escape, types))})\b", re.IGNORECASE)
        by_reason: dict[str, list[str]] = {}
        titles: dict[str, str] = {}
        ordinary: list[str] = []
        for item_id, title, category in zip(items["item_id"], items["title"], items["category"], strict=True):
            begun = begins.match(title)
            reason = category_reasons.get(category.lower()) or (type_reasons[begun.group(0).lower()] if begun else None)
            if reason is None:
                ordinary.append(item_id)
            else:
                by_reason.setdefault(reason, []).append(item_id)
                titles[item_id] = title
        found = frozenset(name for name in items["category"].unique() if name.lower() in category_reasons)
        return cls(found, titles, by_reason, ordinary, events["timestamp"].max())


def run(artifacts: Path, *, n_profiles: int, seed: int = 0, log: Path | None = None) -> dict[str, Any]:
    """Return the figures.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n_profiles: Profiles.
        seed: Source of chance.
        log: File for the processes' log lines.

    Returns:
        Figures.
    """
    shop = Shop.read(artifacts)
    with tempfile.TemporaryDirectory() as folder:
        lines = log or Path(folder) / "log"
        settings = {"database_url": f"sqlite:///{folder}/state.db", "deadline_seconds": 10}
        with Nursery(artifacts, settings=settings, log=lines) as nursery:
            asked = asyncio.run(_ask(nursery, shop, n_profiles, seed))
        said = lines.read_text(errors="replace")
        on_disk = b"".join(path.read_bytes() for path in sorted(Path(folder).glob("state.db*")))
    names = [*shop.categories, *shop.titles.values()]
    in_log = [name for name in names if name in said]
    left = sorted(user for user in asked.users if user.encode() in on_disk or user in said)
    return {
        "profiles": dict(sorted(asked.profiles.items())),
        "sentences": asked.n_sentences,
        "erased": len(asked.users),
        "left_after_erasure": left[:3],
        "in_log": in_log[:3],
        "faults": asked.faults[:5],
        "ok": not (asked.faults or in_log or left) and asked.n_sentences > 0,
    }


class _Asked:
    """What came of it, one profile after the other."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._names = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(shop.categories)))})\b", re.IGNORECASE)
        self.profiles: Counter[str] = Counter()
        self.users: list[str] = []
        self.faults: list[str] = []
        self.n_sentences = 0

    def look_at(self, answer: Answer, bought: list[str]) -> None:
        """Count the faults of a list of items with explanations."""
        if fault := fault_of_list(answer):
            self.faults.append(fault)
            return
        titles = [self._shop.titles[item] for item in bought if item in self._shop.titles]
        for row in answer.json()["items"]:
            record = row["explanation"]
            self.n_sentences += record["text"] is not None
            self.faults += self._faults(row["item_id"], row["title"], record, titles)

    def _faults(self, item_id: str, own_title: str, record: dict[str, Any], titles: list[str]) -> Iterator[str]:
        text = record["text"] or ""
        said = text.replace(own_title, "")  # a product is called by its name, whatever it is
        facts = [str(value) for claim in record["reasons"] for value in claim["facts"].values()]
        players = [each["player"].removeprefix("group:") for each in record["attributions"]]
        yield from (f"player {player!r}" for player in players if player in self._shop.categories)
        for words in (said, *facts):
            if match := self._names.search(words):
                yield f"{match.group(0)!r} in {words!r}"
        yield from (f"{title!r} in {said!r}" for title in titles if title != own_title and title in said)
        others = [claim["facts"].get("other_item_id") for claim in record["reasons"]]
        yield from (f"other item {other}" for other in others if other in self._shop.titles)
        if item_id in self._shop.titles:
            kinds = {claim["kind"] for claim in (*record["reasons"], *record["statements"])}
            if kinds - IMPERSONAL or _YOU.search(said):
                yield f"personal about {own_title!r}: {text!r}"


async def _ask(nursery: Nursery, shop: Shop, n_profiles: int, seed: int) -> _Asked:
    alive = nursery.spawn()
    await asyncio.to_thread(nursery.wait_ready)
    asked = _Asked(shop)
    numbers = iter(range(n_profiles))

    async def work() -> None:
        connection = Connection(nursery.port)
        for number in numbers:
            chance = random.Random(seed * 1_000_003 + number)
            reason, events = _profile(shop, chance)
            asked.profiles[reason] += 1
            bought = [event["item_id"] for event in events]
            wanted = [*chance.sample(bought, min(3, len(bought))), *chance.sample(shop.ordinary, 2)]
            who: dict[str, Any] = {"history": events}
            if number % _STORED_EACH == 0:
                who = {"user_id": f"sensitive-profile-{number}-{chance.getrandbits(48):x}"}
                asked.users.append(who["user_id"])
                await _send(connection, asked, "POST", "events", {"events": [{**who, **event} for event in events]})
            for path, body in (("recommendations", {"k": 5}), ("explanations", {"item_ids": sorted(set(wanted))})):
                answer = await connection.ask(request("POST", f"/v1/{path}", {**who, **body, "detail": "full"}))
                asked.look_at(answer, bought)
            if "user_id" in who:
                await _send(connection, asked, "DELETE", f"users/{who['user_id']}", None)
        connection.close()

    await asyncio.gather(work(), work())
    os.kill(alive, signal.SIGTERM)
    await asyncio.to_thread(nursery.wait, alive)
    return asked


async def _send(connection: Connection, asked: _Asked, method: str, path: str, body: Any) -> None:
    key = {"idempotency-key": uuid.uuid4().hex} if method == "POST" else None
    answer = await connection.ask(request(method, f"/v1/{path}", body, key))
    if answer.status not in {200, 201}:
        asked.faults.append(f"{method} {path.split('/')[0]}: status {answer.status} {answer.body[:300]!r}")


def _profile(shop: Shop, chance: random.Random) -> tuple[str, list[dict[str, str]]]:
    """Return why a profile is sensitive, and its purchases of a year, most of them sensitive ones."""
    reason = chance.choice(sorted(shop.by_reason))
    kinds = chance.sample(shop.by_reason[reason], min(chance.randint(1, 6), len(shop.by_reason[reason])))
    usual = chance.sample(shop.ordinary, chance.randint(1, 6))
    share = chance.uniform(0.4, 0.95)
    events = []
    for _ in range(chance.randint(6, 60)):
        moment = shop.until - pd.Timedelta(hours=chance.randint(24, 24 * 360))
        item = chance.choice(kinds if chance.random() < share else usual)
        events.append({"item_id": item, "timestamp": moment.floor("s").isoformat()})
    return reason, events


def _reasons(name: str) -> dict[str, str]:
    """Return why each name of a list is sensitive."""
    with (prompts_root() / "en" / "names" / name).open(encoding="utf-8", newline="") as file:
        return {row["name"].lower(): row["reason"] for row in csv.DictReader(file)}


if __name__ == "__main__":
    main(run, __doc__ or "", n_profiles=10_000)
