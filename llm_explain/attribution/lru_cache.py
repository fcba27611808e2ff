"""The most recently used answers to a question: a cache with a bound, which threads may share."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Value = TypeVar("Value")


class LRUCache(Generic[Value]):
    """Keeps what was made last.

    Args:
        max_entries: How many.

    Attributes:
        max_entries: How many.
        n_hits: Values that were there.
        n_misses: Values that were made.

    Raises:
        SettingError: If there is room for none.
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
        """Return the value of a key.

        Args:
            key: The key.
            make: Makes the value where there is none; two threads that miss at once both make it.

        Returns:
            The value, made now or before; what was forgotten while it was made is not kept.
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
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._n_cleared += 1
