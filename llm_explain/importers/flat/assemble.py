"""Put the rows of several tables together: order lines with their orders, items with their properties."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.errors import SettingError
from llm_explain.importers.flat.columns import RENEW, TAKEN_BACK, answers
from llm_explain.importers.flat.corrections import MissingAnswerError
from llm_explain.importers.flat.plays import deal_of_headers, kind_of_plays, with_skips
from llm_explain.importers.flat.profile import IS_ID
from llm_explain.importers.flat.rated import IS_RATED, tells_rating
from llm_explain.importers.flat.returns import undone
from llm_explain.importers.flat.rows import FILE, Rows, are_months
from llm_explain.importers.flat.times import NUMBER, is_time_like, moments
from llm_explain.importers.flat.values import each_value
from llm_explain.importers.flat.vocabulary import headers, kind_of_word, known_kinds, normal, tells
from scoring.data.ratings import RATE, UNRATED
from scoring.data.tables import END_OF_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llm_explain.importers.flat.columns import Recognised

ROW: Final = "row"
REASON: Final = "reason"
NO_USER: Final = "no user"
OF_ORDER: Final = (
    "user_id",
    "timestamp",
    "status",
    "channel",
    "store_id",
    "cancelled_at",
    "order_position",
    "currency",
)
"""What all rows of an order share, so that a continuation row takes it from the first row."""

NEEDED: Final = {"user_id": ("user_id",), "item_id": ("item_id", "title", "item_number")}
NEARLY_ALL: Final = 0.9
LEAST_ALONE: Final = 0.5
"""A table of items has at least this many different items a row."""

ONLY_ITEM: Final = "all items"
MOST_CODES: Final = 12
"""Different numbers of a column that may stand for kinds of events."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """The rows of an import, before returns and names.

    Attributes:
        events: Rows of events with ``file`` and ``row``.
        items: Rows of items from tables of items, by file and row.
        users: Rows of users from tables of users.
        rejects: Rows that were set aside, with ``file``, ``row`` and ``reason``.
        is_order_only: Whether times only say the order of events.
        zone: Zone of the shop's clock, if the times of all files tell the same.
        notes: Lines for the report.
    """

    events: pd.DataFrame
    items: pd.DataFrame
    rejects: pd.DataFrame
    is_order_only: bool
    zone: str | None = None
    notes: list[str] = field(default_factory=list)


def role(read: Recognised) -> str:
    """Return what a table is, such as ``events``, ``lines``, ``orders``, ``items`` or ``promotions``."""
    if read.has("item_id", "start", "end"):
        return "promotions"
    has_item = read.has("item_id") or read.has("title") or read.has("item_number")
    if read.has("property", "property_value"):
        return "properties"
    if read.has("user_id") and has_item:
        return "events"
    if has_item and read.has("order_id"):
        return "lines"
    if read.has("user_id", "order_id"):
        return "orders"
    if has_item:
        return "items"
    return "log" if read.has("user_id", "timestamp") else "other"


def assemble(reads: Sequence[Recognised], rows: Mapping[str, Rows]) -> Assembled:
    """Put the tables of an import together.

    Args:
        reads: The tables with a decision for each column.
        rows: Their rows, by name of the table.

    Returns:
        Events and items.

    Raises:
        SettingError: If no event is left.
        MissingAnswerError: If no column is recognised as the user's or the item's.
    """
    by_role: dict[str, list[Recognised]] = {}
    for read in reads:
        by_role.setdefault(role(read), []).append(read)
    notes: list[str] = []
    parts = [_with_kind(read, rows[read.source.name].frame, notes) for read in by_role.get("events", [])]
    lines = [_with_kind(read, rows[read.source.name].frame, notes) for read in by_role.get("lines", [])]
    orders = [rows[read.source.name].frame for read in by_role.get("orders", [])]
    notes += [
        note for read in by_role.get("orders", []) for note in _unknown_states(read, rows[read.source.name].frame)
    ]
    notes += [
        f"{read.source.name}: only the item's id is read. Say with --map what other columns are, or leave the file out"
        for read in by_role.get("items", [])
        if {column.name for column in read.columns} <= {"", "item_id"}
    ]
    notes += [
        f"{read.source.name}: {len(read.source.frame):,} rows are not read: they have no item, order or time"
        for read in by_role.get("other", [])
    ]
    _ask_for_kinds(by_role.get("lines", []), lines)
    if lines and (orders or parts):
        parts += [_with_orders(frame, orders or parts) for frame in lines]
    elif not parts:
        logs = [*by_role.get("log", []), *by_role.get("orders", [])]
        if logs and "items" in by_role:
            raise MissingAnswerError(*_nothing_found(logs, ("item_id",)))
        n_rows = max((len(read.source.frame) for read in logs), default=0)
        unread = [r for r in by_role.get("other", []) if not r.has("user_id") and len(r.source.frame) > n_rows]
        if logs and (lines or unread):  # what an order holds stands in a file of its own
            raise MissingAnswerError(
                *(_nothing_found(logs, ("order_id",)) if lines else _nothing_found(unread, ("order_id", "item_id")))
            )
        parts = [_with_kind(r, rows[r.source.name].frame.assign(item_id=ONLY_ITEM), notes) for r in logs]
        by_role["log"] = []
    notes += [
        f"{r.source.name}: {len(r.source.frame):,} rows have users and times but no item, and are not read"
        for r in by_role.get("log", [])
        if not r.source.frame[r.headers_of("user_id")[0]].is_unique
    ]
    if not parts:
        raise MissingAnswerError(*_nothing_found(reads, NEEDED))
    _ask_for_kinds(by_role.get("events", []), parts)
    _ask_for_times([*by_role.get("events", []), *by_role.get("orders", [])])
    _ask_for_users(by_role.get("items", []), reads)
    events = pd.concat([frame.rename_axis(ROW).reset_index() for frame in parts], ignore_index=True)
    events = _filled_within_orders(events)
    catalogues, foreign = _of_items(by_role.get("items", []), [*by_role.get("events", []), *by_role.get("lines", [])])
    notes += [f"{read.source.name} is not read: its {read.headers_of('item_id')[0]} are no items" for read in foreign]
    tables = [_catalogue(rows[read.source.name].frame) for read in catalogues]
    tables += [_properties(rows[read.source.name].frame) for read in by_role.get("properties", [])]
    items = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"item_id": pd.Series(dtype="str")})
    items, events = _with_item_ids(items, events)
    is_order_only = any(found.is_order_only for found in rows.values())
    events, is_timeless = _with_times(events)
    events = _with_refunds_of_orders(events)
    is_order_only |= is_timeless or are_months(events["timestamp"])
    events, rejects = _set_aside(events, is_order_only=is_order_only)
    if events.empty:
        counts = rejects[REASON].value_counts().to_dict()
        raise SettingError(
            f"{len(rejects):,} rows were set aside ({counts}) and no event is left but at least one is needed. "
            "Correct the columns with --map."
        )
    zones = {found.zone for found in rows.values() if "timestamp" in found.frame}
    zone = next(iter(zones)) if len(zones) == 1 else None
    return Assembled(events, items, rejects, is_order_only, zone, notes)


def _of_items(
    catalogues: Sequence[Recognised], logs: Sequence[Recognised]
) -> tuple[list[Recognised], list[Recognised]]:
    """Return the catalogues of a log's items, and those of other things: artists, where the log has tracks."""
    asked = {normal(header) for log in logs for header in log.headers_of("item_id")}
    own = {read.source.name: {*map(normal, read.headers_of("item_id"))} for read in catalogues}
    has_own = any(found & asked for found in own.values())
    foreign = [
        read
        for read in catalogues
        if has_own and not own[read.source.name] & asked and any(tells(each, "works") for each in own[read.source.name])
    ]
    return [read for read in catalogues if read not in foreign], foreign


