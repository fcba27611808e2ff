"""The search for weights: it keeps what explains purchases and not what fits a few validation users by chance."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.model.model import PARTS
from scoring.training import blend
from scoring.training.quality import Asked

N_USERS, N_CONTENDERS, N_NOISE = 300, 40, 8
SEEDS = range(12)


def weights_of(seed: int, strength: float) -> np.ndarray:
    """Search from one part that knows the purchases, next to a second one of some strength and parts of pure noise."""
    rng = np.random.default_rng(seed)
    n_parts = len(PARTS) + 2 + N_NOISE
    values = rng.normal(size=(N_USERS, N_CONTENDERS, n_parts)).astype(np.float32)
    is_hit = np.arange(N_CONTENDERS)[None, :] == rng.integers(N_CONTENDERS, size=N_USERS)[:, None]
    first = len(PARTS)
    values[:, :, first] += 1.5 * is_hit
    values[:, :, first + 1] += strength * is_hit
    nothing = np.zeros_like(is_hit)
    search = blend._Search(values, Asked(is_hit, nothing, nothing, only_new=True), np.arange(n_parts) < first)
    start = np.eye(n_parts)[first]
    search.reference = search.means(start)
    return search.climb(start)[first:]


@pytest.mark.parametrize(("min_errors", "least", "most"), [(blend.MIN_ERRORS, 0, 1), (1.5, 4, 12), (0.5, 8, 12)])
def test_noise_seldom_gets_a_weight(monkeypatch: pytest.MonkeyPatch, min_errors: float, least: int, most: int) -> None:
    """Ten parts, each tried with several weights, are many chances: smaller thresholds keep noise in many searches."""
    monkeypatch.setattr(blend, "MIN_ERRORS", min_errors)
    n_with_noise = sum(bool(weights_of(seed, strength=0.0)[1:].any()) for seed in SEEDS)
    assert least <= n_with_noise <= most


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_part_with_information_gets_a_weight(seed: int) -> None:
    weights = weights_of(seed, strength=1.5)
    assert weights[1] > 0
    assert weights[2:].tolist() == [0.0] * N_NOISE
