"""A job's model and tables, opened once and again after a file of theirs changed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Generic, TypeVar

from llm_explain.errors import LlmExplainError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class OpenedJob(Generic[T]):
    """What a function opens from some paths.

    Args:
        paths: Files and folders that it reads.
        opened: Opens them.
    """

    def __init__(self, paths: Sequence[Path], opened: Callable[[], T]) -> None:
        self._paths, self._open = tuple(paths), opened
        self._stamp, self._value = self._changed(), opened()

    def get(self) -> T:
        """Return what was opened; files that cannot be read now, such as half-written ones, change nothing."""
        if (stamp := self._changed()) != self._stamp:
            try:
                self._value, self._stamp = self._open(), stamp
            except (LlmExplainError, OSError) as error:
                _LOG.warning("the files of a job changed but cannot be read: %s", type(error).__name__)
        return self._value

    def _changed(self) -> tuple[int, ...]:
        files = [file for path in self._paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        return tuple(file.stat().st_mtime_ns for file in files if file.is_file())
