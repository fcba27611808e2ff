"""Decide what a column is from its values alone, for files without a header and headers that are not known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

import pandas as pd

from llm_explain.importers.flat.columns import ReadColumn, are_names, holds_event_words, holds_states
from llm_explain.importers.flat.times import is_time_like
from llm_explain.importers.flat.vocabulary import is_known_header, normal

if TYPE_CHECKING:
    from llm_explain.importers.flat.files import Source

HEAD: Final = 50_000
WHY: Final = "values"
MOST_RATINGS: Final = 25
LARGEST_RATING: Final = 100
SAME_NAME: Final = 1.1
IS_ID: Final = re.compile(r"(?:id|ref|reference|code|key|no|nr|number|uri|slug|番号|コード)\d*$")
"""Ending of headers of ids."""


def by_values(source: Source, chosen: dict[str, ReadColumn]) -> dict[str, ReadColumn]:
    """Decide what columns are from their values.

    A file with a header gets a time, and the ids that its columns leave no doubt of: a wrong user would distort
    everything. The item's id is the one id that has a title of its own. The user's id is the one other id that comes
    again, with several items each.

    Args:
        source: The table.
        chosen: What is known of its columns.

    Returns:
        Decisions for more columns.
    """
    taken = {each.name for each in chosen.values()}
    free = [column for column in source.frame.columns if column not in chosen]
    head = source.frame.head(HEAD)
    found: dict[str, str] = {}
    is_catalogue = False

    def take(column: str, name: str) -> None:
        found[column] = name
        taken.add(name)
        free.remove(column)

    if source.has_header:
        _take_orders(head, free, taken, take, chosen)
        _take_ids(head, free, taken, take, chosen)
        states = [column for column in free if holds_states(head[column])]
        if not {"status", "kind"} & taken and {"user_id", "order_id"} & taken and len(states) == 1:
            take(states[0], "status")
    else:
        is_catalogue = _as_items(head, free, taken, take)
    if "timestamp" not in taken and ("user_id" in taken or not source.has_header):
        times = [column for column in free if is_time_like(head[column]) and not is_known_header(column)]
        if len(times) == 1 or (times and not source.has_header):
            take(times[-1], "first_seen" if not source.has_header and is_catalogue else "timestamp")
    if source.has_header or is_catalogue:
        return {column: ReadColumn(column, name, WHY) for column, name in found.items()}
    for column in list(free):
        if "kind" not in taken and holds_event_words(head[column]):
            take(column, "kind")
    if {"timestamp", "kind"} & taken or {"user_id", "item_id"} <= taken or _is_plays(head, free):
        item = next((column for column, each in chosen.items() if each.name == "item_id"), None)
        _as_events(head, free, taken, take, item)
    return {column: ReadColumn(column, name, WHY) for column, name in found.items()}


def _take_orders(
    head: pd.DataFrame, free: list[str], taken: set[str], take: _Take, chosen: dict[str, ReadColumn]
) -> None:
    """Read the only id that all rows have and whose first rows alone name a user as the order's: continuation rows."""
    user = next((column for column, each in chosen.items() if each.name == "user_id"), None)
    if "order_id" in taken or user is None or head[user].notna().all():
        return
    is_first = head[user].notna()
    ids = [
        c
        for c in free
        if IS_ID.search(normal(c)) and head[c].notna().all() and (head[c] != head[c].shift())[is_first].all()
    ]
    orders = [
        column for column in ids if head.loc[is_first, column].is_unique and head[column].nunique() == is_first.sum()
    ]
    if len(orders) == 1:
        take(orders[0], "order_id")


def _take_ids(head: pd.DataFrame, free: list[str], taken: set[str], take: _Take, chosen: dict[str, ReadColumn]) -> None:
    """Read the id of the item and that of the user from the only column that can be it."""
    title = next((column for column, each in chosen.items() if each.name == "title"), None)
    ids = [column for column in free if IS_ID.search(normal(column)) and _is_id(head[column])]
    named = [column for column in ids if title and _names(head, column, title) and not head[column].is_unique]
    if "item_id" not in taken and len(named) == 1:
        take(named[0], "item_id")
        ids.remove(named[0])
    item = next((column for column, each in chosen.items() if each.name == "item_id"), named[0] if named else title)
    has_time = "timestamp" in taken or any(is_time_like(head[column]) for column in free)
    if {"user_id", "order_id"} & taken or not (item and has_time):
        return
    users = [column for column in ids if _comes_again(head, column, item)]
    if len(users) == 1:
        take(users[0], "user_id")


def _comes_again(head: pd.DataFrame, column: str, item: str) -> bool:
    """Return whether most values of a column have several items, as users have, and most items several values."""
    pairs = head[[column, item]].dropna().drop_duplicates()
    n_values, n_items = pairs[column].nunique(), pairs[item].nunique()
    return min(n_values, n_items) > 1 and len(pairs) >= 2 * max(n_values, n_items)