def _nothing_found(reads: Sequence[Recognised], needed: Iterable[str]) -> tuple[str, list[str]]:
    """Return what of ``needed`` is missing, and corrections that name the likeliest columns."""
    found = "; ".join(
        f"{read.source.name}: " + (", ".join(f"{c.header} = {c.name}" for c in read.columns if c.name) or "nothing")
        for read in reads
    )
    read = max(reads, key=lambda each: len(each.source.frame))
    missing = [name for name in needed if not any(read.has(other) for other in NEEDED.get(name, (name,)))]
    frame = read.source.frame
    free = [column.header for column in read.columns if not column.name]
    free = [header for header in free if not is_time_like(frame[header])] or free
    by_values = sorted(free, key=lambda h: (not IS_ID.search(normal(h)), -frame[h].nunique()))
    likely = [header for header in by_values if 1 < frame[header].nunique() <= len(frame) / 2]
    rest = [header for header in (*by_values, *read.headers_of("order_id"), *frame.columns) if header not in likely]
    maps = [f"{read.source.name}.{header}={name}" for header, name in zip([*likely, *rest], missing, strict=False)]
    message = (
        f"a column for {' and '.join(missing) or 'user_id and item_id in one file'} is not recognised but is needed "
        f"(recognised: {found}). Say which column it is, as here for the likeliest one."
    )
    return message, maps


