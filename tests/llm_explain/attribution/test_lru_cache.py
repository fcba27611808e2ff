"""A bounded cache: the oldest goes first, and what was forgotten while it was made does not come back."""

from __future__ import annotations

import pytest

from llm_explain.attribution.lru_cache import LRUCache
from llm_explain.errors import SettingError


def test_the_value_that_was_used_least_recently_goes_first() -> None:
    cache: LRUCache[str] = LRUCache(max_entries=2)
    for key in ("a", "b", "a", "c"):
        assert cache.get_or_make(key, key.upper) == key.upper()
    assert (cache.n_hits, cache.n_misses, len(cache)) == (1, 3, 2)
    cache.get_or_make("a", pytest.fail)
    assert cache.get_or_make("b", "made anew".upper) == "MADE ANEW"


def test_what_is_forgotten_while_it_is_made_is_not_kept() -> None:
    cache: LRUCache[str] = LRUCache(max_entries=2)

    def make() -> str:
        cache.clear()  # as another thread may
        return "of a user who was erased meanwhile"

    assert cache.get_or_make("user", make)
    assert not len(cache)


def test_a_cache_without_room_is_refused() -> None:
    with pytest.raises(SettingError, match="max_entries is 0 but at least 1 is needed"):
        LRUCache(max_entries=0)
