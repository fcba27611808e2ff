"""Guests' events go to the users who they turned out to be."""

from __future__ import annotations

import pandas as pd
import pytest

from scoring.data.guests import merge_guests
from scoring.errors import TableError

EVENTS = pd.DataFrame(
    {
        "user_id": ["anna", "anna", "s1", "s2", "s3"],
        "item_id": ["tea", "mug", "milk", "jam", "rice"],
        "timestamp": pd.to_datetime(["2025-01-01", "2025-01-05", "2025-01-03", "2025-01-02", "2025-01-04"]),
    }
)


def links(*pairs: tuple[str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["guest_id", "user_id"])


def test_a_guest_joins_the_history_of_the_user_in_the_order_of_time() -> None:
    # s2 is a phone that became s1, and s1 signed in as anna; s3 stays a guest.
    merged = merge_guests(EVENTS, links(("s1", "anna"), ("s2", "s1"), ("unknown", "anna")))
    assert merged[["user_id", "item_id"]].to_numpy().tolist() == [
        ["anna", "tea"],
        ["anna", "jam"],
        ["anna", "milk"],
        ["anna", "mug"],
        ["s3", "rice"],
    ]
    assert EVENTS["user_id"].tolist() == ["anna", "anna", "s1", "s2", "s3"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (links(("s1", "anna"), ("s1", "ben")), r"1 guests have more than one user \(first: 's1'\)"),
        (links(("s1", "s2"), ("s2", "s1")), r"the links from guest 's1' form a circle"),
        (links(("s1", None)), r"column 'user_id' is missing or has empty values"),
        (pd.DataFrame({"user_id": ["anna"]}), r"column 'guest_id' is missing"),
    ],
)
def test_wrong_links_are_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(TableError, match=message):
        merge_guests(EVENTS, table)