def _ask_for_times(logs: Sequence[Recognised]) -> None:
    """Ask for the time of the events if no log has one, but columns with unknown headers hold times."""
    if any(log.has("timestamp") or log.has("order_position") for log in logs):
        return
    for log in logs:
        free = [column.header for column in log.columns if not column.name and column.why != "--map"]
        found = {header: moments(log.source.frame[header]).read for header in free if _holds_times(log, header)}
        if found:
            first = min(found, key=lambda header: found[header].median())
            raise MissingAnswerError(
                f"{log.source.name}: no column is recognised as the time of the events, but {', '.join(found)} hold "
                "times and one of them is needed. Say which column it is, as here for the earliest one.",
                [f"{log.source.name}.{first}=timestamp"],
            )
        texts = {header: log.source.frame[header].dropna().unique() for header in free}
        for header in free:
            if normal(header) in headers()["timestamp"].ranks and len(texts[header]) > 1:
                left_out = shlex.quote(f"{log.source.name}.{header}=")
                raise SettingError(
                    f"{log.source.name}: column {header!r} holds {texts[header][0]!r}, which is not read as a time, "
                    "but the time of each event is needed. Write ISO 8601, for example 2017-12-01T09:30. If "
                    f"the order of the rows is that of the events, leave the column out with --map {left_out}"
                )


def _ask_for_kinds(logs: Sequence[Recognised], parts: Sequence[pd.DataFrame]) -> None:
    """Ask what a log without words tells, if its rows are those of another log, as returns are, and not earlier."""
    keys = ["order_id", "item_id"]
    guessed = [
        (log, rows if "timestamp" in rows else rows.assign(timestamp=pd.Series(pd.NaT, index=rows.index)))
        for log, rows in zip(logs, parts, strict=False)
        if {*keys} <= set(rows) and (rows["kind"] == "purchase").all()
    ]
    first = {log.source.name: rows.groupby(keys)["timestamp"].min() for log, rows in guessed}
    for (log, rows), (other, _) in permutations(guessed, 2):
        own, earlier = first[log.source.name], first[other.source.name]
        if log.kind or log.has("kind") or not 0 < len(own) <= len(earlier):
            continue
        is_timeless = own.isna().all() or earlier.isna().all()
        repeats = own.index.isin(earlier.index) if is_timeless else earlier.reindex(own.index) < own
        if repeats.mean() >= NEARLY_ALL:
            told = shlex.quote(f"{log.source.name}=return")
            raise SettingError(
                f"{len(rows):,} rows of {log.source.name} repeat lines of orders of {other.source.name}"
                f"{'' if is_timeless else ' at later times'}, but what happened then is needed. Say --kind {told}, or "
                "another kind, such as delivery, or leave the file out."
            )


