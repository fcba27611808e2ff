"""What the command line shows: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

PLAIN_SECONDS = 5.0
"""A stage that takes longer tells the time left, away from a terminal after each quarter."""

OUT = Console(soft_wrap=True, markup=False, emoji=False)
ERR = Console(stderr=True, soft_wrap=True, markup=False, emoji=False)
"""Without markup, because a shop's titles may hold brackets and colons."""


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar a description on a terminal and one plain line a description elsewhere.

    Yields:
        Callable[[str, int, int], None]: Told a description, the steps done and the steps in all.
    """
    if not ERR.is_terminal:
        yield _plain_lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=ERR) as bars:
        tasks: dict[str, Any] = {}

        def report(description: str, done: int, total: int) -> None:
            if description not in tasks:
                tasks[description] = bars.add_task(description, total=total)
            bars.update(tasks[description], completed=done, total=total)

        yield report


def _plain_lines() -> Callable[[str, int, int], None]:
    announced: dict[str, tuple[float, int, int]] = {}  # when a stage began, where, and the quarters that were told

    def report(description: str, done: int, total: int) -> None:
        now = time.monotonic()
        if description not in announced:
            announced[description] = now, done, 0
            ERR.print(f"{description} …", markup=False, highlight=False)
            return
        began, first, told = announced[description]
        quarter = 4 * done // total if total else 4
        if done >= total:
            del announced[description]
        elif quarter > told and now - began >= PLAIN_SECONDS:
            left = (now - began) * (total - done) / max(done - first, 1)
            announced[description] = began, first, quarter
            ERR.print(f"{description} {done}/{total}, about {left:.0f} s left", markup=False, highlight=False)

    return report


def note(message: str) -> None:
    """Write a line that is no result to stderr.

    Args:
        message: The line.
    """
    ERR.print(message, style="yellow", markup=False, highlight=False)


def end_audit(n_records: int, faults: Sequence[str]) -> None:
    """Note each fault and their number; the exit status is 1 if there is one.

    Args:
        n_records: Records that were audited.
        faults: One line for each fault.

    Raises:
        typer.Exit: If there is a fault.
    """
    for fault in faults:
        note(fault)
    note(f"{n_records:,} records audited, {len(faults):,} faults")
    if faults:
        raise typer.Exit(1)


def write_json_lines(records: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON record a line to stdout.

    Args:
        records: What to write; NaN is refused, since JSON has none.
    """
    for record in records:
        OUT.file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
