"""The items table of an import: one row an item, from catalogues and from order lines."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.importers.flat.categories import category_codes, category_table
from llm_explain.importers.flat.columns import answers
from llm_explain.importers.flat.names import TAG, names
from llm_explain.importers.flat.values import each_value, number
from llm_explain.text.import_words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES: Final = ("title", "category", "category_broad", "category_narrow", "brand")
OTHERS: Final = ("price", "description", "image", "available", "first_seen", "parent_id")
STOCK: Final = ("stock", "stock_tracker", "backorders")
"""What tells the availability of items besides its own column."""

CATEGORY_CODE: Final = "category_code"
"""Number of each item's category, which stands in where no category has a name."""

LEAST_FILLED: Final = 0.05
LONGEST_NOTE: Final = 40
PROSE_SPACE: Final = re.compile(r"[^\S\n]+")


def items_table(items: pd.DataFrame, events: pd.DataFrame, locale: str, first_kinds: Sequence[str]) -> pd.DataFrame:
    """Return the items of catalogues and of events.

    Args:
        items: Rows of catalogues; several rows of an item complete each other.
        events: Events with ``item_id`` and, where the export has them, names and categories.
        locale: Language of the shop.
        first_kinds: Kinds of event whose titles count before those of other rows.

    Returns:
        One row an item with ``item_id, title, category`` and what else is known. The title of an item in events alone
        is its commonest one, notes such as "damaged" aside.
    """
    catalogue = _completed(items)
    named = catalogue.groupby("item_id", sort=False).first() if len(catalogue) else catalogue.set_index("item_id")
    if "stock" in named:
        named["stock"] = catalogue.groupby("item_id", sort=False)["stock"].sum(min_count=1)  # of all places
    ids = pd.Index(
        pd.concat([pd.Series(named.index), events["item_id"]]).drop_duplicates(), name="item_id", dtype="str"
    )
    table = named.reindex(ids)
    is_first = events["kind"].isin(first_kinds)
    ordered = pd.concat([events[is_first], events[~is_first]])
    for column in NAMES:
        if column in events:
            found = _commonest(ordered, column).reindex(ids)
            table[column] = table[column].where(table[column].notna(), found) if column in table else found
    cleaned = pd.DataFrame({"title": _texts(table, "title")}, index=ids)
    cleaned["title"] = names(cleaned["title"], locale).astype("str")
    raw = _raw_category(table)
    cleaned = cleaned.join(category_table(raw, cleaned["title"], locale)).assign(**{CATEGORY_CODE: category_codes(raw)})
    if "brand" in table:
        cleaned["brand"] = names(table["brand"], locale, is_brand=True).astype("str")
    for column in (*OTHERS, *STOCK):
        if column in table:
            cleaned[column] = table[column]
    return _finished(cleaned).reset_index()


def with_brands(items: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Put the brand behind a title that items of several brands have: counts go by title, and a shopper sees the brand.

    Args:
        items: Items with ``title`` and perhaps ``brand``.

    Returns:
        The items, and how many titles changed, for the report.
    """
    if "brand" not in items:
        return items, {}
    is_of_many = items.groupby("title")["brand"].transform("nunique") > 1
    is_told = [str(brand).casefold() in str(title).casefold() for title, brand in items[["title", "brand"]].to_numpy()]
    rows = is_of_many & items["brand"].notna() & ~np.array(is_told, dtype=bool)
    title = items["title"].mask(rows, items["title"] + " (" + items["brand"] + ")")
    told = {"titles of several brands, told with the brand": int(rows.sum())} if rows.any() else {}
    return items.assign(title=title), told


def clean_names(items: pd.DataFrame, locale: str) -> pd.DataFrame:
    """Clean the names of an items table.

    Args:
        items: Items with ``title``, ``category`` and perhaps ``brand``.
        locale: Language of the shop.

    Returns:
        The table with clean names; of a path or a list of categories one stands for the item, and ``categories`` has
        all of them.
    """
    table = items.copy()
    table["title"] = names(items["title"], locale).astype("str")
    found = category_table(items["category"], table["title"], locale)
    table["category"] = found["category"]
    if not (found["categories"].isna() | (found["categories"] == found["category"])).all():
        table["categories"] = found["categories"]
    if "brand" in items:
        table["brand"] = names(items["brand"], locale, is_brand=True).astype("str")
    return table


def _completed(items: pd.DataFrame) -> pd.DataFrame:
    """Fill what continuation rows leave empty: the variants of a product share its title, category and brand."""
    if "parent_id" not in items or items.empty:
        return items
    shared = [column for column in (*NAMES, "description", "image", "available") if column in items]
    first = items.groupby("parent_id")[shared].first().reindex(items["parent_id"].fillna("")).set_axis(items.index)
    filled = items.copy()
    for column in shared:
        filled[column] = items[column].where(items[column].notna(), first[column])
    return filled


def _commonest(events: pd.DataFrame, column: str) -> pd.Series:
    """Return each item's commonest text of a column; of equally common ones the first."""
    known = events[["item_id", column]].dropna()
    if column == "title":
        known = known[~each_value(known[column], _is_note).astype(bool)]
    known = known.assign(first=np.arange(len(known)))
    counts = known.groupby(["item_id", column], sort=False)["first"].agg(["size", "min"]).reset_index()
    best = counts.sort_values(["size", "min"], ascending=[False, True], kind="stable").drop_duplicates("item_id")
    chosen: pd.Series = best.set_index("item_id")[column]
    return chosen


@cache
def _notes() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in words().faulty_titles) or r"(?!)")