def _ask_for_users(catalogues: Sequence[Recognised], reads: Sequence[Recognised]) -> None:
    """Ask for the user of a table without one whose items come again and again at other times: it is a log.

    Pieces in stock, whose number another table names, are none.
    """
    for read in catalogues:
        others = {normal(c.header) for other in reads if other is not read for c in other.columns}
        ids = [c.header for c in read.columns if IS_ID.search(normal(c.header)) and normal(c.header) in others]
        if any(read.source.frame[header].is_unique for header in ids):
            continue
        free = [column.header for column in read.columns if not column.name and column.why != "--map"]
        times = read.headers_of("timestamp") or [header for header in free if _holds_times(read, header)]
        items = [header for name in ("item_id", "item_number", "title") for header in read.headers_of(name)]
        if not times or read.source.frame[items[0]].nunique() >= LEAST_ALONE * len(read.source.frame):
            continue
        left_out = shlex.quote(f"{read.source.name}.{times[0]}=")
        message = (
            f"{read.source.name}: {len(read.source.frame):,} rows have items and times, but no column is recognised as "
            "the user, who is needed in a log. If the table is a list of items, leave its times out with --map "
            f"{left_out}"
        )
        if not free:
            raise SettingError(f"{message}, or leave out the file.")
        named = max(free, key=lambda header: (bool(IS_ID.search(normal(header))), read.source.frame[header].nunique()))
        raise MissingAnswerError(
            f"{message}; else say which column it is, as here for the likeliest one.",
            [f"{read.source.name}.{named}=user_id"],
        )


def _holds_times(log: Recognised, header: str) -> bool:
    column = log.source.frame[header]
    return is_time_like(column) and not column.dropna().str.fullmatch(NUMBER).all() and len(column.unique()) > 1


