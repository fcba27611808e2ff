"""The fade of links: slow unless a fast one is better by more than chance."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.training.link_search import _slowest


@pytest.mark.parametrize(("noise", "expected"), [(0.5, 1), (0.001, 0)])
def test_the_slowest_decay_within_a_standard_error_is_chosen(noise: float, expected: int) -> None:
    # Decay 0 is better by 0.01 for each of 100 users on average; decay 2 is slow, and far worse.
    signs = np.tile([1.0, -1.0], 50) * noise
    found = np.stack([0.51 + signs, np.full(100, 0.5), np.full(100, 0.1)])
    assert _slowest(found, [0.1, 0.5, 0.9]) == expected
