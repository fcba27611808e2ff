"""Writes shards in processes of this machine.

The calling process opens the shop once and forks a process for each shard, which shares its arrays. Processes share no
lock and no queue, so that one of them may be killed at any moment: its shard is tried again. Where processes cannot
fork, or a language model of this machine writes, each worker opens the shop for itself and writes several shards.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, cast

from llm_explain.batch.worker import close, warm_up, write_in_process, write_shards_of
from llm_explain.errors import BatchError
from llm_explain.generation.opening import is_served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from llm_explain.batch.shards import Shards

MOST_TRIES: Final = 5
"""Times that a shard is tried if its process dies."""


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process, its shards, and where it reports an error."""

    process: BaseProcess
    numbers: Sequence[int]
    errors: Connection

    def failure(self) -> str | None:
        """Return the message of an exception in the process; ``None`` if it was killed."""
        try:
            return str(self.errors.recv()) if self.errors.poll() else None
        except EOFError:
            return None


def write_shards(shards: Shards, numbers: Sequence[int], workers: int) -> Iterator[int]:
    """Write shards.

    Args:
        shards: The batch.
        numbers: Places of the shards.
        workers: Processes; with one, the calling process does the work.

    Yields:
        int: The place of each shard when it is written.

    Raises:
        BatchError: If the processes of one shard die again and again, or one fails.
    """
    if workers == 1:
        for number in numbers:
            write_shards_of(shards, [number])
            yield number
        close()
        return
    settings = shards.settings
    has_weights = "lm" in settings.sources and not is_served(settings.language_model)
    can_fork = "fork" in multiprocessing.get_all_start_methods() and not has_weights
    context = multiprocessing.get_context("fork" if can_fork else "spawn")
    if can_fork:
        warm_up(shards)
    waiting = (
        [[number] for number in numbers] if can_fork else [list(numbers[place::workers]) for place in range(workers)]
    )
    tries = dict.fromkeys(numbers, 0)
    running: dict[int, _Worker] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                started = _start(context, shards, waiting.pop(0))
                running[started.process.sentinel] = started
            for sentinel in wait(list(running)):
                ended = running.pop(cast("int", sentinel))
                ended.process.join()
                if (message := ended.failure()) is not None:
                    raise BatchError(f"a worker failed ({message}). The same command completes the batch.")
                missing = [number for number in ended.numbers if not shards.path(number).exists()]
                yield from (number for number in ended.numbers if number not in missing)
                if missing:
                    _count_try(shards, missing[0], tries)
                    waiting.append(missing)
    finally:
        for each in running.values():
            each.process.kill()
            each.process.join()
        close()


def _start(context: BaseContext, shards: Shards, numbers: Sequence[int]) -> _Worker:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=write_in_process, args=(shards, numbers, sender), daemon=True)  # type: ignore[attr-defined]
    process.start()
    sender.close()
    return _Worker(process, numbers, receiver)


def _count_try(shards: Shards, number: int, tries: dict[int, int]) -> None:
    """Count a try of a shard whose process died, and raise an error after the last one."""
    tries[number] += 1
    if tries[number] == MOST_TRIES:
        raise BatchError(
            f"{shards.path(number).name}: {MOST_TRIES} workers died but one that lives is needed. "
            "Give workers more memory, or use fewer; the same command completes the batch."
        )
