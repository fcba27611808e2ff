"""A token bucket for each key: a burst, then a rate; forgotten keys start full."""

from __future__ import annotations

import pytest

from llm_explain.service.admission import rate_limiter
from llm_explain.service.admission.rate_limiter import RateLimiter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(rate_limiter.time, "monotonic", lambda: now[0])
    return now


def test_a_burst_passes_and_then_the_rate_rules(clock: list[float]) -> None:
    """Two a second with room for three: the fourth at once must wait half a second for its token."""
    bucket = RateLimiter(per_second=2.0, burst=3, max_keys=10)
    assert [bucket.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take("a") == pytest.approx(0.5)
    clock[0] += 0.5
    assert bucket.take("a") == 0.0
    assert bucket.take("a") == pytest.approx(0.5)


def test_keys_do_not_share(clock: list[float]) -> None:
    bucket = RateLimiter(per_second=1.0, burst=1, max_keys=10)
    assert bucket.take("a") == 0.0
    assert bucket.take("b") == 0.0
    assert bucket.take("a") > 0


def test_a_bucket_holds_no_more_than_its_burst(clock: list[float]) -> None:
    bucket = RateLimiter(per_second=1.0, burst=2, max_keys=10)
    bucket.take("a")
    clock[0] += 1000
    assert [bucket.take("a") > 0 for _ in range(3)] == [False, False, True]


def test_the_number_of_keys_is_bounded(clock: list[float]) -> None:
    bucket = RateLimiter(per_second=1.0, burst=1, max_keys=3)
    for number in range(100):
        bucket.take(str(number))
    assert len(bucket) == 3


def test_a_rate_of_nothing_is_no_limit(clock: list[float]) -> None:
    bucket = RateLimiter(per_second=0.0, burst=1, max_keys=3)
    assert [bucket.take("a") for _ in range(100)] == [0.0] * 100


def test_work_that_was_done_is_charged(clock: list[float]) -> None:
    """Of three tokens one was taken and four are owed: two below nothing, so three tokens have to come back."""
    bucket = RateLimiter(per_second=2.0, burst=3, max_keys=10)
    bucket.take("a")
    bucket.charge("a", 4.0)
    assert bucket.take("a") == pytest.approx(1.5)
    bucket.charge("a", 1e9)
    assert bucket.take("a") == pytest.approx((1 + 10 * 3) / 2)
    bucket.charge("b", 1.0)
    assert bucket.take("b") == 0.0
