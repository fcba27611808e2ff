"""Decide what each column of an export is: by correction, by format, by header and by values."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.importers.flat.columns import TAKEN_BACK, ReadColumn, Recognised, fits, holds_event_words, kinds_in
from llm_explain.importers.flat.currencies import without_mark
from llm_explain.importers.flat.plays import tells_plays
from llm_explain.importers.flat.profile import by_values, groups
from llm_explain.importers.flat.vocabulary import formats, headers, kind_of_word, normal, tells, without_minor
from llm_explain.text.import_words import words

if TYPE_CHECKING:
    from llm_explain.importers.flat.corrections import Corrections
    from llm_explain.importers.flat.files import Source

TARGETS: Final = (
    "timestamp", "user_id", "order_id", "item_id", "refunded_quantity", "stock", "quantity", "kind", "price", "amount",
    "status", "cancelled_at", "failure", "refunded_amount",
    "value", "tag", "title", "category_narrow", "category_broad", "category", "brand", "description",
    "image", "available", "stock_tracker", "backorders", "first_seen", "parent_id", "channel", "user_agent", "store_id",
    "time_of_day", "currency", "skipped", "played_share", "played_time", "length", "completed", "is_test", "renewal",
)  # fmt: skip
"""Names in the order in which they choose their column."""

SHARED: Final = frozenset({"category", "category_narrow", "category_broad"})
SEVERAL: Final = SHARED | {"user_id", "timestamp"}
"""Names that several columns may share without a format or a correction that says so."""

PRICES: Final = frozenset({"price", "amount", "refunded_amount"})
INDEX_HEADERS: Final = frozenset({"", "unnamed", "unnamed 0", "index", "level 0", "row", "row id", "rownum"})
SAMPLE: Final = 2_000
LEAST_TOLD_APART: Final = 0.5
"""A title tells at least this share of the items apart, if another column does."""

NO_MAP: Final = ReadColumn("", "", "")
IN_NO_PROMOTION: Final = frozenset({"user_id", "order_id", "quantity", "category", "brand", "description"})
"""Names of which a table of promotions has none."""

NESTED: Final = 1_000
"""What a name of a field costs that says nothing of the record around it: "properties.name" is a worse title."""

LEAST_ALIKE: Final = 10
"""Items whose rows have one rating each, from which on the rating is that of the item."""

MOST_CATEGORIES: Final = 1.5
"""Values that an item has on average in a column of categories; a column with more tells something of the event."""

MOSTLY: Final = 0.9
CODE_ENDING: Final = re.compile(r"\s?(?:id|code|no|nr|number|key|hash)$")
NO_ACCOUNT: Final = ("0", "0.0", "-1", "NULL", "null")
"""What exports write for the account of a guest."""


def recognise(source: Source, corrections: Corrections) -> Recognised:
    """Decide what the columns of a table are.

    Args:
        source: The table.
        corrections: What the shop says of its columns.

    Returns:
        The table with a decision for each column.
    """
    columns = {column: normal(column) if source.has_header else "" for column in source.frame.columns}
    if codes := corrections.codes.get(source.name):
        kinds = headers()["kind"], headers()["status"]
        told = {c: dict(codes) for c, header in columns.items() if any(each.rank(header) is not None for each in kinds)}
        source = replace(source, frame=source.frame.replace(told))
    found = next((each for each in formats() if source.has_header and each.fits(set(columns.values()))), None)
    chosen: dict[str, ReadColumn] = {}
    for column, header in columns.items():
        correction = corrections.of(source.name, column)
        if correction is not None:
            chosen[column] = ReadColumn(column, correction.name, "--map", correction.order, correction.unit)
        elif source.has_header and _is_row_number(source.frame[column], header):
            chosen[column] = ReadColumn(column, "", "row numbers")
        elif found and (header in found.names or found.only):
            chosen[column] = ReadColumn(column, found.names.get(header, ""), found.name)
    said = {each.name for each in chosen.values() if each.why == "--map" and each.name}
    for column, each in chosen.items():  # a correction takes the place of what the format says
        if each.name in said and each.why != "--map":
            chosen[column] = replace(each, name="")
    if not (found and found.only):
        chosen |= _by_header(source.frame, columns, chosen)
        own = [column for column, header in columns.items() if header == "id" and source.frame[column].is_unique]
        if _tells_each_row(source.frame, chosen):
            chosen |= _as_item(own, chosen)
        chosen |= _as_promotions(source.frame, columns, chosen) | _as_times(source.frame, chosen)
        chosen |= by_values(source, chosen)
        chosen |= _as_item(own, chosen)
    said_kind = corrections.kinds.get(source.name)
    reads = tuple(_decided(column, chosen.get(column), said_kind) for column in columns)
    kind = said_kind or (found.kind if found else None)
    return Recognised(source, reads, found, kind or kind_of_file(source.name))


def _as_times(frame: pd.DataFrame, chosen: dict[str, ReadColumn]) -> dict[str, ReadColumn]:
    """Return the time at which each row was taken back as the time of the event, if a log of returns has no other."""
    if {"timestamp", "kind"} & {each.name for each in chosen.values()}:
        return {}
    found = [column for column, each in chosen.items() if each.name == "cancelled_at" and frame[column].notna().all()]
    return {column: replace(chosen[column], name="timestamp") for column in found[:1]}


def _as_promotions(
    frame: pd.DataFrame, columns: dict[str, str], chosen: dict[str, ReadColumn]
) -> dict[str, ReadColumn]:
    """Return the columns of promotions, if a table of items has a start and an end and is neither log nor catalogue."""
    said = {each.name for each in chosen.values() if each.why == "--map"}
    free = {column: header for column, header in columns.items() if chosen.get(column, NO_MAP).why != "--map"}
    found: dict[str, ReadColumn] = {}
    for name in ("start", "end", "label"):
        ranked = [(rank, c) for c, header in free.items() if (rank := headers()[name].rank(header)) is not None]
        fitting = [c for _, c in sorted(ranked) if c not in found and fits(frame[c].head(SAMPLE), name, free[c])]
        found |= {column: ReadColumn(column, name, "header") for column in fitting[:1] if name not in said}
    every = {each.name for each in ({**chosen, **found}).values()}
    if not {"item_id", "start", "end"} <= every or every & IN_NO_PROMOTION:
        return {}
    kept = {"item_id", "store_id", *said}
    return {c: replace(each, name="") for c, each in chosen.items() if each.name not in kept} | found


def _decided(column: str, read: ReadColumn | None, told: str | None) -> ReadColumn:
    """Return what a column is read as; a kind that the shop states takes the place of a column of kinds."""
    if read is None:
        return ReadColumn(column, "", "not needed")
    return ReadColumn(column, "", "--kind") if told and read.name == "kind" else read


def kind_of_file(name: str) -> str | None:
    """Return the event kind that a file's name tells; one that tells returns and orders tells neither."""
    parts = [part for part in normal(name.partition(".")[0]).split() if not part.isdigit()]
    if (kind := kind_of_word(" ".join(parts), "event_kinds")) is not None:
        return kind
    tokens = [word for part in parts for word in (part, part.removesuffix("s"))]
    found = [kind_of_word(word, "file_kinds") for word in tokens]
    told = next((kind for kind in words().file_kinds if kind in found), None)
    undone = next((kind for word in tokens if (kind := kind_of_word(word, "event_kinds")) in TAKEN_BACK), None)
    return told if undone is None else undone if told is None else None


