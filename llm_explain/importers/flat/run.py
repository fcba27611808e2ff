"""Import exports: read, recognise, put together, clean, propose, check and write."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.errors import SettingError
from llm_explain.importers.flat.assemble import NO_USER, REASON, Assembled, assemble, role
from llm_explain.importers.flat.categories import with_flags_as_list
from llm_explain.importers.flat.channels import unknown_channels
from llm_explain.importers.flat.corrections import Corrections, MissingAnswerError, command
from llm_explain.importers.flat.currencies import currency_of
from llm_explain.importers.flat.files import Source, read_sources, with_nested_rows
from llm_explain.importers.flat.items import CATEGORY_CODE, NAMES, items_table, told_availability, with_brands
from llm_explain.importers.flat.language import language_of
from llm_explain.importers.flat.lookups import join_lookups, with_shared_items
from llm_explain.importers.flat.plays import PLAYS, SKIP
from llm_explain.importers.flat.proposals import no_products, outliers, sensitive, told_languages
from llm_explain.importers.flat.rated import with_ratings
from llm_explain.importers.flat.recognise import recognise
from llm_explain.importers.flat.report import ColumnReport, FlatImport
from llm_explain.importers.flat.returns import (
    PURCHASE,
    RETURN,
    TAKEN_BACK,
    WITHDRAWN,
    undoing,
    with_returns,
    with_signals_undone,
)
from llm_explain.importers.flat.rows import FILE, Rows, standard_rows
from llm_explain.importers.flat.vocabulary import deal_of, is_known_header, known_kinds, tells
from llm_explain.importers.flat.writing import write_import
from llm_explain.importers.summary import LeftOut, Progress, silent
from llm_explain.text.category_names import in_plural
from llm_explain.text.import_words import word_list
from scoring.data.derived_categories import LEAST_ITEMS, derive_categories
from scoring.data.ratings import DISLIKE, UNRATED
from scoring.data.rules import COLUMNS
from scoring.data.shop import Shop
from scoring.data.tables import END, GUESTS, ITEM_ID, LABEL, PROMOTION, START, TIMESTAMP, USER_ID, Tables
from scoring.data.validation import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llm_explain.importers.flat.columns import Recognised

EVENT_COLUMNS: Final = (
    "user_id", "item_id", "timestamp", "quantity", "price", "kind", "value", "channel", "store_id", "order_id",
)  # fmt: skip
LINE: Final = "line"
"""Number of the row that an event comes from. Names are looked up by it: they are most of a row."""

DEALS: Final = frozenset({"borrow", "rent", "book", "donate", "bid", "enroll"})
"""What a log predicts rather than what was viewed or searched for, as it predicts purchases."""

SAMPLES: Final = 3
LEAST_COVERED: Final = 0.5
MOST_ONCE: Final = 0.9
LEAST_DERIVED: Final = 3
LEAST_PLAYS: Final = 0.25
"""Share of plays among the events from which on items are works: games that are bought are played too."""


def import_flat(
    files: Sequence[Path],
    *,
    out: Path,
    maps: Iterable[str] = (),
    kinds: Iterable[str] = (),
    is_dry_run: bool = False,
    progress: Progress = silent,
) -> FlatImport:
    """Write a shop's tables from its exports of order lines, events and items.

    Args:
        files: The exports.
        out: Folder of the tables. Its ``shop.yaml``, if there is one, says how to read them.
        maps: Corrections ``FILE.COLUMN=NAME``; an empty name leaves a column out.
        kinds: Corrections ``FILE=KIND`` of what the rows of a file are.
        is_dry_run: Whether to write nothing.
        progress: Told of each step.

    Returns:
        What was read.

    Raises:
        SettingError: If a column is missing or doubtful; the message ends with a command that says what it is.
    """
    maps, kinds = tuple(maps), tuple(kinds)
    try:
        return _import(files, out, maps=maps, kinds=kinds, is_dry_run=is_dry_run, progress=progress)
    except MissingAnswerError as error:
        told = command(files, out, [*maps, *error.maps], kinds)
        raise SettingError(f"{error} Run: {told}") from error


def _import(
    files: Sequence[Path], out: Path, *, maps: Sequence[str], kinds: Sequence[str], is_dry_run: bool, progress: Progress
) -> FlatImport:
    shop = Shop.read(out)
    found: list[Source] = []
    for done, path in enumerate(files):
        progress("Reading files", done, len(files))
        read = [with_nested_rows(source) for source in read_sources(path, is_known_header)]
        found += [replace(source, frame=with_flags_as_list(source.frame)) for source in read]
    progress("Reading files", len(files), len(files))
    sources, lines = join_lookups(found)
    corrections = Corrections.parse(maps, kinds, sources)
    reads = with_shared_items([recognise(source, corrections) for source in sources])
    rows = {read.source.name: standard_rows(read, shop) for read in reads}
    progress("Checking tables", 0, 1)
    assembled = assemble(reads, rows)
    has_country = "locale" in shop.model_fields_set
    shop = _with_language(shop, assembled, reads)
    shop, told = _with_currency(shop, assembled, rows.values(), has_country=has_country)
    doubtful = [f"{name}.{each.doubtful}" for name, each in rows.items() if each.doubtful]
    lines += [*assembled.notes, *([told] if told else []), *map(_of_units, doubtful)]
    columns, about = tuple(_columns(reads, rows)), {read.source.name: _about(read) for read in reads}
    are_works, rejects = _are_works(reads, assembled.events["kind"]), _with_ragged(assembled.rejects, reads)
    named = [c for read in reads for c in read.columns if c.name in {"item_id", "title", "category"}]
    name_things = not (are_works or any(tells(c.header, "places") for c in named)) and not any(
        tells(c.header, "headlines") for c in named if c.name == "title"
    )
    deal = next(filter(None, (deal_of(c.header) for c in named if c.name != "category")), PURCHASE)
    if "brands_are" not in shop.model_fields_set and any(
        column.name == "brand" and tells(column.header, "creators") for read in reads for column in read.columns
    ):
        shop = shop.model_copy(update={"brands_are": "creators"})
    promotions = _promotions(reads, rows)
    aside = {source.name: _rows_of(source, rejects) for source in sources}
    del found, sources, reads, rows  # the rows as they came need as much memory as all that follows
    result = _tables(assembled, shop, are_works=are_works, name_things=name_things, has_prices=not doubtful, deal=deal)
    result, told_promotions = _with_promotions(result, promotions, result.tables.shop)
    lines += told_promotions + told_availability(assembled.items, result.tables.items) + _in_utc(result.tables.shop)
    lines += _of_order(result.tables.shop)
    lines += _once_sold(result.tables) + _untold(result.tables.shop)
    lines += unknown_channels(result.tables.events)
    lines += told_languages(result.tables.items, result.tables.shop.locale)
    lines += [ratings.told] if (ratings := result.tables.shop.ratings) else []
    reported = FlatImport(result.tables, columns, about, rejects, result.left_out, result.notes, tuple(lines))
    progress("Checking tables", 1, 1)
    if is_dry_run:
        return reported
    written = write_import(reported, aside, out)
    guests = _guests(assembled.rejects, shop)
    (out / GUESTS).unlink(missing_ok=True)
    if len(guests):
        guests.to_parquet(out / GUESTS, index=False)
    return written


def _guests(rejects: pd.DataFrame, shop: Shop) -> pd.DataFrame:
    """Return the events without a user, each order or row as a user of its own: demand counts what guests buy."""
    rows = rejects[rejects[REASON] == NO_USER].dropna(subset=["item_id", "timestamp"])
    if rows.empty:
        return rows
    order = rows["order_id"] if "order_id" in rows else pd.Series(None, index=rows.index, dtype="str")
    place = pd.Series([f"guest {number}" for number in rows.index], index=rows.index)
    events, _ = with_returns(_priced(rows.assign(user_id=order.fillna(place))), shop.return_kinds)
    return events[[column for column in EVENT_COLUMNS if column in events]]


def _of_units(column: str) -> str:
    shown = shlex.quote(f"{column}=amount:minor")
    return f"amounts of {column} may be in cents, so no price is read: say --map {shown}, or amount:major"


def _promotions(reads: Sequence[Recognised], rows: Mapping[str, Rows]) -> pd.DataFrame:
    """Return the rows of tables of promotions, with times in UTC."""
    found = [rows[read.source.name].frame for read in reads if role(read) == "promotions"]
    if not found:
        return pd.DataFrame()
    table = pd.concat([frame[[c for c in COLUMNS["promotions"] if c in frame]] for frame in found], ignore_index=True)
    table[LABEL] = table[LABEL].fillna(PROMOTION) if LABEL in table else PROMOTION
    return table.assign(**{name: table[name].dt.tz_localize("UTC") for name in (START, END)})


def _with_promotions(result: _Result, rows: pd.DataFrame, shop: Shop) -> tuple[_Result, list[str]]:
    """Return the tables with their promotions, and a line on those that were left out."""
    if rows.empty:
        return result, []
    items = result.tables.items[ITEM_ID]
    checked = check(rows, "promotions", source="promotions", item_ids=items, skip_bad=True, shop=shop)
    told = [f"{len(checked.frame):,} promotions are read"]
    if len(checked.rejects):
        told.append(f"{len(checked.rejects):,} promotions are left out: {checked.rejects[REASON].iloc[0]}")
    return replace(result, tables=replace(result.tables, promotions=checked.frame)), told


def _once_sold(tables: Tables) -> list[str]:
    """Return a line for the report if nearly every item was sold once, as in a shop of used things."""
    counts = tables.events.loc[tables.events["kind"].isin(tables.shop.target_kinds), "item_id"].value_counts()
    n_once = int((counts == 1).sum())
    if n_once < MOST_ONCE * len(counts) or len(counts) < LEAST_ITEMS:
        return []
    return [
        f"{n_once:,} of {len(counts):,} items have one event: training cannot learn from items that are sold once, so "
        "lists are the same for all users. Give things of one model one id"
    ]


def _in_utc(shop: Shop) -> list[str]:
    """Return a line for the report if neither the settings nor the times tell the zone of the shop's days."""
    if shop.time_zone != "UTC" or shop.times == "order":
        return []
    return [
        "days are read in UTC: if the shop is elsewhere, write its zone in shop.yaml, for example time_zone: "
        "Europe/Berlin, and times: local if the export's times are those of its clock; then import again"
    ]


