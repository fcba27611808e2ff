"""Co-purchase against EASE solved the long way."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.data.log import Log
from scoring.features.copurchase import CoPurchase


def log_of(rows: list[tuple[int, int]]) -> Log:
    user, item = np.array(sorted(rows)).T
    ids = tuple(f"u{u}" for u in range(int(user.max()) + 1))
    n = len(user)
    blank = np.full(n, -1, dtype=np.int64)
    role, none = np.ones(n, np.int8), blank.astype(np.int8)
    return Log(ids, user, item, np.zeros(n), np.full(n, np.nan), blank, role, none, none)


ROWS = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3), (4, 1), (4, 4)]


def test_full_rank_is_ease_up_to_the_size_of_each_item() -> None:
    links = CoPurchase.fit(log_of(ROWS), np.arange(5), 5, rank=5, ridge=1.0, seed=0)
    X = np.zeros((5, 5))
    X[tuple(np.array(ROWS).T)] = np.log1p(1)
    strength = np.square(X).sum() / 5  # one mean squared length of a row
    P = np.linalg.inv(X.T @ X + strength * np.eye(5))
    ease = -P / np.diag(P)  # B of Steck (2019), diagonal aside
    ours = links.source.astype(np.float64) @ links.target.T.astype(np.float64)
    off = ~np.eye(5, dtype=bool)
    for item in range(5):
        column = off[:, item] & (np.abs(ease[:, item]) > 1e-9)
        ratio = ours[column, item] / ease[column, item]
        assert ratio == pytest.approx(np.full(len(ratio), ratio[0]), rel=1e-4)
        assert ratio[0] > 0


def test_items_outside_the_candidates_link_to_nothing() -> None:
    links = CoPurchase.fit(log_of(ROWS), np.array([0, 1, 2]), 5, rank=2, ridge=1.0, seed=0)
    assert links.source_of(np.arange(5))[:3].any(axis=1).all()
    assert not links.source_of(np.arange(5))[3:].any()
    assert not links.echo[3:].any()


@pytest.mark.parametrize("rows", [[(0, 0), (0, 1), (0, 2)], [(user, item) for user in range(5) for item in range(3)]])
def test_users_who_bought_alike_link_nothing(rows: list[tuple[int, int]]) -> None:
    links = CoPurchase.fit(log_of(rows), np.arange(5), 5, rank=4, ridge=4.0, seed=0)
    assert not links.target.any()
    assert not links.echo.any()


def test_an_empty_log_links_nothing() -> None:
    empty = log_of(ROWS).between(1.0, 2.0)
    links = CoPurchase.fit(empty, np.arange(5), 5, rank=3, ridge=1.0, seed=0)
    assert not links.source.any()
    assert not links.target.any()