def _as_item(own: list[str], chosen: dict[str, ReadColumn]) -> dict[str, ReadColumn]:
    """Return the ids of a table's rows as those of items, if it has no other id and no times."""
    if {each.name for each in chosen.values()} & {"user_id", "item_id", "order_id", "timestamp"}:
        return {}
    return {column: ReadColumn(column, "item_id", "header") for column in own[:1]}


def _tells_each_row(frame: pd.DataFrame, chosen: dict[str, ReadColumn]) -> bool:
    """Return whether nearly each row has a title of its own, as in a catalogue."""
    titles = [column for column, each in chosen.items() if each.name == "title"]
    return bool(titles) and frame[titles[0]].nunique() > MOSTLY * len(frame)


def _is_row_number(column: pd.Series, header: str) -> bool:
    if header not in INDEX_HEADERS and not re.fullmatch(r"unnamed \d+", header):
        return False
    head = pd.to_numeric(column.head(SAMPLE), errors="coerce")
    return bool((head.diff().iloc[1:] == 1).all()) and head.iloc[0] in {0, 1}


def _by_header(frame: pd.DataFrame, columns: dict[str, str], chosen: dict[str, ReadColumn]) -> dict[str, ReadColumn]:
    found: dict[str, ReadColumn] = {}
    taken = {each.name for each in chosen.values()}
    free = {column: header for column, header in columns.items() if column not in chosen and header}
    no_kinds = [c for c, header in free.items() if _is_state(header) or "billing reason" in header]
    kinds = [column for column in free if column not in no_kinds and holds_event_words(frame[column])]
    if "kind" not in taken and kinds:
        values = {column: frame[column].dropna() for column in kinds}
        fullest = max(values, key=lambda column: (len(kinds_in(values[column])), len(values[column])))
        found[fullest] = ReadColumn(fullest, "kind", "words for events")
        taken.add("kind")
    others: list[str] = []
    for target in TARGETS:
        if target in taken and target not in SHARED:
            continue
        ranked = sorted(
            (rank, column.count("."), column)
            for column, header in free.items()
            if column not in found and (rank := _rank(column, header, target)) is not None
        )
        fitting = [column for _, _, column in ranked if fits(frame[column].head(SAMPLE), target, normal(column))]
        fitting = _told_by_rows(frame, fitting, target, {**chosen, **found})
        others = fitting[1:] if target == "title" else others
        fitting = fitting if target in SEVERAL else fitting[:1]
        for place, column in enumerate(fitting):
            rank = 0 if target == "category_narrow" else place  # steps of a path stay in the order of the file
            found[column] = ReadColumn(column, target, "header", rank=rank)
    every = {**chosen, **found}
    if not SHARED & {each.name for each in every.values()}:
        codes = [column for column, header in free.items() if _is_code_of_category(header)]
        found |= _as_category(frame, [column for column in (*others, *codes) if column not in found], every)
    return found