def _is_plays(head: pd.DataFrame, free: list[str]) -> bool:
    """Return whether columns are a user, an item and the item's name, as in counts of plays."""
    ids = [column for column in free if _is_id(head[column]) and not _is_rating(head[column])]
    texts = [column for column in free if _has_letters(head[column]) and column not in ids[:2]]
    is_named = len(ids) >= 2 and any(_names(head, ids[1], text) for text in texts)
    return is_named and not head[ids[0]].is_unique and not head[ids[1]].is_unique


def _as_events(head: pd.DataFrame, free: list[str], taken: set[str], take: _Take, item_column: str | None) -> None:
    ids = [column for column in free if _is_id(head[column]) or _is_rating(head[column])]
    if len(ids) > 2 and not {"value", "kind"} & taken:
        ratings = [column for column in ids if _is_rating(head[column]) and not groups(head, ids[1], column)]
        for column in ratings[-1:]:
            ids.remove(column)
            take(column, "value")
    for name in ("user_id", "item_id"):
        if name not in taken and ids:
            item_column = ids[0] if name == "item_id" else item_column
            take(ids.pop(0), name)
    texts = [column for column in free if _has_letters(head[column])]
    if "user_id" in taken and not {"item_id", "title"} & taken and texts:
        take(texts[0], "title")
    names = [column for column in texts if column in free and item_column and _names(head, item_column, column)]
    if names and "title" not in taken:
        take(names[0], "title")
    named = [column for column in texts if are_names(head[column].dropna())]
    codes = [each for each in (*named, *ids) if each in free and item_column and groups(head, item_column, each)]
    if codes and "category" not in taken:
        take(codes[0], "category")


def _as_items(head: pd.DataFrame, free: list[str], taken: set[str], take: _Take) -> bool:
    """Read a table as a catalogue if it has an id of its own in each row, and titles; return whether it does."""
    ids = [c for c in free if head[c].notna().all() and head[c].is_unique and _is_id(head[c])]
    unique = [c for c in ids if not is_time_like(head[c]) or head[c].str.fullmatch(r"\d+").all()]
    links = [c for c in free if head[c].dropna().str.match(r"(?:https?:|www\.|\d{1,2}-\w{3}-\d{4})").mean() > 0.5]
    texts = [c for c in free if _has_letters(head[c]) and c not in links and not _is_id(head[c])]
    titles = [c for c in texts if head[c].nunique() > 0.5 * head[c].notna().sum()]
    if not (unique and titles) or {"item_id", "title"} & taken:
        return False
    take(unique[0], "item_id")
    title = max(titles, key=lambda c: head[c].nunique())
    take(title, "title")
    others = [c for c in free if _has_letters(head[c]) and c not in links]
    categories = [c for c in others if head[c].dropna().str.contains("|", regex=False).any()] or others
    if "category" not in taken and categories and head[categories[0]].nunique() < 0.5 * len(head) + 5:
        take(categories[0], "category")
    return True


def _names(head: pd.DataFrame, item: str, text: str) -> bool:
    """Return whether a text is the name of an item: nearly each item has one, and few items share it."""
    pairs = head[[item, text]].dropna().drop_duplicates()
    n_items, n_texts = pairs[item].nunique(), pairs[text].nunique()
    return n_items > 1 and len(pairs) <= SAME_NAME * n_items and len(pairs) <= 2 * n_texts


def groups(head: pd.DataFrame, item: str, code: str) -> bool:
    """Return whether a code is the category of an item: nearly each item has one, and many items share it.

    Args:
        head: Rows.
        item: Column of items.
        code: Another column.

    Returns:
        Whether it is.
    """
    pairs = head[[item, code]].dropna().drop_duplicates()
    n_items, n_codes = pairs[item].nunique(), pairs[code].nunique()
    return len(pairs) <= SAME_NAME * n_items and 1 < n_codes <= n_items / 2


def _has_letters(column: pd.Series) -> bool:
    return bool(column.dropna().str.contains(r"[^\W\d_]{2}", regex=True).mean() > 0.5)


class _Take(Protocol):
    """Records what a column is."""

    def __call__(self, column: str, name: str) -> None:
        """Record that ``column`` is read as ``name``."""


def _is_rating(column: pd.Series) -> bool:
    values = pd.to_numeric(column.dropna(), errors="coerce")
    is_small = values.notna().all() and values.between(-1, LARGEST_RATING).all()
    return bool(is_small) and 1 < values.nunique() <= MOST_RATINGS


def _is_id(column: pd.Series) -> bool:
    present = column.dropna()
    is_measure = present.str.fullmatch(r"-?\d+\.\d+").mean() > 0.5
    is_constant = len(present) > 1 and bool((present == present.iloc[0]).all())
    return bool(present.str.fullmatch(r"[^\s,;|]{1,64}").mean() > 0.99) and not (is_measure or is_constant)
