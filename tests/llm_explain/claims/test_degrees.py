from __future__ import annotations

import pandas as pd
import pytest

from llm_explain.claims import DEFAULT_DEGREES, Degrees
from llm_explain.claims.occasions import NS_PER_DAY, Occasions
from llm_explain.errors import PromptError

AS_OF = pd.Timestamp("2017-12-01").value


def days_ago(*days: float) -> Occasions:
    return Occasions.of(sorted(int(AS_OF - day * NS_PER_DAY) for day in days), AS_OF)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((90, 60, 15), {"often", "regularly"}),  # 2 Sep, 2 Oct, 16 Nov: three in 90 days, three months
        ((90.1, 60, 15), {"regularly"}),  # only two in 90 days
        ((20, 10, 5), {"often", "recently"}),  # November only
        ((180, 100, 70), {"regularly"}),  # 4 Jun, 23 Aug, 22 Sep
        ((180.1, 100, 70), set()),
        ((14,), {"recently"}),
        ((15,), set()),
    ],
)
def test_counts_license_words(days: tuple[float, ...], words: set[str]) -> None:
    assert DEFAULT_DEGREES.licences(days_ago(*days)) == words


@pytest.mark.parametrize(
    ("n", "share", "is_usual"), [(5, 0.6, True), (5, 0.59, False), (4, 1.0, False), (5, None, False)]
)
def test_usually_needs_a_share(n: int, share: float | None, *, is_usual: bool) -> None:
    occasions = days_ago(*range(200, 200 + n))
    assert ("usually" in DEFAULT_DEGREES.licences(occasions, share)) == is_usual


def test_nothing_is_licensed_by_no_occasions() -> None:
    assert DEFAULT_DEGREES.licences(days_ago(), 1.0) == frozenset()


def test_a_lexicon_brings_its_own_words() -> None:
    degrees = Degrees.parse({"constantly": {"min_count": 2, "window_days": 7}})
    assert degrees.licences(days_ago(6, 1)) == {"constantly"}
    assert degrees.licences(days_ago(8, 1)) == frozenset()


@pytest.mark.parametrize(
    ("rule", "where"), [({"min_counts": 3}, "often.min_counts"), ({"min_count": 0}, "often.min_count"), (3, "often")]
)
def test_a_rule_that_cannot_be_read_is_refused(rule: object, where: str) -> None:
    with pytest.raises(PromptError, match=rf"the lexicon's degrees\.{where} is .* Use min_count"):
        Degrees.parse({"often": rule})  # type: ignore[dict-item]