def _of_order(shop: Shop) -> list[str]:
    """Return a line for the report if events have an order but no times."""
    if shop.times != "order":
        return []
    return [
        "events have an order but no times: no text tells a date. --map FILE.COLUMN=timestamp names a column of times"
    ]


def _untold(shop: Shop) -> list[str]:
    """Return a line for the report if no language has words for what the log predicts."""
    unknown = [kind for kind in shop.target_kinds if kind not in known_kinds()]
    return [f"no text tells events of kind {', '.join(unknown)}: say with --map or --kind what they are"] * bool(
        unknown
    )


def _rows_of(source: Source, rejects: pd.DataFrame) -> Source:
    """Return a table with nothing but its rows that were set aside."""
    rows = rejects.loc[rejects[FILE] == source.name, "row"]
    return replace(source, frame=source.frame.loc[source.frame.index.isin(rows)].copy())


@dataclass(frozen=True, slots=True)
class _Result:
    tables: Tables
    left_out: tuple[LeftOut, ...]
    notes: dict[str, int]


def _with_language(shop: Shop, assembled: Assembled, reads: Sequence[Recognised]) -> Shop:
    """Return the shop with the language of its names, where its settings do not say one."""
    if "locale" in shop.model_fields_set:
        return shop
    headers = (column.header for read in reads for column in read.columns)
    found = language_of((assembled.items, assembled.events), headers)
    return Shop.of({**shop.model_dump(include=shop.model_fields_set), "locale": found}) if found else shop


