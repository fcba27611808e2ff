"""Rows of V: the same as those of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.model import item_vectors
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


@pytest.mark.parametrize("most_held", [3, 2])
@pytest.mark.parametrize("shape", [(6,), (2, 6)])
def test_products_are_those_of_the_whole_matrix(
    vectors: ItemVectors, monkeypatch: pytest.MonkeyPatch, most_held: int, shape: tuple[int, ...]
) -> None:
    monkeypatch.setattr(item_vectors, "MOST_HELD", most_held)
    monkeypatch.setattr(item_vectors, "BLOCK", 2)
    user = CHANCE.normal(size=shape)
    assert vectors.of_candidates(user) == pytest.approx(user @ WHOLE[CANDIDATES].T, abs=1e-12)
    assert vectors.products(user, np.array([5, 1, 1])) == pytest.approx(user @ WHOLE[[5, 1, 1]].T, abs=1e-12)
