"""The log of changes of a catalogue, and the tables that it gives."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scoring.data.changes import Change, ChangeLog, changed_items, changed_promotions, hash_of, is_on_sale, version_at
from scoring.errors import ArtifactError, SettingError

ITEMS = pd.DataFrame(
    {
        "item_id": ["a", "b"],
        "title": ["Rye bread", "Gouda"],
        "category": ["bread", "cheese"],
        "price": [2.0, None],
        "embedding_image": [[1.0, 0.0], [0.0, 1.0]],
    }
)
PROMOTIONS = pd.DataFrame(
    {
        "item_id": ["a", "a", "b"],
        "start": pd.to_datetime(["2026-01-01", "2026-03-01", "2026-01-01"]),
        "end": pd.to_datetime(["2026-02-01", None, None]),
        "label": ["flyer", "flyer", "flyer"],
    }
)


def change(day: int, operation: str = "put", **fields: object) -> Change:
    return Change.model_validate({"operation": operation, "moment": f"2026-01-{day:02}T00:00:00", **fields})


def test_changes_are_read_as_they_were_written(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "catalogue" / "changes.jsonl")
    assert log.read() == ()
    changes = (change(5, items=({"item_id": "c", "price": 1.5},)), change(5, ended=({"item_id": "a"},)))
    for each in changes:
        log.append(each)
    assert log.read() == ChangeLog(log.path).read() == changes
    assert hash_of(changes) != hash_of(changes[:1])


def test_an_unfinished_last_line_is_not_read_and_gives_way_to_the_next_change(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "changes.jsonl")
    log.append(change(5))
    with log.path.open("a") as stream:
        stream.write('{"operation": "pu')
    assert log.read() == (change(5),)
    log.append(change(6))
    assert ChangeLog(log.path).read() == (change(5), change(6))


def test_a_line_that_is_no_change_is_an_error(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "changes.jsonl")
    log.path.write_text('{"operation": "burn", "moment": "2026-01-05"}\n')
    with pytest.raises(ArtifactError, match=r"changes.jsonl: line 1 is not a change of the catalogue"):
        log.read()


def test_a_change_before_the_last_one_is_refused(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "changes.jsonl")
    log.append(change(5))
    with pytest.raises(SettingError, match=r"moment is 2026-01-04T00:00:00 but the last change is of 2026-01-05"):
        log.append(change(4))


def test_a_change_counts_from_its_moment_on() -> None:
    changes = [change(5), change(5), change(7)]
    moments = ("2026-01-04 23:59", "2026-01-05", "2026-01-06", "2026-01-07")
    assert [version_at(changes, pd.Timestamp(moment)) for moment in moments] == [0, 2, 2, 3]


def test_items_keep_their_rows_and_new_ones_follow() -> None:
    changes = [
        change(5, items=({"item_id": "c", "title": "Kimchi", "category": "pickles"}, {"item_id": "b", "price": 4.0})),
        change(6, operation="patch", items=({"item_id": "b", "title": "Old Gouda", "embedding_image": [0.6, 0.8]},)),
        change(7, operation="discontinue", items=({"item_id": "a", "available": False},)),
    ]
    table = changed_items(ITEMS, changes)
    assert table["item_id"].tolist() == ["a", "b", "c"]
    assert table["title"].tolist() == ["Rye bread", "Old Gouda", "Kimchi"]
    assert table["price"].fillna(0).tolist() == [2.0, 4.0, 0.0]
    assert table["embedding_image"].tolist()[:2] == [[1.0, 0.0], [0.6, 0.8]]
    assert pd.isna(table["embedding_image"].iloc[2])
    assert table["first_seen"].tolist() == [pd.NaT, pd.NaT, pd.Timestamp("2026-01-05")]
    assert is_on_sale(table).tolist() == [False, True, True]
    assert ITEMS["title"].tolist() == ["Rye bread", "Gouda"]


def test_texts_of_available_that_say_no() -> None:
    assert is_on_sale(ITEMS).all()
    table = pd.DataFrame({"available": [True, False, "no", "0", None, "yes"]})
    assert is_on_sale(table).tolist() == [True, False, False, False, True, True]


def test_promotions_are_added_and_end() -> None:
    changes = [
        change(5, operation="promote", promotions=({"item_id": "b", "start": "2026-01-05", "label": "display"},)),
        change(10, operation="end_promotions", ended=({"item_id": "a"}, {"item_id": "b", "label": "display"})),
    ]
    table = changed_promotions(PROMOTIONS, changes)
    # a's running flyer ends at the moment, its later one never begins; of b only the display ends.
    assert table[["item_id", "label"]].agg(" ".join, axis=1).tolist() == ["a flyer", "b flyer", "b display"]
    moment = pd.Timestamp("2026-01-10")
    assert table["end"].tolist() == [moment, pd.NaT, moment]
    assert changed_promotions(PROMOTIONS.iloc[:0], changes[:1])["item_id"].tolist() == ["b"]
