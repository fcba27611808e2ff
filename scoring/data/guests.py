"""Assign the events of guests to the users who they turned out to be.

A shop learns who a guest is at sign-in or at checkout. From then on, the events of the guest's session belong to the
user's history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scoring.data.tables import TIMESTAMP, USER_ID
from scoring.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

GUEST_ID: Final = "guest_id"
"""Column of the links: the ``user_id`` that the guest's events have so far."""


def merge_guests(events: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Return the events with each guest's id replaced by the user's.

    A link may lead to another guest: a phone's session, then a computer's, then the account.

    Args:
        events: The events table.
        links: ``guest_id`` and ``user_id``, one row for each guest; guests without an event are allowed.

    Returns:
        The events, sorted by user and time. No row is added or dropped.

    Raises:
        TableError: If a column is missing or empty, a guest has two users, or the links form a circle.
    """
    for column in (GUEST_ID, USER_ID):
        if column not in links or links[column].isna().any():
            raise TableError(
                f"links: column {column!r} is missing or has empty values but each row needs one. "
                f"Write a table with the columns {GUEST_ID} and {USER_ID}."
            )
    distinct = links[[GUEST_ID, USER_ID]].astype("str").drop_duplicates()
    twice = distinct.loc[distinct[GUEST_ID].duplicated(), GUEST_ID]
    if len(twice):
        raise TableError(
            f"links: {len(twice)} guests have more than one user (first: {twice.iloc[0]!r}) but one is needed. "
            "Keep the link that is right."
        )
    user_of = dict(zip(distinct[GUEST_ID], distinct[USER_ID], strict=True))
    resolved = {guest: _last(guest, user_of) for guest in user_of}
    users = events[USER_ID].map(resolved)
    merged = events.assign(**{USER_ID: users.where(users.notna(), events[USER_ID])})
    return merged.sort_values([USER_ID, TIMESTAMP], kind="stable", ignore_index=True)


def _last(guest: str, user_of: dict[str, str]) -> str:
    """Return where the links from a guest end."""
    passed = {guest}
    user = user_of[guest]
    while user in user_of:
        if user in passed:
            raise TableError(
                f"links: the links from guest {guest!r} form a circle but each must end at a user. "
                "Remove one link of the circle."
            )
        passed.add(user)
        user = user_of[user]
    return user
