"""What runs when: from the whole table, and from the rows that had not ended at some moment."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scoring.data.catalogue import Catalogue
from scoring.features.promotions import NEVER, PromotionCalendar, PromotionNames, WholeTable

CATALOGUE = Catalogue(pd.DataFrame({"item_id": ["a", "b", "c"], "title": ["A", "B", "C"], "category": ["x", "x", "y"]}))
SINCE = pd.Timestamp("2017-06-10")
TABLE = pd.DataFrame(
    [
        ("b", "2017-06-01", "2017-06-08", "display", "s1"),
        ("a", "2017-06-01", "2017-06-15", "mailer", None),
        ("a", "2017-06-12", "2017-06-20", "display", "s2"),
        ("b", "2017-05-01", "2017-06-10", "coupon", None),  # ends at the very moment
        ("gone", "2017-06-01", "2017-06-20", "mailer", None),
        ("c", "2017-06-10", "2017-06-11", "display", "s1"),
        ("c", "2017-06-10", "2017-06-12", "display", "s1"),
    ],
    columns=["item_id", "start", "end", "label", "store_id"],
).astype({"start": "datetime64[ns]", "end": "datetime64[ns]"})
MOMENTS = pd.date_range("2017-04-30", "2017-06-21", freq="12h")


def _running(as_of: pd.Timestamp) -> pd.DataFrame:
    return TABLE[(TABLE["start"] <= as_of) & (as_of < TABLE["end"])]


@pytest.fixture
def latest() -> PromotionCalendar:
    rows = TABLE[TABLE["end"] > SINCE].reset_index(drop=True)
    return PromotionCalendar(rows, CATALOGUE, whole=WholeTable(PromotionNames.of(TABLE), SINCE, _running))


@pytest.mark.parametrize("as_categories", [False, True])
def test_the_latest_rows_say_the_same_as_the_whole_table(latest: PromotionCalendar, *, as_categories: bool) -> None:
    words = ["item_id", "label", "store_id"]
    whole = PromotionCalendar(TABLE.astype(dict.fromkeys(words, "category")) if as_categories else TABLE, CATALOGUE)
    assert latest.labels == whole.labels == ("coupon", "display", "mailer")
    for as_of in MOMENTS:
        assert np.array_equal(latest.level(as_of), whole.level(as_of))
        for item in range(3):
            for store in (None, "s1", "s2", "elsewhere"):
                assert latest.running(as_of, item, store_id=store) == whole.running(as_of, item, store_id=store)


def test_moments_of_one_period_have_the_same_promotions(latest: PromotionCalendar) -> None:
    levels: dict[int, bytes] = {}
    for as_of in MOMENTS:
        level = latest.level(as_of).tobytes()
        assert levels.setdefault(latest.period(as_of), level) == level
    assert len(levels) > 6


def test_the_whole_table_is_read_only_for_an_earlier_moment() -> None:
    def whole(as_of: pd.Timestamp) -> pd.DataFrame:
        raise AssertionError("nobody asked for an earlier moment")

    rows = TABLE[TABLE["end"] > SINCE].reset_index(drop=True)
    calendar = PromotionCalendar(rows, CATALOGUE, whole=WholeTable(PromotionNames.of(TABLE), SINCE, whole))
    assert calendar.level(SINCE)[2].tolist() == [0, 0.5, 0]  # in one of two stores, counted once
    with pytest.raises(AssertionError, match="earlier moment"):
        calendar.level(SINCE - pd.Timedelta(seconds=1))


def test_an_empty_table_runs_nothing() -> None:
    calendar = PromotionCalendar(TABLE.iloc[:0], CATALOGUE)
    assert calendar.labels == ()
    assert calendar.running(SINCE, 0, store_id="s1") == []
    assert calendar.level(SINCE).shape == (3, 0)
    assert calendar.period(SINCE) == 0


def test_a_label_that_training_did_not_know_is_told_but_not_scored() -> None:
    names = PromotionNames(("mailer",), ("s1",))
    rows = TABLE.iloc[:1].assign(label="flash sale")
    calendar = PromotionCalendar(rows, CATALOGUE, whole=WholeTable(names, pd.Timestamp("2000-01-01"), lambda _: rows))
    (run,) = calendar.running(pd.Timestamp("2017-06-02"), 1, store_id="s1")
    assert run.label == "flash sale"
    assert not calendar.level(pd.Timestamp("2017-06-02")).any()


def test_a_promotion_without_an_end_runs_from_its_start_on() -> None:
    rows = TABLE.iloc[:1].assign(end=pd.NaT, store_id=None)
    calendar = PromotionCalendar(rows, CATALOGUE)
    (run,) = calendar.running(pd.Timestamp("2040-01-01"), 1, store_id=None)
    assert run.end == NEVER
    assert run.end.tz_localize("UTC").tz_convert("Pacific/Kiritimati") > pd.Timestamp("2200-01-01", tz="UTC")
    assert calendar.level(pd.Timestamp("2040-01-01"))[1].tolist() == [1.0]
    assert calendar.running(pd.Timestamp("2017-05-31"), 1, store_id=None) == []


def test_a_later_version_says_the_same_as_its_whole_table(latest: PromotionCalendar) -> None:
    """The changed rows of a and c, and those of b that are shared, against a calendar of all rows as they are then."""
    later_items = Catalogue(
        pd.concat([CATALOGUE.items, CATALOGUE.items.iloc[:1].assign(item_id="d")], ignore_index=True)
    )

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        assert set(rows["item_id"]) <= {"a", "c", "d"}
        rows = rows.assign(end=rows["end"].mask(rows["item_id"] == "a", pd.Timestamp("2017-06-13")))
        added = TABLE.iloc[:1].assign(item_id="d", start=pd.Timestamp("2017-06-11"), end=pd.NaT, store_id="s9")
        return pd.concat([rows[rows["item_id"] != "c"], added], ignore_index=True)

    later = latest.changed(later_items, change, ["a", "c", "d"], stores=["s9"])
    kept = TABLE[TABLE["item_id"] == "b"]
    expected = PromotionCalendar(pd.concat([kept, change(TABLE[TABLE["item_id"].isin(["a", "c"])])]), later_items)
    for as_of in MOMENTS:
        # its labels and stores are those of all versions, so shares of two stores of then are of three now
        assert np.array_equal(
            later.level(as_of) > 0, _in_labels(expected.level(as_of), expected.labels, later.labels) > 0
        )
        for item in range(4):
            for store in (None, "s1", "s2", "s9"):
                assert later.running(as_of, item, store_id=store) == expected.running(as_of, item, store_id=store)
    assert later.level(pd.Timestamp("2017-06-11"))[3].tolist() == pytest.approx([0, 1 / 3, 0])
    assert len(later.after(SINCE, ["a", "b", "d"])) == 3
    assert latest.running(pd.Timestamp("2017-06-14"), 0, store_id=None)  # the earlier version is as it was


def _in_labels(level: np.ndarray, own: tuple[str, ...], wanted: tuple[str, ...]) -> np.ndarray:
    found = np.zeros((len(level), len(wanted)))
    found[:, [wanted.index(label) for label in own]] = level
    return found