def _with_kind(read: Recognised, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return rows with an event kind: that of their column, else that of the format, the file or other columns."""
    if "kind" in frame:
        kinds = each_value(frame["kind"], event_kind).astype("str").fillna(UNRATED)
        kinds = _without_stages(frame, kinds)
        is_unknown = frame["kind"].notna() & ~kinds.isin(known_kinds() | {UNRATED})
        if unknown := sorted(map(str, frame["kind"][is_unknown].unique()))[:MOST_CODES]:
            example = shlex.quote(f"{read.source.name}.{unknown[0]}=view")
            notes.append(
                f"{read.source.name}: {', '.join(unknown)} are kinds of events without words: no text mentions them. "
                f"Say what each one means, for example --kind {example}"
            )
    else:
        codes = _codes(read)
        notes += [codes] if codes else []
        is_sale = not codes and bool({"quantity", "price", "amount", "order_id"} & set(frame))
        is_rating = "value" in frame and not {"quantity", "order_id"} & set(frame)
        guessed = "rate" if is_rating else "purchase" if is_sale else UNRATED
        told = read.kind or kind_of_plays(read) or deal_of_headers(read)
        kinds = pd.Series(told or guessed, index=frame.index, dtype="str")
        if not told and is_rating:
            kinds = kinds.where(frame["value"].notna(), UNRATED)
    notes += _unknown_states(read, frame)
    if "renewal" in frame:
        kinds = kinds.mask((kinds == "purchase") & each_value(frame["renewal"], _renews).eq(True), RENEW)
    frame = frame.assign(kind=kinds)
    if "value" in frame:
        has_ratings = all(map(tells_rating, read.headers_of("value")))
        frame[IS_RATED] = frame["value"].notna() & (has_ratings | (kinds == RATE))
    found, note = with_skips(read, frame)
    notes += [note] if note else []
    return found


def _unknown_states(read: Recognised, frame: pd.DataFrame) -> list[str]:
    """Return a line on the states of orders if none is known to take an order back."""
    states = frame["status"].value_counts().index.tolist() if "status" in frame else []
    if len(states) < 2 or any(map(undone, states)):
        return []
    example = shlex.quote(f"{read.source.name}.{states[-1]}=cancel")
    return [
        f"{read.source.name}: no state of an order is known to take it back: {', '.join(states[:MOST_CODES])}. "
        f"If one does, say so, for example --kind {example}"
    ]


def _codes(read: Recognised) -> str:
    """Return a line on a column that tells what happened in numbers, which no rule can read; empty if there is none."""
    for column in read.columns:
        if column.name or column.why == "--map" or headers()["kind"].rank(normal(column.header)) is None:
            continue
        found = sorted(read.source.frame[column.header].dropna().unique())
        if 1 < len(found) <= MOST_CODES and all(code.isdigit() for code in found):
            told = shlex.quote(f"{read.source.name}.{found[0]}=view")
            return (
                f"{read.source.name}: column {column.header!r} tells what happened by {', '.join(found)}, which is not "
                f"read: all rows count as one kind. Say what each one means, for example --kind {told}"
            )
    return ""


def _without_stages(frame: pd.DataFrame, kinds: pd.Series) -> pd.Series:
    """Return kinds that count an order once: of "ordered" and "paid", the last one is the purchase.

    Of two words for purchases the rarer one is the last stage, if nearly all of its orders have the other word too.
    """
    rows = frame[kinds == "purchase"]
    item = next((name for name in ("item_id", "title") if name in frame), None)
    keys = [name for name in ("user_id", "order_id", item) if name in frame]
    if item is None or "order_id" not in frame or rows["kind"].nunique() < 2:
        return kinds
    found = {word: set(own[keys].dropna().itertuples(index=False)) for word, own in rows.groupby("kind")}
    for stage in found:
        later = [found[word] for word in found if word != stage and len(found[word]) <= len(found[stage])]
        if any(own and len(own & found[stage]) >= NEARLY_ALL * len(own) for own in later):
            earlier = (kinds == "purchase") & (frame["kind"] == stage)
            return _without_stages(frame, kinds.mask(earlier, normal(str(stage))))
    return kinds


def _with_refunds_of_orders(events: pd.DataFrame) -> pd.DataFrame:
    """Give a return that names an order and no item one row for each item of the order."""
    if "order_id" not in events:
        return events
    is_whole = events["item_id"].isna() & events["kind"].isin(TAKEN_BACK) & events["order_id"].notna()
    lines = events[(events["kind"] == "purchase") & events["item_id"].notna()]
    own = ["timestamp", "kind", ROW, FILE]
    added = events.loc[is_whole, [*own, "user_id", "order_id"]].merge(
        lines.drop(columns=own), on=["user_id", "order_id"]
    )
    is_read = is_whole & events["order_id"].isin(added["order_id"])
    return pd.concat([events[~is_read], added], ignore_index=True) if len(added) else events


def _renews(text: str) -> bool:
    return kind_of_word(text, "event_kinds") == RENEW


def event_kind(text: str) -> str:
    """Return the event kind that an export's word means; other words stay as they are, in lower case."""
    return kind_of_word(text, "event_kinds") or normal(text)


def _with_orders(lines: pd.DataFrame, orders: Sequence[pd.DataFrame]) -> pd.DataFrame:
    heads = pd.concat(orders).dropna(subset=["order_id"]).drop_duplicates("order_id")
    if "timestamp" in heads:  # a line's own date is as a rule that of its delivery
        lines = lines.drop(columns="timestamp", errors="ignore")
    added = [column for column in heads if column not in lines and column != FILE]
    joined = lines.rename_axis(ROW).reset_index().merge(heads[["order_id", *added]], on="order_id", how="left")
    return joined.set_index(ROW)


def _filled_within_orders(events: pd.DataFrame) -> pd.DataFrame:
    if "order_id" not in events:
        return events
    there = [column for column in OF_ORDER if column in events and events[column].isna().any()]
    if there:
        first = events.dropna(subset=["order_id"]).groupby([FILE, "order_id"], sort=False)[there].first()
        keys = pd.MultiIndex.from_frame(events[[FILE, "order_id"]])
        for column in there:
            events[column] = events[column].where(events[column].notna(), first[column].reindex(keys).to_numpy())
    return events


def _catalogue(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a catalogue, whose only time is that of the item."""
    if "timestamp" in frame and "first_seen" not in frame:
        return frame.rename(columns={"timestamp": "first_seen"})
    return frame


def _properties(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row an item from rows of one property each: the last value of its category and availability."""
    frame = frame.sort_values("property_time") if "property_time" in frame else frame
    wanted = {"categoryid": "category", "category": "category", "category id": "category", "available": "available",
              "title": "title", "name": "title", "brand": "brand"}  # fmt: skip
    named = frame.assign(name=each_value(frame["property"], lambda text: wanted.get(normal(text), "")))
    last = named[named["name"] != ""].drop_duplicates(["item_id", "name"], keep="last")
    wide = last.pivot_table(index="item_id", columns="name", values="property_value", aggfunc="last")
    every = pd.Index(frame["item_id"].dropna().unique(), name="item_id")
    return wide.reindex(every).reset_index().assign(**{FILE: frame[FILE].iloc[0]})


def _with_item_ids(items: pd.DataFrame, events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each row an item id: its own, that of its number in the catalogue, that of its title, or the title."""
    for frame in (items, events):
        for column in ("item_id", "item_number", "title"):
            if column not in frame:
                frame[column] = pd.Series(None, index=frame.index, dtype="str")
    items = items.assign(item_id=items["item_id"].where(items["item_id"].notna(), items["item_number"]))
    items = items.assign(item_id=items["item_id"].where(items["item_id"].notna(), items["title"]))
    known = items.dropna(subset=["item_number"]).drop_duplicates("item_number").set_index("item_number")["item_id"]
    by_number = events["item_number"].map(known)
    number = by_number.where(by_number.notna(), events["item_number"])
    found = events["item_id"].where(events["item_id"].notna(), number)
    both = pd.concat([items[["item_id", "title"]], pd.DataFrame({"item_id": found, "title": events["title"]})])
    titled = both.dropna().drop_duplicates("title").set_index("title")["item_id"]
    by_title = events["title"].map(titled)
    found = found.where(found.notna(), by_title.where(by_title.notna(), events["title"]))
    return items.dropna(subset=["item_id"]), events.assign(item_id=found.astype("str"))


def _with_times(events: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return events with times; where the log has none, times that only say the order of a user's rows."""
    if "timestamp" in events:
        return events, False
    if {"order_position", "days_since"} <= set(events):
        days = events[["user_id", "order_id", "order_position", "days_since"]].drop_duplicates("order_id")
        days = days.sort_values(["user_id", "order_position"])
        since = days["days_since"].fillna(0).groupby(days["user_id"]).cumsum()
        count = events["order_id"].map(pd.Series(since.to_numpy(), index=days["order_id"]))
        hours = events["hour_of_day"] if "hour_of_day" in events else pd.Series(0.0, index=events.index)
        behind = count - count.groupby(events["user_id"]).transform("max")
        moment = END_OF_ORDER + pd.to_timedelta(behind * 24 + hours.fillna(0), unit="h")
        return events.assign(timestamp=moment.astype("datetime64[ns]")), True
    position = events["position"] if "position" in events else pd.Series(np.arange(len(events)), index=events.index)
    keys = events["order_id"].fillna("") if "order_id" in events else position
    place = position.groupby([events["user_id"], keys]).transform("min").groupby(events["user_id"]).rank("dense")
    behind = (place - place.groupby(events["user_id"]).transform("max")).fillna(0)
    moment = END_OF_ORDER + pd.to_timedelta(behind, unit="D")
    return events.assign(timestamp=moment.astype("datetime64[ns]")), True


def _is_yes(text: str) -> bool:
    return answers().get(text.strip().casefold(), False)


def _set_aside(events: pd.DataFrame, *, is_order_only: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    reason = pd.Series(None, index=events.index, dtype="str")
    for column, why in (("user_id", NO_USER), ("item_id", "no item"), ("timestamp", "no readable time")):
        reason = reason.where(reason.notna() | events[column].notna(), why)
    if "is_test" in events:
        reason = reason.mask(reason.isna() & each_value(events["is_test"], _is_yes).eq(True), "a test")
    is_zero = events["timestamp"].dt.year == 1970 if not is_order_only else pd.Series(False, index=events.index)
    reason = reason.mask(reason.isna() & is_zero, "a time of 1970, which stands for no time")
    if "price" in events:
        reason = reason.mask(reason.isna() & (events["price"] < 0), "a negative price")
    if "quantity" in events:  # what is left of a refunded line, unless something was paid for it
        is_paid = events["amount"].gt(0) if "amount" in events else pd.Series(False, index=events.index)
        reason = reason.mask(
            reason.isna() & (events["kind"] == "purchase") & (events["quantity"] == 0) & ~is_paid, "quantity 0"
        )
    aside = events[reason.notna()].copy()
    aside.insert(0, REASON, reason[reason.notna()])
    return events[reason.isna()].reset_index(drop=True), aside
