"""Batches: the rows of ``recommend``, whole shards or none, and runs that are continued."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from llm_explain import Explainer
from llm_explain.batch import BatchSettings, explain_users, read_users, run_batch, users_of_log, with_events
from llm_explain.batch.shards import Shards
from llm_explain.batch.worker import close, open_shop
from llm_explain.errors import BatchError, SettingError
from llm_explain.text.prompt_files import prompts_root
from scoring.data.moments import as_moment
from scoring.scorer.versions import activate, new_version, versions_of

if TYPE_CHECKING:
    from contextlib import suppress
from pathlib import Path

SETTINGS = BatchSettings(k=4)


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path) -> Explainer:
    """Return an explainer without a language model."""
    return Explainer.load(shop_artifacts, language_model=None)


@pytest.fixture(scope="module")
def users(shop_artifacts: Path) -> pa.Table:
    """Return twelve users of the shop with a column of their own."""
    found = users_of_log(shop_artifacts).slice(0, 12)
    return found.append_column("segment", pa.array([f"segment {n % 3}" for n in range(len(found))]))


@pytest.fixture(scope="module")
def expected(explainer: Explainer, users: pa.Table) -> pa.Table:
    """Return the rows of the batch, computed in this process."""
    return explain_users(explainer, SETTINGS, users)


def rows_of(folder: Path) -> pa.Table:
    """Return the rows of all shards."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


