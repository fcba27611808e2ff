"""What ratings mean, by the scale that a log shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from scoring.data.ratings import Ratings, as_meant, scale_of
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.data.validation import check_tables

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("values", "lowest", "liked_from", "highest"),
    [
        ([0.5, 1, 1.5, 2, 3, 3.5, 4, 5], 0.5, 3.5, 5),
        ([1, 2, 3, 4, 5], 1, 4, 5),
        ([3, 4, 5], 1, 4, 5),  # nobody gave less
        ([*range(1, 11)], 1, 7, 10),
        ([0, 20, 40, 60, 80, 100], 0, 65, 100),
        ([0, 0, 0, 1, 2, 3, 4, 5], 1, 4, 5),  # most often a 0 is no rating
        ([0, 2, 3, 4, 5], 1, 4, 5),
        ([0, 1, 1, 2, 3, 4, 5], 0, 3.5, 5),
        ([-10, -3.5, 2, 3, 10], -10, 3, None),  # "3 out of 10" would mislead
        ([1, 2, 3, 4], 1, 3, None),  # the scale may end at 5
        ([-1, 1], -1, 0.5, None),
    ],
)
def test_the_scale(values: list[float], lowest: float, liked_from: float, highest: float | None) -> None:
    found = scale_of(pd.Series(values).value_counts(), ["rate"])
    assert found == Ratings(lowest=lowest, liked_from=liked_from, highest=highest)


def test_one_rating_alone_has_no_scale() -> None:
    assert scale_of(pd.Series([5, 5]).value_counts()) is None


def test_low_ratings_are_dislikes_and_purchases_stay_purchases() -> None:
    events = pd.DataFrame(
        {"kind": ["rate", "rate", "rate", "rate", "purchase", "view"], "value": [5, 3, 0, None, 1, 1]}
    )
    ratings = Ratings(kinds=("purchase", "rate"), lowest=1, liked_from=4, highest=5)
    meant = as_meant(events, ratings)["kind"].tolist()
    assert meant == ["like", "dislike", "interaction", "rate", "purchase", "view"]
    assert as_meant(events, None) is events


def test_tables_in_memory_and_on_disk_are_read_as_meant(tmp_path: Path) -> None:
    events = pd.DataFrame({"user_id": "u", "item_id": list("abc"), "timestamp": pd.Timestamp("2024-01-02")})
    events = events.assign(kind="rate", value=[5.0, 3.0, 1.0])
    items = pd.DataFrame({"item_id": list("abc"), "title": list("ABC"), "category": "films"})
    tables = check_tables({"events": events, "items": items}, Shop(target_kinds=("rate",)))
    assert tables.events["kind"].tolist() == ["like", "dislike", "dislike"]
    assert tables.shop.ratings == Ratings(lowest=1, liked_from=4, highest=5)
    assert tables.shop.target_kinds == ("like",)
    shop = tables.shop.model_copy(update={"target_kinds": ("rate",)})
    replace(tables, events=events, shop=shop).write(tmp_path)
    again = Tables.read(tmp_path)
    assert (again.events["kind"].tolist(), again.shop) == (["like", "dislike", "dislike"], tables.shop)