def _is_state(header: str) -> bool:
    ranks = headers()["status"].rank(header), headers()["kind"].rank(header)
    return "status" in header or (ranks[0] is not None and ranks[1] is None)


def _told_by_rows(frame: pd.DataFrame, fitting: list[str], target: str, chosen: dict[str, ReadColumn]) -> list[str]:
    """Return the columns that may be a target, best first, without those whose rows tell something else."""
    if target == "item_id":
        return [column for column in fitting if not _is_order(frame, column, chosen)]
    if target in {"category", "brand"}:
        fitting = _that_are_of_items(frame, fitting, chosen)
        grouping = [column for column in fitting if not tells(column, "creators")]
        return grouping or fitting if target == "category" else fitting
    if target == "title":
        return _that_name_items(frame, fitting, chosen)
    if target == "user_id":
        return fitting[:1] + [column for column in fitting[1:] if _is_mail_of_guests(frame, fitting[0], column)]
    if target == "parent_id":
        return [column for column in fitting if not _is_shared_name(frame, column, chosen)]
    if target == "value":
        return [column for column in fitting if not _is_of_item(frame, column, chosen)]
    if target == "timestamp" and not (fitting and tells_plays(fitting[0]) and frame[fitting[0]].isna().any()):
        return fitting[:1]
    return fitting


def _that_name_items(frame: pd.DataFrame, fitting: list[str], chosen: dict[str, ReadColumn]) -> list[str]:
    """Return columns that may be titles, those that tell items apart first: a "course" of recipes is no title."""
    items = [column for column, each in chosen.items() if each.name == "item_id"]
    if not items or len(fitting) < 2:
        return fitting
    of_items = frame[frame[items[0]].notna()]
    n_items = of_items[items[0]].nunique()
    return sorted(fitting, key=lambda column: of_items[column].nunique() < LEAST_TOLD_APART * n_items)


