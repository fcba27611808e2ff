"""Validation metrics against values done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.training.quality import Asked, quality

NONE = np.zeros((2, 3), dtype=bool)


def asked(hits: list[list[int]], *, owned: list[list[int]] | None = None, only_new: bool = False) -> Asked:
    is_owned = NONE if owned is None else np.array(owned, dtype=bool)
    return Asked(np.array(hits, dtype=bool), is_owned, NONE, only_new)


def test_means_are_over_the_users_who_are_asked() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]], dtype=np.float32)
    found = quality(scores, asked([[0, 1, 0], [0, 0, 1]], owned=[[0, 0, 0], [0, 0, 1]])).sum(axis=0)
    # All items: places 2 and 1. New items: the second user's hit is owned, so the first user alone is asked.
    second = 1 / np.log2(3)
    assert found == pytest.approx([1.0, (second + 1) / 2, 1.0, second])


def test_a_tie_counts_against_the_scores() -> None:
    scores = np.zeros((2, 3), dtype=np.float32)
    found = quality(scores, asked([[1, 0, 0], [0, 1, 0]], only_new=True)).sum(axis=0)
    assert found[1] == pytest.approx(1 / np.log2(4))  # behind the two others


def test_items_that_were_not_there_are_not_ranked() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]], dtype=np.float32)
    out = np.array([[True, False, False], [False, False, False]])
    found = quality(scores, Asked(np.array([[0, 1, 0], [0, 1, 0]], dtype=bool), NONE, out, only_new=True))
    assert found[:, 1] == pytest.approx([0.5, 0.5 / np.log2(3)])
