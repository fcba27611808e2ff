"""Assign guests' events to users in imported tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm_explain.importers.any_table import read_any_table
from scoring.data.guests import GUEST_ID, merge_guests
from scoring.data.tables import USER_ID, Tables

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class GuestsImported:
    """What an assignment of guests changed.

    Attributes:
        guests: Guests of the links that have events.
        users: Users who got these events.
        events: Events that changed their user.
        unknown: Guests of the links without an event.
    """

    guests: int
    users: int
    events: int
    unknown: int


def import_guests(links: Path, *, data: Path, out: Path) -> GuestsImported:
    """Write tables in which each guest's events belong to the user.

    Args:
        links: A file of any usual form with ``guest_id`` and ``user_id``.
        data: Folder of the tables; other tables and ``shop.yaml`` are copied as they are.
        out: Folder of the new tables; may be ``data``.

    Returns:
        What changed. A wrong table of links raises ``TableError`` and writes nothing.
    """
    tables = Tables.read(data)
    table = read_any_table(links, {"guest id", "user id"}).reset_index(drop=True)
    events = merge_guests(tables.events, table)
    known = set(table[GUEST_ID].astype("str")) & set(tables.events[USER_ID])
    is_moved = tables.events[USER_ID].isin(known)
    gone = tables.events.loc[is_moved].index
    replace(tables, events=events).write(out)
    merged = merge_guests(tables.events.loc[gone], table)
    return GuestsImported(len(known), merged[USER_ID].nunique(), len(gone), table[GUEST_ID].nunique() - len(known))
