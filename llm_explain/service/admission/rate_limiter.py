"""Token buckets for a bounded number of callers."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from llm_explain.service.settings import ServiceSettings

MOST_OWED: Final = 10


class RateLimiter:
    """Token buckets.

    The limiter forgets the key that was not seen for longest; its bucket is full again by then.

    Args:
        per_second: Tokens that come back each second; 0 for no limit.
        burst: Tokens in a full bucket.
        max_keys: Number of buckets.
    """

    def __init__(self, *, per_second: float, burst: int, max_keys: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take a token.

        Args:
            key: Whose bucket.

        Returns:
            0 if there was a token, else the seconds until there is one.
        """
        if self._per_second <= 0:
            return 0.0
        now = time.monotonic()
        tokens, since = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
        self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        return wait

    def charge(self, key: str, tokens: float) -> None:
        """Take tokens for work that was done; the bucket may owe some, up to ``MOST_OWED`` full buckets.

        Args:
            key: Whose bucket; nothing happens if it is forgotten.
            tokens: How many.
        """
        if key in self._buckets:
            left, since = self._buckets[key]
            self._buckets[key] = max(left - tokens, -MOST_OWED * self._burst), since

    def __len__(self) -> int:
        """Return the number of buckets."""
        return len(self._buckets)


def limiter(settings: ServiceSettings, kind: str) -> RateLimiter:
    """Return the buckets of one kind of caller; ``rate_per_second`` 0 means no limit for any."""
    per_second = settings.rate_per_second and getattr(settings, f"{kind}rate_per_second")
    return RateLimiter(per_second=per_second, burst=getattr(settings, f"{kind}rate_burst"), max_keys=settings.rate_keys)