def _is_note(title: str) -> bool:
    """Return whether a title is a note of the staff. Notes are short and not in the capitals of a catalogue."""
    is_written_by_hand = len(title) < LONGEST_NOTE and title[:1].islower()
    return not title.strip("? !.") or (is_written_by_hand and _notes().fullmatch(title) is not None)


def _texts(table: pd.DataFrame, column: str) -> pd.Series:
    return table[column] if column in table else pd.Series(None, index=table.index, dtype="str")


def _raw_category(table: pd.DataFrame) -> pd.Series:
    """Return each item's category: the narrowest column that is filled, behind the broader ones as a path."""
    columns = [_texts(table, name) for name in ("category_broad", "category", "category_narrow")]
    filled = [column for column in columns if column.notna().mean() > LEAST_FILLED]
    if len(filled) < 2:
        return filled[0] if filled else _texts(table, "category")
    own = _texts(table, "category")
    if own.dropna().str.contains(r"[>|]", regex=True).any():
        return own
    joined = filled[0].fillna("")
    for column in filled[1:]:
        same = column.fillna("") == joined
        joined = joined + (" > " + column.where(~same)).fillna("")
    return joined.str.removeprefix(" > ").replace("", None).astype("str")


def _finished(table: pd.DataFrame) -> pd.DataFrame:
    if "description" in table:
        table["description"] = each_value(table["description"], _prose).astype("str")
    if {"available", "stock"} & set(table):
        table["available"] = _availability(table)
    if "price" in table:
        table["price"] = table["price"].mask(table["price"] < 0)
    if "image" in table:
        table["image"] = table["image"].astype("str").str.extract(r"([^,|\s]+)", expand=False)
    table = table.drop(columns=[*STOCK], errors="ignore")
    single = table["categories"] == table["category"]
    if single.fillna(value=True).all():
        table = table.drop(columns="categories")
    return table.drop(
        columns=[column for column in table if column not in {"title", "category"} and table[column].isna().all()]
    )


def is_available(text: str) -> bool | None:
    """Return whether a word or a number of pieces says that an item is available; ``None`` if it says neither."""
    known = answers().get(text.strip().casefold())
    pieces = number(text.strip(), is_decimal_comma=False)
    return known if known is not None or np.isnan(pieces) else pieces > 0


def with_availability(items: pd.DataFrame) -> pd.DataFrame:
    """Return items whose ``available`` is true, false or missing; it is missing where a text says neither."""
    return items.assign(available=each_value(items["available"], is_available).astype("boolean"))


def _availability(table: pd.DataFrame) -> pd.Series:
    """Return whether each item is available: as its own column says, and in stock or sold without stock."""
    said = each_value(_texts(table, "available"), is_available).astype("boolean")
    if "stock" not in table:
        return said
    is_counted = table["stock"].notna()
    if "stock_tracker" in table:
        is_counted &= table["stock_tracker"].notna()
    in_stock = (table["stock"] > 0) | each_value(_texts(table, "backorders"), is_available).eq(True)
    return said.mask(is_counted, said.fillna(value=True) & in_stock)


def told_availability(items: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Return lines of the report: how many items are available, and what was not read.

    Args:
        items: Rows of catalogues.
        table: The items table.

    Returns:
        The lines; none if no catalogue tells availability.
    """
    if "available" not in table:
        return []
    n_available = int(table["available"].fillna(value=True).sum())
    told = [f"{n_available:,} of {len(table):,} items are available"]
    texts = _texts(items, "available").dropna()
    unread = texts[each_value(texts, is_available).isna()]
    if len(unread):
        told += [
            f"{unread.iloc[0]!r} and the like say in {len(unread):,} rows neither that an item is available nor that "
            "it is not, so it counts as available: write yes or no, or a number of pieces"
        ]
    return told


def _prose(text: str) -> str | None:
    bare = html.unescape(TAG.sub(" ", html.unescape(text)))
    kept = "".join(c for c in bare if c.isprintable() or c == "\n")
    return PROSE_SPACE.sub(" ", kept).strip()[:5_000] or None
