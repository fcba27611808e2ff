"""Writes shards in processes of this machine.

The process opens the shop once and forks workers, which share its arrays. A worker that was killed is replaced, and its
shard is tried again. Where processes cannot fork, or a language model writes, each worker opens the shop for itself.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import FIRST_COMPLETED, wait
from typing import TYPE_CHECKING, Final

from llm_explain.batch.worker import close, open_shards, write_shard
from llm_explain.errors import BatchError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llm_explain.batch.shards import Shards

MOST_TRIES: Final = 5
"""Times that a shard is tried if its worker dies."""


def write_shards(shards: Shards, numbers: Sequence[int], workers: int) -> Iterator[int]:
    """Write shards.

    Args:
        shards: The batch.
        numbers: Places of the shards.
        workers: Processes; with one, the calling process does the work.

    Yields:
        int: The place of each shard when it is written.

    Raises:
        BatchError: If the workers of one shard die again and again.
        MissingExtraError: If several workers are asked for and ``pebble`` is not installed.
    """
    if workers == 1:
        for number in numbers:
            yield write_shard(shards, number)
        close()
        return
    try:
        from pebble import ProcessExpired, ProcessPool
    except ImportError as error:
        raise MissingExtraError(
            "the package pebble is not installed but several workers need it. Run `pip install pebble`."
        ) from error
    can_fork = "fork" in multiprocessing.get_all_start_methods() and "lm" not in shards.settings.sources
    if can_fork:
        open_shards(shards)
    context = multiprocessing.get_context("fork" if can_fork else "spawn")
    tries = dict.fromkeys(numbers, 0)
    with ProcessPool(workers, initializer=open_shards, initargs=(shards,), context=context) as pool:
        running = {pool.schedule(write_shard, args=(shards, number)): number for number in numbers}
        try:
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    number = running.pop(future)
                    error = future.exception()
                    if error is None:
                        yield number
                    elif isinstance(error, ProcessExpired) and tries[number] + 1 < MOST_TRIES:
                        tries[number] += 1
                        running[pool.schedule(write_shard, args=(shards, number))] = number
                    elif isinstance(error, ProcessExpired):
                        raise BatchError(
                            f"{shards.path(number).name}: {MOST_TRIES} workers died but one that lives is needed. "
                            "Give workers more memory, or use fewer; the same command completes the batch."
                        ) from error
                    else:
                        raise error
        finally:
            pool.stop()
            close()
