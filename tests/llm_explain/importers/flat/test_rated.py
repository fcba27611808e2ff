"""What ratings of exports mean: the scale, likes and dislikes, and values that are no ratings."""

from __future__ import annotations

import pytest

from llm_explain.importers.flat.run import import_flat


def imported(tmp_path, header: str, cells: list[str], *, name: str = "log.csv"):
    path = tmp_path / name
    rows = "\n".join(f"u{n % 3},i{n},Item {n},2024-01-0{n + 1}T10:00:00,{cell}" for n, cell in enumerate(cells))
    path.write_text(f"user_id,item_id,item_name,ts,{header}\n{rows}\n")
    done = import_flat([path], out=tmp_path / "out")
    kinds = done.tables.events.sort_values("item_id")["kind"].tolist()
    return kinds, done.tables.shop, done.lines


def test_the_scale_is_proposed_and_a_decision_of_the_shop_stays(tmp_path) -> None:
    kinds, shop, lines = imported(tmp_path, "rating", ["1", "3", "4", "5"])
    assert kinds == ["dislike", "dislike", "like", "like"]
    assert (shop.ratings.liked_from, shop.ratings.highest, shop.target_kinds) == (4, 5, ("like",))
    assert any("ratings from 4 of 5 tell" in line and "Lower ones are dislikes" in line for line in lines)
    settings = tmp_path / "out" / "shop.yaml"
    settings.write_text(settings.read_text().replace("liked_from: 4.0", "liked_from: 3.0"))
    assert imported(tmp_path, "rating", ["1", "3", "4", "5"])[0] == ["dislike", "like", "like", "like"]


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("rating", ["-1", "1", "1", "-1"], ["dislike", "like", "like", "dislike"]),
        (
            "rating",
            ["0", "0", "4", "5", "3", "1"],
            ["interaction", "interaction", "like", "like", "dislike", "dislike"],
        ),
        ("watched_at,stars", ["2024-01-02,5", "2024-01-03,", "2024-01-04,1"], ["like", "interaction", "dislike"]),
        ("play_count", ["1", "2", "10"], ["play", "play", "play"]),
        ("ms_played,rating", ["90000,5", "90000,1", "9,"], ["play", "play", "skip"]),  # it was played, liked or not
    ],
)
def test_kinds(tmp_path, header, cells, expected) -> None:
    kinds, shop, _ = imported(tmp_path, header, cells)
    assert kinds == expected
    assert "dislike" not in shop.target_kinds


def test_a_rating_of_an_order_is_none_of_its_items(tmp_path) -> None:
    path = tmp_path / "orders.csv"

    def tables(rating):
        rows = [f"o{n // 2},u{n % 3},i{n % 5},2024-01-{n + 1:02d},9.5,{rating(n)}" for n in range(20)]
        path.write_text("\n".join(["order_id,user_id,item_id,date,price,rating", *rows]))
        return import_flat([path], out=tmp_path / "out").tables

    found = tables(lambda n: 5 - n // 2 % 3)
    assert (found.shop.ratings, "value" in found.events) == (None, False)
    found = tables(lambda n: n % 5 + 1)
    assert found.shop.ratings.kinds == ("purchase",)
    assert set(found.events["kind"]) == {"purchase"}
