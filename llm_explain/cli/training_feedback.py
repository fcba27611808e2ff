"""Merges what the service stored into the tables for training: new events, erasures and rejected sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llm_explain.cli.tallies import tally_verdicts
from scoring.data.changes import changed_items, changed_promotions
from scoring.data.guests import GUEST_ID, merge_guests
from scoring.data.ratings import as_meant
from scoring.data.tables import CHANNEL, ITEM_ID, KIND, ORDER_ID, PURCHASE, STORE_ID, TIMESTAMP, USER_ID, Tables
from scoring.data.validation import check

if TYPE_CHECKING:
    from llm_explain.cli.tallies import Tally
    from llm_explain.state import State
    from scoring.data.ratings import Ratings

EVENT: Final = [USER_ID, ITEM_ID, TIMESTAMP, KIND]
"""What makes two rows one event."""

BOOKKEEPING: Final = ("id", "received_at")
MOST_REJECTED: Final = 0.5
Z: Final = 1.96


@dataclass(frozen=True)
class TrainingFeedback:
    """The tables to train on, and what was merged into them.

    Attributes:
        tables: The shop's tables with the service's events and changes of the catalogue, without erased users.
        n_new: Events that the tables did not have.
        n_unknown: Events of items that the catalogue no longer has; left out.
        n_erased: Events of erased users; left out.
        feedback: Counts and retired skeletons, for the artifacts' manifest.
    """

    tables: Tables
    n_new: int
    n_unknown: int
    n_erased: int
    feedback: dict[str, Any]


def learn(tables: Tables, state: State) -> TrainingFeedback:
    """Merge what the service stored into the tables.

    Args:
        tables: The shop's tables.
        state: The service's state.

    Returns:
        The tables to train on, and the counts for the manifest.
    """
    tables = _with_changes(tables, state)
    kept, n_erased = _without_erased(_with_guests(tables.events, state), state)
    events, n_new, n_unknown = _with_new(kept, tables.items, state, tables.shop.ratings)
    gone = state.users.erased()
    is_there = [state.users.user_hash(str(user_id)) not in gone for user_id in tables.users[USER_ID]]
    users = tables.users[is_there].reset_index(drop=True)
    kinds, skeletons = tally_verdicts(state)
    feedback = {
        "kinds": [tally.to_dict() for tally in kinds],
        "skeletons": [tally.to_dict() for tally in skeletons],
        "retired": sorted(tally.name for tally in skeletons if is_rejected(tally)),
    }
    return TrainingFeedback(replace(tables, events=events, users=users), n_new, n_unknown, n_erased, feedback)


def is_rejected(tally: Tally) -> bool:
    """Return whether most people reject a skeleton, beyond what chance explains.

    The lower end of the 95 % interval of the share that rejects it is above one half; three opinions are never enough.
    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Args:
        tally: Opinions on it.

    Returns:
        Whether it should be retired.
    """
    n = sum(tally.counts.values())
    if not n:
        return False
    share = tally.rejected / n
    centre = share + Z * Z / (2 * n)
    margin = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return (centre - margin) / (1 + Z * Z / n) > MOST_REJECTED


def _with_changes(tables: Tables, state: State) -> Tables:
    """Return the tables after the changes of the catalogue that came after their last event.

    Tables that hold later events were exported later, with the shop's own state of these items.
    """
    exported = tables.events[TIMESTAMP].max()
    changes = [change for change in state.changes.read() if change.since > exported]
    items, promotions = changed_items(tables.items, changes), changed_promotions(tables.promotions, changes)
    return replace(tables, items=items, promotions=promotions)


def _with_guests(events: pd.DataFrame, state: State) -> pd.DataFrame:
    """Return the events with those of merged guests as their users', but for those that had been erased before."""
    guests = state.users.guests()
    if not guests:
        return events
    erased = {guest_id: counts_from for guest_id, _, counts_from in guests if counts_from is not None}
    kept = events[~(events[TIMESTAMP] < pd.to_datetime(events[USER_ID].map(erased))).to_numpy()]
    links = pd.DataFrame([(guest_id, user_id) for guest_id, user_id, _ in guests], columns=[GUEST_ID, USER_ID])
    return merge_guests(kept, links)


def _without_erased(events: pd.DataFrame, state: State) -> tuple[pd.DataFrame, int]:
    """Return the events without those of erased users from before their erasure."""
    erased = state.users.erased()
    if not erased:
        return events, 0
    moments = {user_id: erased.get(state.users.user_hash(str(user_id))) for user_id in events[USER_ID].unique()}
    is_gone = events[TIMESTAMP] < pd.to_datetime(
        events[USER_ID].map(moments)
    )  # users who were not erased have no time to compare with
    return events[~is_gone.to_numpy()].reset_index(drop=True), int(is_gone.sum())


def _with_new(
    events: pd.DataFrame, items: pd.DataFrame, state: State, ratings: Ratings | None
) -> tuple[pd.DataFrame, int, int]:
    """Return the events with the service's, each once, sorted by user and time; ratings are likes and dislikes."""
    present = pd.Timestamp.now("UTC").tz_localize(None)
    rows = [row for row in state.events.after() if row[TIMESTAMP] <= present]  # one ahead of it waits for the next
    if not rows:
        return events, 0, 0
    frame = pd.DataFrame(rows).drop(columns=list(BOOKKEEPING))
    for name in (CHANNEL, STORE_ID, ORDER_ID):
        frame[name] = frame[name].where(frame[name] != "", None)
    known = set(items[ITEM_ID])
    is_known = frame[ITEM_ID].isin(known)
    if not is_known.any():
        return events, 0, len(frame)
    new = check(frame[is_known].reset_index(drop=True), "events", source="the service's state", item_ids=known).frame
    new = as_meant(new, ratings)
    old = events if KIND in events else events.assign(**{KIND: PURCHASE})
    joined = pd.concat([old, new], ignore_index=True).drop_duplicates(EVENT, ignore_index=True)
    joined = joined.dropna(axis="columns", how="all").sort_values(
        [USER_ID, TIMESTAMP], kind="stable", ignore_index=True
    )
    return joined, len(joined) - len(old.drop_duplicates(EVENT)), int((~is_known).sum())