def _with_currency(shop: Shop, assembled: Assembled, rows: Iterable[Rows], *, has_country: bool) -> tuple[Shop, str]:
    """Return the shop with the currency of its prices, where its settings do not say one, and a line on it."""
    if shop.currency is not None:
        return shop, ""
    events, marks = assembled.events, frozenset[str]().union(*(each.currencies for each in rows))
    texts = events["currency"].dropna().str.strip().str.upper() if "currency" in events else pd.Series(dtype="str")
    codes = texts[texts.str.fullmatch("[A-Z]{3}")].unique()
    found, told = currency_of(codes, marks, shop, has_country=has_country)
    return shop.model_copy(update={"currency": found}) if found else shop, told


def _are_works(reads: Sequence[Recognised], kinds: pd.Series) -> bool:
    """Return whether items are films, books or the like, by headers or since many are watched, read or played."""
    if kinds.isin([*PLAYS, SKIP]).mean() > LEAST_PLAYS:
        return True
    named = (column for read in reads for column in read.columns if column.name in {"item_id", "title", "category"})
    return any(tells(column.header, "works") for column in named)


def _tables(
    assembled: Assembled, shop: Shop, *, are_works: bool, name_things: bool, has_prices: bool, deal: str
) -> _Result:
    names = assembled.events[[column for column in NAMES if column in assembled.events]]
    lines = assembled.events.drop(columns=names.columns).assign(**{LINE: names.index})
    events, notes = with_returns(_priced(lines), shop.return_kinds)
    events = events if has_prices else events.drop(columns="price")
    if deal != PURCHASE and (events["kind"] == PURCHASE).any():
        events["kind"] = events["kind"].replace({PURCHASE: deal, RETURN: "refund"})
        shop = Shop.of({**shop.model_dump(include=shop.model_fields_set), "target_kinds": (deal,)})
    events, shop = with_ratings(events, shop)
    named = names.take(events[LINE].to_numpy()).set_axis(events.index)
    items = items_table(assembled.items, events[["item_id", "kind"]].join(named), shop.locale, shop.target_kinds)
    del names, named, lines
    items, derived = _with_derived(items, shop.locale) if name_things else (items, {})
    items = _with_codes(items)
    items, branded = with_brands(items)
    notes |= derived | branded
    shop = _settings(shop, assembled, events)
    events, undone = with_signals_undone(events, shop)
    notes |= undone
    proposed = {
        "left_out_items": no_products(events, items),
        "outlier_users": outliers(events),
        **sensitive(events["item_id"].value_counts(), items, shop.locale, are_works=are_works),
    }
    shop = shop.model_copy(update={"proposals": shop.proposals.updated(proposed)})
    events, items, left_out = _without_confirmed(events, items, shop)
    events = events[[column for column in EVENT_COLUMNS if column in events]]
    events = events.drop(columns=[column for column in events if events[column].isna().all()])
    events = events.sort_values([USER_ID, TIMESTAMP], kind="stable", ignore_index=True)
    read = Shop(times="order" if shop.times == "order" else "utc")  # times are in UTC already
    checked = check(events, "events", source="events", item_ids=items["item_id"], shop=read).frame
    table = check(items, "items", source="items").frame
    notes |= _counted(table, checked, shop)
    return _Result(Tables(events=checked, items=table, shop=shop), left_out, notes)


