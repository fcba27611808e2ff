"""EASE against its definition, on both sides of the matrix."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.baselines import Ease
from scoring.evaluation.split import Split
from tests.scoring.rows import split_of


def random_split(n_users: int, n_items: int) -> Split:
    rng = np.random.default_rng(n_users)
    bought = [(f"u{u:02d}", f"i{i:02d}") for u in range(n_users) for i in range(n_items) if rng.random() < 0.4]
    past = [(user, item, -1.0 - n) for user, item in bought for n in range(int(rng.integers(1, 4)))]
    return split_of([*past, (*bought[0], 1.0)], [f"i{i:02d}" for i in range(n_items)])


@pytest.mark.parametrize(("n_users", "n_items"), [(6, 15), (15, 6)], ids=["more items", "more users"])
def test_scores_follow_the_definition(n_users: int, n_items: int) -> None:
    split, l2 = random_split(n_users, n_items), 2.0
    X = np.log1p(split.train.matrix().toarray().astype(np.float64))
    P = np.linalg.inv(X.T @ X + l2 * np.eye(X.shape[1]))
    B = np.eye(X.shape[1]) - P / np.diag(P)
    np.testing.assert_allclose(np.diag(B), 0.0, atol=1e-12)  # no item speaks for itself
    np.testing.assert_allclose(Ease(l2).fit(split.train)(split.train.user_ids), X @ B, atol=1e-6)


def test_two_items_and_one_user_by_hand() -> None:
    # one user with one row of each: x = ln 2. P⁻¹ = [[x² + λ, x²], [x², x² + λ]], so −P₁₂ / P₂₂ = x² / (x² + λ)
    split = split_of([("ann", "apple", -1.0), ("ann", "bread", -1.0), ("ann", "apple", 1.0)], ["apple", "bread"])
    x = np.log(2.0)
    np.testing.assert_allclose(Ease(3.0).fit(split.train)(["ann"]), [[x**3 / (x**2 + 3)] * 2], rtol=1e-5)
