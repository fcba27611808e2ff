"""Shelves of the real shop: more of the categories that a user buys."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_explain import Explainer

REAL_ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "completejourney"


@pytest.mark.slow
def test_shelves_hold_more_of_the_categories_that_a_user_buys() -> None:
    explainer = Explainer.load(REAL_ARTIFACTS, language_model=None)
    catalogue = explainer.shop.catalogue
    for user_id in ("387", "1228", "2489"):
        shelves = explainer.shelves(user_id, k=4)
        assert shelves
        for shelf in shelves:
            items = catalogue.index_of([item.item_id for item in shelf.items])
            names = {str(catalogue.category_names[place]) for place in catalogue.category_index[items]}
            assert all(item.phi > 0 for item in shelf.items)
            if names == {shelf.player.removeprefix("group:")}:
                assert next(iter(names)) in shelf.title
                break
        else:
            pytest.fail(f"no shelf of {user_id} holds more of a category that the user buys")
