"""How many explained lists a second a batch writes, and in how much memory: users alone and together, workers, engines.

python benchmarks/batch.py [--artifacts artifacts/completejourney] [--quick]
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from report import Section

from llm_explain import Explainer
from llm_explain.batch import BatchSettings, run_batch, users_of_log
from llm_explain.batch.shards import Shards
from llm_explain.batch.worker import close, warm_up, write_shards_of

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SOURCES = ("phrasebook", "template")


def in_this_process(artifacts: Path, n_users: int) -> list[tuple[str, float, int]]:
    """Return processor seconds and sentences of users one by one, and of users together, on one thread."""
    torch.set_num_threads(1)
    explainer = Explainer.load(artifacts, language_model=None)
    users = explainer.events.user_ids[:: max(1, len(explainer.events.user_ids) // n_users)][:n_users]
    explainer.recommend_many(users[:20], sources=SOURCES)  # opens the phrasebook
    found = []
    for name, lists in (
        ("one by one", lambda: [explainer.recommend(user, sources=SOURCES) for user in users]),
        ("together", lambda: explainer.recommend_many(users, sources=SOURCES)),
    ):
        explainer.reader.forget()
        began = time.process_time()
        n_texts = sum(row.text is not None for own in lists() for row in own)
        found.append((name, (time.process_time() - began) / len(users), n_texts))
    return found


def memory_of_workers(artifacts: Path, folder: Path, n_workers: int, shard_users: int) -> tuple[float, list[float]]:
    """Return the MB of a process that has opened a shop, and those that each worker has alone after a shard."""
    users = users_of_log(artifacts).slice(0, n_workers * shard_users)
    shards = Shards(artifacts, None, BatchSettings(), folder, shard_users, "parquet")
    shards.begin(users, overwrite=True)
    warm_up(shards)
    ends = multiprocessing.get_context("fork")
    started = []
    for number in range(n_workers):
        receiver, sender = ends.Pipe()

        def work(number: int = number, sender: Connection = sender) -> None:
            write_shards_of(shards, [number])
            sender.send(memory_mb("Private_"))
            sender.recv()  # until all have answered: a page counts as shared only while others live

        process = ends.Process(target=work, daemon=True)
        process.start()
        started.append((process, receiver))
    found = memory_mb("Anonymous"), [receiver.recv() for _, receiver in started]
    for process, _ in started:
        process.kill()
        process.join()
    close()
    return found


def memory_mb(name: str) -> float:
    """Return the entries of this process's memory that begin with a name, in MB; Linux alone tells."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    n_users = 200 if given.quick else given.users
    section = Section(given.out, "batch", "Batches")
    one, many = in_this_process(given.artifacts, min(n_users, 300))
    section.say(
        f"On one thread, a list of ten takes {one[1] * 1e3:.1f} ms of processor time alone and {many[1] * 1e3:.1f} ms "
        f"among others: {one[1] / many[1]:.1f} times less. Both wrote {one[2]} and {many[2]} sentences."
    )
    users = users_of_log(given.artifacts).slice(0, n_users)
    engines = [("local", 1), ("local", 2)]
    if importlib.util.find_spec("ray"):
        engines.append(("ray", 2))
    rows = []
    for engine, workers in engines:
        out = given.out / "batch" / f"{engine}-{workers}"
        shutil.rmtree(out, ignore_errors=True)
        done = run_batch(given.artifacts, users, out, BatchSettings(), engine=engine, workers=workers, shard_users=100)
        rate = done.sentences / done.seconds
        rows.append((engine, str(workers), f"{done.users}", f"{done.sentences}", f"{done.seconds:.1f}", f"{rate:.0f}"))
    section.say("From raw events to shards on disk, with the start of the workers:")
    section.table(("engine", "workers", "users", "sentences", "seconds", "sentences a second"), rows)
    if Path("/proc/self/smaps_rollup").exists():
        opened, alone = memory_of_workers(given.artifacts, given.out / "batch" / "memory", 2, 100)
        section.say(
            f"The process that opens the shop holds {opened:,.0f} MB. Workers that fork from it had "
            f"{' and '.join(f'{mb:.0f}' for mb in alone)} MB of their own after a shard of 100 users."
        )
    section.write()


if __name__ == "__main__":
    main()
