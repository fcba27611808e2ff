"""Runs a batch: plans its shards, lets an engine write them and sums up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from llm_explain.batch.shards import Format, Shards
from scoring.scorer.versions import active

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from llm_explain.batch.explaining import BatchSettings

Engine = Literal["local", "ray"]


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What a batch did.

    Attributes:
        users: Users explained, those of earlier runs of the same batch among them.
        sentences: Verified texts in all shards.
        refused: Rows without a text: nothing true and allowed can be said of them.
        seconds: Wall time of this run.
        engine: ``local`` or ``ray``.
        workers: Processes.
    """

    users: int
    sentences: int
    refused: int
    seconds: float
    engine: Engine
    workers: int


def run_batch(
    artifacts: Path,
    users: pa.Table,
    out: Path,
    settings: BatchSettings,
    *,
    events: Path | None = None,
    engine: Engine = "local",
    workers: int = 1,
    shard_users: int = 200,
    format: Format = "parquet",  # noqa: A002
    overwrite: bool = False,
    report: Callable[[int, int], None] | None = None,
) -> BatchSummary:
    """Explain users and write their rows as shards; the call may be repeated until every shard is there.

    Both engines write the same rows. The call raises ``SettingError`` if ``out`` holds another batch.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        users: A column ``user_id`` and any others, which survive.
        out: Folder to create or complete.
        settings: What each list is like.
        events: File that replaces the event log of the artifacts.
        engine: ``local`` for processes of this machine, ``ray`` for the actors of a Ray cluster.
        workers: Processes or actors.
        shard_users: Most users of a shard.
        format: ``parquet`` or ``jsonl``.
        overwrite: Whether shards of another batch in ``out`` are removed.
        report: Told how many shards are done, of how many that this run has to write.

    Returns:
        Users, sentences and the time.
    """
    began = time.monotonic()
    # Another version may be activated meanwhile; all shards are of this one.
    shards = Shards(active(artifacts), events, settings, out, shard_users, format)
    shards.begin(users, overwrite=overwrite)
    missing = shards.missing(len(users))
    if missing:
        if engine == "ray":
            from llm_explain.batch.ray_engine import write_shards
        else:
            from llm_explain.batch.local_engine import write_shards
        tell = report or (lambda *_: None)
        tell(0, len(missing))
        for done, _ in enumerate(write_shards(shards, missing, workers), start=1):
            tell(done, len(missing))
    sentences, refused = shards.counts()
    return BatchSummary(len(users), sentences, refused, round(time.monotonic() - began, 3), engine, workers)