def _is_code_of_category(header: str) -> bool:
    """Return whether a header names the numbers of categories, such as "category id" or "subclass"."""
    bare = CODE_ENDING.sub("", header)
    return any(headers()[name].rank(bare) is not None for name in ("category_narrow", "category", "category_broad"))


def _as_category(frame: pd.DataFrame, others: list[str], chosen: dict[str, ReadColumn]) -> dict[str, ReadColumn]:
    """Return the first other column with a header of titles that groups the items, as their category."""
    items = [column for column, each in chosen.items() if each.name == "item_id"]
    found = [column for column in others if items and groups(frame, items[0], column)]
    return {column: ReadColumn(column, "category", "groups the items") for column in found[:1]}


def _rank(column: str, header: str, target: str) -> int | None:
    """Return how good a header is for a name; a price may name its currency, a field the record around it."""
    rank = headers()[target].rank(header)
    if rank is None and target in PRICES:
        rank = headers()[target].rank(without_mark(without_minor(header)))
    inner = column.partition(".")[2]
    if rank is None and inner and "@" not in inner:
        rank = _rank(inner, normal(inner), target)
        return None if rank is None else rank + NESTED
    return rank


def _is_order(frame: pd.DataFrame, column: str, chosen: dict[str, ReadColumn]) -> bool:
    """Return whether a column is another number of the orders: each order has one of its own, for all of its rows."""
    orders = [other for other, each in chosen.items() if each.name == "order_id"]
    if not orders:
        return False
    pairs = frame[[orders[0], column]].dropna().drop_duplicates()
    n_orders = pairs[orders[0]].nunique()
    return len(pairs) == n_orders == pairs[column].nunique() < len(frame)


def _is_shared_name(frame: pd.DataFrame, column: str, chosen: dict[str, ReadColumn]) -> bool:
    """Return whether a column such as "model" names things of several brands or categories, which are no variants."""
    if normal(column) not in map(normal, headers()["parent_id"].fallbacks):
        return False
    others = [other for other, each in chosen.items() if each.name in {"brand", "category"}]
    pairs = (frame[[column, other]].dropna().drop_duplicates() for other in others)
    return any(each[column].duplicated().any() for each in pairs)


def _is_of_item(frame: pd.DataFrame, column: str, chosen: dict[str, ReadColumn]) -> bool:
    """Return whether a rating is that of the item on average: in the item's record, or one an item in many rows."""
    item = next((other for other, each in chosen.items() if each.name == "item_id"), None)
    if item is None:
        return False
    record = item.rpartition(".")[0]
    if record and column.startswith(f"{record}.") and any(each.name == "user_id" for each in chosen.values()):
        return True
    own = frame[[item, column]].dropna().groupby(item)[column].agg(["size", "nunique"])
    several = own.loc[own["size"] > 1, "nunique"]
    return len(several) >= LEAST_ALIKE and bool((several == 1).all()) and frame[column].nunique() > 2


def _that_are_of_items(frame: pd.DataFrame, fitting: list[str], chosen: dict[str, ReadColumn]) -> list[str]:
    """Return columns that may be categories or brands, without those that change between the rows of an item."""
    named = {each.name: column for column, each in reversed(chosen.items())}
    item = named.get("item_id") or named.get("title")
    if item is None:
        return fitting
    fitting = [column for column in fitting if tells(item, "places") or not tells(column, "cities")]
    n_items = frame[item].nunique()
    pairs = {column: frame[[item, column]].dropna().drop_duplicates() for column in fitting}
    own = [column for column in fitting if len(pairs[column]) <= MOST_CATEGORIES * n_items]
    telling = [column for column in own if len(pairs[column][column].unique()) > 1]
    return telling or own


def _is_mail_of_guests(frame: pd.DataFrame, account: str, other: str) -> bool:
    """Return whether a column has the e-mail address of each user, where the column of accounts has gaps."""
    values = frame[other].dropna()
    is_mail = values.head(SAMPLE).str.fullmatch(r"[^@\s]+@[^@\s]+").mean() > 0.9
    return bool(
        is_mail
        and (frame[other].notna() & frame[account].isin([*NO_ACCOUNT]).where(frame[account].notna(), other=True)).any()
    )
