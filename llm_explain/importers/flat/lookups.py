"""Join tables that belong together: names of categories, lines of orders, properties of items."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.importers.flat.columns import ReadColumn
from llm_explain.importers.flat.values import ids
from llm_explain.importers.flat.vocabulary import headers, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.importers.flat.columns import Recognised
    from llm_explain.importers.flat.files import Source

MOST_COLUMNS: Final = 6
KEYS: Final = ("user_id", "item_id", "order_id")
LEAST_KNOWN: Final = 0.5
"""Share of a log's rows whose item is in the catalogue."""


def join_lookups(sources: Sequence[Source]) -> tuple[list[Source], list[str]]:
    """Add the columns of small tables, such as the names of departments, to the tables that refer to them.

    Args:
        sources: The tables of an import.

    Returns:
        The tables without the small ones, and a line on each join for the report.
    """
    left, notes = _with_own_ids(sources)
    for small in list(left):
        for place, large in enumerate(left):
            key = _shared_key(small, large)
            if key is None or small not in left:
                continue
            joined = _joined(small, large, key)
            if joined is not None:
                left[place] = joined
                left = [source for source in left if source.name != small.name]
                notes.append(f"{small.name} names the values of {key[1]!r} in {large.name}")
                break
    return left, notes


def _with_own_ids(sources: Sequence[Source]) -> tuple[list[Source], list[str]]:
    """Call the ``id`` of each table as others refer to it: the ``id`` of "products.csv" is their ``product_id``."""
    found, notes = [], []
    for source in sources:
        stem = normal(source.name.partition(".")[0])
        plurals = {stem, stem.removesuffix("s"), stem.removesuffix("es"), re.sub("ies$", "y", stem)}
        own = [c for c in map(str, source.frame) if normal(c) == "id" and source.frame[c].is_unique]
        others = (column for other in sources if other is not source for column in map(str, other.frame))
        named = (c for c in others if normal(c)[-2:] == "id" and re.sub(" ?id$", "", normal(c)) in plurals)
        name = next(named, None) if own and source.has_header else None
        if name is not None and name not in source.frame:
            source = replace(source, frame=source.frame.rename(columns={own[0]: name}))
            notes.append(f"{source.name}: {own[0]!r} is the {name!r} of other files")
        found.append(source)
    return found, notes


def _shared_key(small: Source, large: Source) -> tuple[str, str] | None:
    """Return the header in both tables that is unique in the small one and refers to it in the large one."""
    if small is large or not small.has_header or small.frame.shape[1] > MOST_COLUMNS:
        return None
    others = {normal(column): column for column in large.frame.columns}
    for column in small.frame.columns:
        name = normal(column)
        is_key = any(name in headers()[key].ranks for key in KEYS)
        is_alias = name in headers()["user_id"].ranks and any(
            "unique" in other for other in map(normal, map(str, small.frame))
        )
        is_named = "id" in name.split() or small.frame.shape[1] == 2
        if name not in others or (is_key and not is_alias) or not is_named:
            continue
        values = small.frame[column].dropna()
        if values.is_unique and (len(large.frame) > len(values) or is_alias) and len(values) >= 2:
            return column, others[name]
    return None


def _joined(small: Source, large: Source, key: tuple[str, str]) -> Source | None:
    names = small.frame.set_axis(ids(small.frame[key[0]]), axis=0).drop(columns=key[0])
    what = normal(key[0]).removesuffix("id").strip()
    names = names.rename(columns=lambda each: f"{what} {each}" if what and normal(each) in {"name", "title"} else each)
    refers = ids(large.frame[key[1]])
    if refers.dropna().isin(names.index).mean() < 0.5:
        return None
    added = names.drop(columns=[column for column in names if column in large.frame])
    if added.shape[1] == 1 and "id" not in normal(key[0]).split():
        named = added.iloc[:, 0].reindex(refers.fillna("")).set_axis(large.frame.index, axis=0)  # a name for a name
        own = large.frame[key[1]]
        return replace(large, frame=large.frame.assign(**{key[1]: named.where(named.notna(), own).astype("str")}))
    looked_up = added.reindex(refers.fillna("")).set_axis(large.frame.index, axis=0).astype("str")
    return replace(large, frame=pd.concat([large.frame, looked_up], axis=1))


def with_shared_items(reads: Sequence[Recognised]) -> list[Recognised]:
    """Read as the item's id a column with an unknown header that refers from a log to a catalogue.

    Args:
        reads: The tables with a decision for each column.

    Returns:
        The tables; a header that is unique in the catalogue and whose values the log repeats is their ``item_id``.
    """
    left = list(reads)
    for log_place, log in enumerate(left):
        if not (log.has("user_id") or log.has("order_id")) or (log.has("item_id") and _is_joined(log, reads)):
            continue
        for place, catalogue in enumerate(left):
            if catalogue.has("user_id") or catalogue.has("order_id") or not catalogue.has("title"):
                continue
            for own, other in _unread_in_both(log, catalogue):
                values = ids(catalogue.source.frame[other]).dropna()
                refers = ids(log.source.frame[own]).dropna()
                if refers.is_unique:  # the number of the log's own rows
                    continue
                if len(values) > 1 and values.is_unique and refers.isin(values).mean() >= LEAST_KNOWN:
                    left[log_place] = _with_item_id(left[log_place], own)
                    left[place] = _with_item_id(catalogue, other)
                    break
    return left


def _is_joined(log: Recognised, reads: Sequence[Recognised]) -> bool:
    """Return whether a log's items are in a catalogue, or no catalogue is there."""
    catalogues = [read for read in reads if read.has("title", "item_id") and not read.has("user_id")]
    refers = ids(log.source.frame[log.headers_of("item_id")[0]]).dropna()
    known = [ids(read.source.frame[read.headers_of("item_id")[0]]) for read in catalogues]
    return not known or bool(refers.isin(pd.concat(known)).mean() >= LEAST_KNOWN)


def _unread_in_both(log: Recognised, catalogue: Recognised) -> list[tuple[str, str]]:
    """Return the headers that the log and the catalogue share and that mean nothing in the log, or its item."""
    others = {normal(c.header): c.header for c in catalogue.columns if c.name in {"", "item_id"} and c.why != "--map"}
    unread = [column.header for column in log.columns if column.name in {"", "item_id"} and column.why != "--map"]
    return [(header, others[normal(header)]) for header in unread if normal(header) in others]


def _with_item_id(read: Recognised, header: str) -> Recognised:
    columns = (
        ReadColumn(c.header, "item_id", "key of both files")
        if c.header == header
        else replace(c, name="")
        if c.name == "item_id"
        else c
        for c in read.columns
    )
    return replace(read, columns=tuple(columns))
