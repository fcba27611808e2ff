"""Rows of V: the same as those of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.model.item_vectors import ItemVectors

LINKED = np.array([1, 3, 4])
CANDIDATES = np.array([0, 1, 4])
CHANCE = np.random.default_rng(0)
TOWER, LINKS = CHANCE.normal(size=(6, 2)), CHANCE.normal(size=(3, 4))
WHOLE = np.zeros((6, 6))
WHOLE[:, :2] = TOWER
WHOLE[LINKED, 2:] = LINKS


@pytest.fixture
def vectors() -> ItemVectors:
    return ItemVectors(TOWER.__getitem__, len(TOWER), candidates=CANDIDATES, linked=LINKED, links=LINKS / 2, scale=2.0)


@pytest.mark.parametrize(
    "index", [[0, 1, 4, 4], np.array([], dtype=int), slice(None), slice(2, 5), WHOLE[:, 0] > 0, 3, 5]
)
def test_rows_are_those_of_the_whole_matrix(vectors: ItemVectors, index: object) -> None:
    assert np.array_equal(vectors[index], WHOLE[index])


def test_products_with_the_candidates(vectors: ItemVectors) -> None:
    user = CHANCE.normal(size=6)
    assert vectors.of_candidates(user) == pytest.approx(WHOLE[CANDIDATES] @ user, abs=1e-12)
