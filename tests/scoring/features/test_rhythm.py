"""Whether one number describes the days between purchases, by gaps that a reader can check."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.features.rhythm import Rhythm


def rhythm(*gaps: int) -> Rhythm:
    days = np.cumsum([0, *gaps]).astype(np.float64)
    return Rhythm.of(np.zeros(len(days), dtype=np.int64), days, 1)


@pytest.mark.parametrize(
    ("gaps", "is_steady"),
    [
        ((7, 7, 7, 7), True),
        ((5, 7, 6, 8, 5), True),
        ((1, 2, 1, 3, 1, 2), True),
        ((30, 5, 5, 5, 5, 5, 5, 5, 5, 6, 4), True),  # one holiday long ago: mean 7.3, at most 8.5
        ((90, 5, 5, 5, 5, 5, 5, 5, 5, 6, 4), False),  # mean 12.7
        ((7,), False),  # one gap is no habit
        ((7, 7, 7), False),
        ((5, 5, 5, 5, 5, 5, 12, 14, 15), False),  # slower of late
        ((20, 20, 20, 20, 20, 20, 5, 4, 5), False),  # faster of late
        ((5, 5, 5, 5, 5, 5, 5, 25), False),  # the last gap was long
        ((1, 1, 20, 1, 30, 1, 1), False),  # the median hides long gaps: the mean is 7.9
        ((5, 20, 20, 90), False),
        ((10, 10, 10, 10, 10, 10, 20, 28, 12, 1, 21), False),  # the last three are 12 at the median, the last five 20
    ],
)
def test_a_median_is_usual_only_if_all_gaps_and_the_last_ones_agree(gaps: tuple[int, ...], is_steady: bool) -> None:
    assert rhythm(*gaps).is_steady.tolist() == [is_steady]


def test_gaps_are_those_of_each_group() -> None:
    group, day = np.array([0, 0, 0, 0, 2]), np.array([0.0, 10, 12, 15, 3])
    found = Rhythm.of(group, day, 3)
    assert found.gaps.tolist() == [3, 0, 0]
    assert [found.median[0], found.mean[0], found.longest[0], found.latest[0], found.recent_longest[0]] == [
        3,
        5,
        10,
        3,
        10,
    ]
    assert np.isnan(found.median[1:]).all()
    assert not found.is_steady.any()
