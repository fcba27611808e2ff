"""The folder of a batch: its plan, and shards that are whole or absent.

``batch.json`` states what the rows depend on. A shard is written under another name and then renamed, so a killed
process leaves no part of one. A second run with the same plan computes the missing shards only.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from llm_explain.batch.explaining import explain_users
from llm_explain.errors import SettingError
from scoring.data.tables import file_hash
from scoring.scorer.artifacts import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llm_explain.batch.explaining import BatchSettings
    from llm_explain.explainer import Explainer

Format = Literal["parquet", "jsonl"]
PLAN: Final = "batch.json"
USERS: Final = "users.parquet"


@dataclass(frozen=True, slots=True)
class Shards:
    """Users of a batch in shards, and where the rows of each shard go.

    Attributes:
        artifacts: Folder that ``llm-explain train`` wrote.
        events: File that replaces the event log; ``None`` for that of the artifacts.
        settings: What each list is like.
        folder: Where shards are written.
        shard_users: Most users of a shard.
        format: ``parquet`` or ``jsonl``.
    """

    artifacts: Path
    events: Path | None
    settings: BatchSettings
    folder: Path
    shard_users: int
    format: Format

    def begin(self, users: pa.Table, *, overwrite: bool) -> None:
        """Write the plan, or check that the folder holds the same one, and remove unfinished files.

        Args:
            users: A column ``user_id`` and any others.
            overwrite: Whether shards of another plan are removed.

        Raises:
            SettingError: If the folder holds shards of another plan.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        plan, path = self._plan(users), self.folder / PLAN
        for stale in self.folder.glob(".*.tmp"):
            stale.unlink()
        has_shards = any(self.folder.glob("part-*"))
        if path.exists() and json.loads(path.read_text(encoding="utf-8")) == plan:
            return
        if has_shards and not overwrite:
            raise SettingError(
                f"{self.folder} holds shards of a batch with other users, settings or artifacts but an empty folder or "
                "the same batch is needed. Choose another folder, or pass --overwrite."
            )
        path.unlink(missing_ok=True)
        for shard in self.folder.glob("part-*"):
            shard.unlink()
        pq.write_table(users, self.folder / USERS)
        temporary = self.folder / f".{PLAN}.tmp"
        temporary.write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)

    def _plan(self, users: pa.Table) -> dict[str, Any]:
        rows = pd.util.hash_pandas_object(users.to_pandas(), index=False).to_numpy()
        return {
            "users": len(users),
            "columns": users.column_names,
            "users_sha256": hashlib.sha256(rows.tobytes()).hexdigest(),
            "artifacts": file_hash(self.artifacts / MANIFEST),
            "events": None if self.events is None else file_hash(self.events),
            "settings": json.loads(json.dumps(asdict(self.settings), default=str)),
            "policy": None if self.settings.policy_file is None else file_hash(self.settings.policy_file),
            "shard_users": self.shard_users,
            "format": self.format,
        }

    def path(self, number: int) -> Path:
        """Return the file of a shard."""
        return self.folder / f"part-{number:06d}.{self.format}"

    def missing(self, n_users: int) -> list[int]:
        """Return the numbers of the shards that are not written yet."""
        n_shards = -(-n_users // self.shard_users)
        return [number for number in range(n_shards) if not self.path(number).exists()]

    def users(self) -> pa.Table:
        """Return the table of users that the plan was made from."""
        return pq.read_table(self.folder / USERS, memory_map=True)

    def write(self, number: int, explainer: Explainer) -> None:
        """Explain the users of a shard and write its file.

        Args:
            number: Place of the shard.
            explainer: The shop.
        """
        users = self.users().slice(number * self.shard_users, self.shard_users)
        rows = explain_users(explainer, self.settings, users)
        temporary = self.folder / f".{self.path(number).name}.{os.getpid()}.tmp"
        if self.format == "parquet":
            pq.write_table(rows, temporary, compression="zstd")
        else:
            with temporary.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows.to_pylist())
        temporary.replace(self.path(number))

    def counts(self) -> tuple[int, int]:
        """Return the numbers of texts and of rows without a verified text in all shards."""
        n_texts = n_refused = 0
        for texts in self._texts():
            n_texts += len(texts) - texts.null_count
            n_refused += texts.null_count
        return n_texts, n_refused

    def _texts(self) -> Iterator[pa.ChunkedArray]:
        for shard in sorted(self.folder.glob(f"part-*.{self.format}")):
            if self.format == "parquet":
                yield pq.read_table(shard, columns=["text"]).column("text")
            else:
                with shard.open(encoding="utf-8") as file:
                    yield pa.chunked_array([pa.array([json.loads(line)["text"] for line in file], pa.string())])
