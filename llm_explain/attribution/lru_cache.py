"""A cache with a limited number of entries that threads can share."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Value = TypeVar("Value")


class LRUCache(Generic[Value]):
    """Keeps the most recently used values.

    Args:
        max_entries: Most values to keep.

    Attributes:
        max_entries: Most values to keep.
        n_hits: Requests that found their value.
        n_misses: Requests that computed their value.

    Raises:
        SettingError: If ``max_entries`` is less than 1.
    """

    def __init__(self, max_entries: int) -> None:
        if max_entries < 1:
            raise SettingError(f"max_entries is {max_entries} but at least 1 is needed. Leave the cache out instead.")
        self.max_entries = max_entries
        self.n_hits = self.n_misses = 0
        self._entries: OrderedDict[Hashable, Value] = OrderedDict()
        self._n_cleared = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def get_or_make(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key, and compute it if it is missing.

        Args:
            key: The key.
            make: Computes the value. Two threads that miss at the same time both call it.

        Returns:
            The value. It is not kept if ``clear`` was called while it was computed.
        """
        with self._lock:
            n_cleared = self._n_cleared
            if key in self._entries:
                self.n_hits += 1
                self._entries.move_to_end(key)
                return self._entries[key]
            self.n_misses += 1
        value = make()
        with self._lock:
            if n_cleared == self._n_cleared:
                self._entries[key] = value
            while len(self._entries) > self.max_entries:
                self._entries.popitem(last=False)
        return value

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries.clear()
            self._n_cleared += 1