def _with_derived(items: pd.DataFrame, locale: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return items with categories from their titles, where no item has a category and the titles name kinds of things.

    Titles of films or books share too few words for that: their words are no kinds of things.
    """
    titles = items["title"].dropna()
    if items["category"].notna().any() or titles.empty:
        return items, {}
    known = word_list(locale)
    least = max(LEAST_DERIVED, min(LEAST_ITEMS, titles.nunique() // 100))
    found = derive_categories(titles, stop_words=known.stop_words, endings=known.word_endings, least_items=least)
    if len(found) < LEAST_COVERED * titles.nunique():
        return items, {}
    names = {name: in_plural(name, locale, is_of_things=True) for name in {*found.values()}}
    category = items["title"].map(found).map(names).astype("str")
    return items.assign(category=category), {"categories derived from titles": category.nunique()}


def _with_codes(items: pd.DataFrame) -> pd.DataFrame:
    """Return items with the numbers of their categories, where no category has a name."""
    if CATEGORY_CODE not in items:
        return items
    codes = items[CATEGORY_CODE]
    named = items.drop(columns=CATEGORY_CODE)
    return named if named["category"].notna().any() else named.assign(category=codes)


def _priced(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with the price of one unit, from the amount of a row where no column has it."""
    if "amount" not in events:
        return events
    units = events["quantity"].abs() if "quantity" in events else pd.Series(1.0, index=events.index)
    each = (events["amount"].abs() / units.where(units > 0, np.nan)).round(4)
    return events.assign(price=events["price"].where(events["price"].notna(), each) if "price" in events else each)


def _settings(shop: Shop, assembled: Assembled, events: pd.DataFrame) -> Shop:
    """Return the settings with what the log tells: target kind, currency, time zone, whether times are an order."""
    changed: dict[str, object] = {}
    no_targets = [*shop.return_kinds, SKIP, WITHDRAWN, TAKEN_BACK, DISLIKE, *([UNRATED] if shop.ratings else [])]
    counts = events.loc[~events["kind"].isin(no_targets), "kind"].value_counts()
    if len(counts) and not set(shop.target_kinds) & set(counts.index):
        # Returns take back purchases. A log without purchases has none.
        given = shop.model_dump(include=shop.model_fields_set - {"return_kinds", "target_kinds"})
        told = [kind for kind in counts.index if kind in DEALS] or [
            kind for kind in counts.index if kind in known_kinds()
        ]
        target = str((told or counts.index)[0])
        undone = {"return_kinds": kinds} if (kinds := [k for k in counts.index if k in undoing(target)]) else {}
        shop = Shop.of({**given, **undone, "target_kinds": (target,)})
    if assembled.is_order_only:
        changed["times"] = "order"
    if assembled.zone and "time_zone" not in shop.model_fields_set:
        changed["time_zone"] = assembled.zone
    return shop.model_copy(update=changed)


def _without_confirmed(
    events: pd.DataFrame, items: pd.DataFrame, shop: Shop
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[LeftOut, ...]]:
    no_items, no_users = shop.proposals.confirmed("left_out_items"), shop.proposals.confirmed("outlier_users")
    is_no_item, is_no_user = events["item_id"].isin(list(no_items)), events["user_id"].isin(list(no_users))
    left_out = (
        LeftOut("events", "confirmed in shop.yaml: no product", int(is_no_item.sum())),
        LeftOut("events", "confirmed in shop.yaml: no shopper", int((is_no_user & ~is_no_item).sum())),
    )
    kept = events[~is_no_item & ~is_no_user].reset_index(drop=True)
    return (
        kept,
        items[~items["item_id"].isin(list(no_items))].reset_index(drop=True),
        tuple(e for e in left_out if e.rows),
    )


def _counted(items: pd.DataFrame, events: pd.DataFrame, shop: Shop) -> dict[str, int]:
    notes = {
        "users": events["user_id"].nunique(),
        "items with events": events["item_id"].nunique(),
        "items without a title": int(items["title"].isna().sum()),
        "items without a category": int(items["category"].isna().sum()),
        "categories": items["category"].nunique(),
        "proposals without a decision in shop.yaml": shop.proposals.open,
    }
    notes |= {f"events of kind {kind}": int(count) for kind, count in events["kind"].value_counts().items()}
    return {name: count for name, count in notes.items() if count}


def _about(read: Recognised) -> str:
    parts = [read.source.how, read.format.name if read.format else "", role(read)]
    return "; ".join(part for part in parts if part)


def _columns(reads: Sequence[Recognised], rows: dict[str, Rows]) -> Iterable[ColumnReport]:
    for read in reads:
        for column in read.columns:
            values = read.source.frame[column.header].dropna().head(1_000).unique()[:SAMPLES]
            times = rows[read.source.name].times if column.name == "timestamp" else ""
            how = "; ".join(part for part in (column.why, times) if part)
            yield ColumnReport(read.source.name, column.header, column.name, how, tuple(map(str, values)))


def _with_ragged(rejects: pd.DataFrame, reads: Sequence[Recognised]) -> pd.DataFrame:
    ragged = [read.source.ragged.assign(**{FILE: read.source.name}) for read in reads if len(read.source.ragged)]
    kept = rejects[[FILE, "row", "reason"]]
    return pd.concat([kept, *(frame[[FILE, "row", "reason"]] for frame in ragged)], ignore_index=True)
