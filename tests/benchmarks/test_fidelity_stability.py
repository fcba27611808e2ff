"""How alike two attributions are, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from stability import agreement


def test_agreement():
    # Ranks of (4, 2, 1) and (4, 1, 2): differences 0, 1, 1, so rho = 1 - 6·2 / (3·8) = 0.5.
    # The first player is the same; |0| + |1| + |1| over 4 + 2 + 1 is 2/7.
    found = agreement(np.array([4.0, 2.0, 1.0]), np.array([4.0, 1.0, 2.0]))
    assert found == {"rank_correlation": pytest.approx(0.5), "top": 1.0, "change": pytest.approx(2 / 7)}


def test_the_same_attribution_agrees_with_itself():
    values = np.array([1.0, 1.0, 1.0])
    assert agreement(values, values) == {"rank_correlation": 1.0, "top": 1.0, "change": 0.0}