@pytest.fixture(scope="module")
def by_user(shop_artifacts: Path, users: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Return the rows of a batch with one user a shard that nothing disturbed."""
    folder = tmp_path_factory.mktemp("by_user")
    run_batch(shop_artifacts, users, folder, SETTINGS, shard_users=1)
    return rows_of(folder)


def test_a_batch_is_of_the_version_that_was_active_when_it_began(
    shop_artifacts: Path, by_user: pa.Table, users: pa.Table, tmp_path: Path
) -> None:
    """The plan named one version, and processes that opened the shop later read another one."""
    folder = tmp_path / "shop"
    for _ in range(2):
        with new_version(folder) as stage:
            shutil.copytree(shop_artifacts, stage, dirs_exist_ok=True, ignore=shutil.ignore_patterns("cache"))
    first, second = (version.folder for version in versions_of(folder))
    activate(folder, first.name)

    def activate_another(done: int, _: int) -> None:
        if not done:
            activate(folder, second.name)
            (second / "manifest.json").unlink()  # a process that reads this version fails

    run_batch(folder, users, tmp_path / "out", SETTINGS, shard_users=6, report=activate_another)
    assert rows_of(tmp_path / "out").column("text").equals(by_user.column("text"))


def test_rows_do_not_depend_on_the_size_of_shards(expected: pa.Table, by_user: pa.Table) -> None:
    words = ["user_id", "segment", "item_id", "section", "text", "explanation_id"]
    assert by_user.select(words).equals(expected.select(words))
    for column in ("score", "probability"):
        np.testing.assert_allclose(by_user.column(column), expected.column(column), atol=1e-9)


def test_rows_are_those_of_recommend_with_the_columns_of_the_users(
    explainer: Explainer, users: pa.Table, expected: pa.Table
) -> None:
    first = users.column("user_id")[0].as_py()
    own = explainer.recommend(first, k=4, sources=("phrasebook", "template"))
    rows = [row for row in expected.to_pylist() if row["user_id"] == first]
    assert [row["item_id"] for row in rows] == [each.item_id for each in own]
    assert [row["text"] for row in rows] == [each.text.text if each.text else None for each in own]
    assert [row["score"] for row in rows] == [each.attribution.score for each in own]
    assert {row["segment"] for row in rows} == {"segment 0"}
    assert all(row["is_verified"] for row in expected.to_pylist() if row["text"])


def test_shards_hold_all_rows_once_and_a_second_run_writes_the_missing_ones(
    shop_artifacts: Path, users: pa.Table, expected: pa.Table, tmp_path: Path
) -> None:
    summary = run_batch(shop_artifacts, users, tmp_path, SETTINGS, shard_users=5)
    whole = rows_of(tmp_path)
    assert whole.select(["item_id", "text"]).equals(expected.select(["item_id", "text"]))
    assert (summary.users, summary.sentences + summary.refused) == (12, len(expected))
    (tmp_path / "part-000001.parquet").unlink()
    kept = (tmp_path / "part-000000.parquet").stat().st_mtime_ns
    (tmp_path / ".part-000001.parquet.77.tmp").write_bytes(b"what a killed process left")
    told: list[tuple[int, int]] = []
    run_batch(shop_artifacts, users, tmp_path, SETTINGS, shard_users=5, report=lambda *step: told.append(step))
    assert told == [(0, 1), (1, 1)]
    assert rows_of(tmp_path).equals(whole)
    assert (tmp_path / "part-000000.parquet").stat().st_mtime_ns == kept
    assert not list(tmp_path.glob(".*"))


def test_a_folder_of_another_batch_is_refused(shop_artifacts: Path, users: pa.Table, tmp_path: Path) -> None:
    run_batch(shop_artifacts, users.slice(0, 2), tmp_path, SETTINGS)
    with pytest.raises(SettingError, match="holds shards of a batch with other users, settings or artifacts"):
        run_batch(shop_artifacts, users.slice(0, 3), tmp_path, SETTINGS)
    run_batch(shop_artifacts, users.slice(0, 3), tmp_path, SETTINGS, overwrite=True)
    assert len(rows_of(tmp_path)) == 12


def test_json_lines_hold_the_same_rows(
    shop_artifacts: Path, users: pa.Table, expected: pa.Table, tmp_path: Path
) -> None:
    summary = run_batch(shop_artifacts, users, tmp_path, SETTINGS, format="jsonl", shard_users=7)
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(tmp_path.glob("part-*.jsonl")))
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["user_id"], line["item_id"], line["text"]) for line in lines] == [
        (row["user_id"], row["item_id"], row["text"]) for row in expected.to_pylist()
    ]
    assert summary.sentences == sum(row["text"] is not None for row in expected.to_pylist())


def test_killed_workers_lose_and_repeat_no_row(
    shop_artifacts: Path, users: pa.Table, by_user: pa.Table, tmp_path: Path
) -> None:
    killed: list[int] = []
    is_done = threading.Event()
    me = psutil.Process()

    def kill() -> None:
        while not is_done.wait(0.3) and len(killed) < 4:
            for child in me.children():
                with suppress(psutil.Error):  # a child may have ended
                    # Python's resource tracker is a child as well, with a command line of its own.
                    if child.cmdline() == me.cmdline():
                        child.send_signal(signal.SIGKILL)
                        killed.append(child.pid)
                        break

    killer = threading.Thread(target=kill)
    killer.start()
    run_batch(shop_artifacts, users, tmp_path, SETTINGS, workers=2, shard_users=1)
    is_done.set()
    killer.join()
    assert killed
    assert rows_of(tmp_path).equals(by_user)


def test_workers_that_always_die_end_the_run_with_an_error(
    shop_artifacts: Path, users: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shards, "write", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(BatchError, match=r"part-000000.parquet: 5 workers died"):
        run_batch(shop_artifacts, users.slice(0, 2), tmp_path, SETTINGS, workers=2)
    assert not list(tmp_path.glob("part-*"))


def test_an_error_in_a_worker_ends_the_run_with_its_message(
    shop_artifacts: Path, users: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Shards, "write", fail)
    with pytest.raises(BatchError, match=r"a worker failed \(OSError: no space left on device\)"):
        run_batch(shop_artifacts, users.slice(0, 2), tmp_path, SETTINGS, workers=2)


def test_a_killed_run_is_completed_by_the_same_command(
    shop_artifacts: Path, users: pa.Table, by_user: pa.Table, tmp_path: Path
) -> None:
    pq.write_table(users, tmp_path / "users.parquet")
    out = tmp_path / "out"
    command = [sys.executable, "-c", "from llm_explain.cli import main; main()", "batch"]
    command += [
        "--users",
        str(tmp_path / "users.parquet"),
        "--out",
        str(out),
        "-k",
        "4",
        "--shard-users",
        "1",
        "--artifacts",
        str(shop_artifacts),
        "--json",
    ]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list(out.glob("part-*")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    run.kill()
    run.wait()
    n_before = len(list(out.glob("part-*")))
    assert n_before > 0
    run_batch(shop_artifacts, users, out, SETTINGS, shard_users=1)
    assert rows_of(out).equals(by_user)


def test_a_part_of_the_log_gives_the_same_rows_of_its_users(
    shop_artifacts: Path, users: pa.Table, expected: pa.Table, tmp_path: Path
) -> None:
    part = users.column("user_id")[3:6]
    events = pq.read_table(shop_artifacts / "tables" / "events.parquet")
    pq.write_table(events.filter(pc.is_in(events.column("user_id"), part.combine_chunks())), tmp_path / "part.parquet")
    found = users_of_log(shop_artifacts, events=tmp_path / "part.parquet")
    assert found.column("user_id").to_pylist() == sorted(part.to_pylist())
    run_batch(shop_artifacts, found, tmp_path / "out", SETTINGS, events=tmp_path / "part.parquet")
    rows, all_rows = rows_of(tmp_path / "out").to_pylist(), expected.to_pylist()
    words = ("user_id", "item_id", "position", "section", "text")
    assert [[row[word] for word in words] for row in rows] == [
        [row[word] for word in words] for row in all_rows if row["user_id"] in part.to_pylist()
    ]


def test_a_policy_of_the_batch_belongs_to_its_plan(shop_artifacts: Path, users: pa.Table, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text((prompts_root() / "policy.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    settings = replace(SETTINGS, policy_file=policy)
    run_batch(shop_artifacts, users.slice(0, 1), tmp_path / "out", settings)
    policy.write_text(policy.read_text(encoding="utf-8") + "\n# another one\n", encoding="utf-8")
    with pytest.raises(SettingError, match="holds shards of a batch with other users, settings or artifacts"):
        run_batch(shop_artifacts, users.slice(0, 1), tmp_path / "out", settings)


def test_users_come_from_files_and_from_new_events(shop_artifacts: Path, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id,segment\n007,a\n8,b\n")
    assert read_users(path).to_pylist() == [{"user_id": "007", "segment": "a"}, {"user_id": "8", "segment": "b"}]
    path.write_text("user,segment\n007,a\n")
    with pytest.raises(SettingError, match="the columns are user, segment but user_id is needed"):
        read_users(path)
    path.write_text("user_id\n7\n7\n")
    with pytest.raises(SettingError, match="0 rows have no user_id and 1 repeat one"):
        read_users(path)
    events = pq.read_table(shop_artifacts / "tables" / "events.parquet").to_pandas()
    since = events["timestamp"].sort_values().iloc[-5]
    late = users_of_log(shop_artifacts, since=as_moment(str(since)))
    assert late.column("user_id").to_pylist() == sorted(set(events.loc[events["timestamp"] >= since, "user_id"]))
    assert len(with_events(users_of_log(shop_artifacts), late)) == len(late)


def test_no_garbage_collection_visits_an_open_shop(shop_artifacts: Path, tmp_path: Path) -> None:
    before = gc.get_freeze_count()
    explainer = open_shop(Shards(shop_artifacts, None, SETTINGS, tmp_path, 12, "parquet"))
    frozen = gc.get_freeze_count()
    close()
    assert frozen - before > len(explainer.shop.catalogue)
