"""Freed memory goes back to the system between stages and versions of a catalogue, and values wait on disk.

The C library keeps freed blocks for later ones. Stages need blocks of other sizes, so the process would grow.
"""

from __future__ import annotations

import ctypes
import gc
import pickle
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator


def release() -> None:
    """Give freed memory back to the system, that of cycles of objects too."""
    gc.collect()
    trim()


def trim() -> None:
    """Give freed memory back to the system where the C library can (glibc)."""
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError, OSError, TypeError):  # macOS and musl have no malloc_trim, Windows no CDLL(None)
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def on_disk(values: list[Any]) -> Iterator[None]:
    """Empty a list and keep its values in a temporary file meanwhile.

    Args:
        values: The list. Nothing else may hold its values, else they stay in memory.

    Yields:
        None: When the memory is free; afterwards the list has its values again.
    """
    with TemporaryFile() as file:
        pickle.dump(values, file, protocol=5)
        values.clear()
        release()
        yield
        file.seek(0)
        values += pickle.load(file)  # noqa: S301  # written by this process to a file without a name
