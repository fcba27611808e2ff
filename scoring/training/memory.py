"""Freed memory goes back to the system between the stages of training, and between versions of a catalogue.

The C library keeps freed blocks for later ones. Stages need blocks of other sizes, so the process would grow.
"""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

import pyarrow as pa


def release() -> None:
    """Give freed memory back to the system, that of cycles of objects too."""
    gc.collect()
    trim()


def trim() -> None:
    """Give freed memory back to the system where the C library can (glibc)."""
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError, OSError, TypeError):  # macOS and musl have no malloc_trim, Windows no CDLL(None)
        ctypes.CDLL(None).malloc_trim(0)
