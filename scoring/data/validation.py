"""The gate that every table passes before anything reads it (docs/design.md §8).

A table comes in as any frame and leaves with the contract's columns, types and order, or not at all. What cannot be
laid at the door of single rows (columns, an empty table) is always refused. Rows that break a rule are refused with
file, column, rule, number and the first of them; or, on request, set aside with the reason for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pandera.errors

from scoring.data.coercion import Whole, coerce
from scoring.data.ratings import RATE, as_meant, scale_of
from scoring.data.reading import read_table
from scoring.data.rules import COLUMNS, rule_of
from scoring.data.schema import schema
from scoring.data.shop import Shop
from scoring.data.tables import EMBEDDING_PREFIX, ITEM_ID, KIND, TIMESTAMP, USER_ID, VALUE, Tables, with_names
from scoring.data.violations import ROW, Violation, message, rejected_rows
from scoring.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

MAY_BE_EMPTY: Final = frozenset({"users", "promotions"})


@dataclass(frozen=True, slots=True)
class Checked:
    """A table that passed the gate.

    Attributes:
        frame: The good rows in their order, with the contract's types and order of columns.
        rejects: The other rows as they came, with ``row`` (counted from 1, the header not counted) and ``reason``.
    """

    frame: pd.DataFrame
    rejects: pd.DataFrame


def check(
    frame: pd.DataFrame,
    name: str,
    *,
    source: str,
    item_ids: Collection[str] | None = None,
    skip_bad: bool = False,
    shop: Shop | None = None,
) -> Checked:
    """Check a table against the contract.

    Args:
        frame: The table as it came; all text from a CSV file, or typed columns.
        name: ``events``, ``items``, ``users`` or ``promotions``.
        source: What to call it in messages, as a rule the file's name.
        item_ids: Items that events and promotions may name; ``None`` if any may be.
        skip_bad: Set aside rows that break a rule instead of refusing the table.
        shop: Settings that say what times without a zone mean; UTC if not given.

    Returns:
        The checked table, items with ``title`` and ``category``. A ``TableError`` says that a column is missing,
        unknown or there twice, that no row is left, or that rows break a rule and ``skip_bad`` is not set.
    """
    pieces = Pieces([frame], name, source, item_ids=item_ids, skip_bad=skip_bad, shop=shop)
    (good,) = pieces.good()
    return Checked(with_names(good) if name == "items" else good, pieces.rejects)


@dataclass
class Pieces:
    """A table that is checked piece by piece, so that memory does not grow with it.

    Attributes:
        pieces: The pieces, each as ``check`` takes a table.
        name: As in ``check``, like the next attributes.
        source: What to call the table in messages.
        item_ids: Items that rows may name.
        skip_bad: Set aside rows that break a rule.
        shop: Settings.
        wholes: What the columns hold from the first piece to the last, by ``wholes_of``.
        rejects: Rows that were set aside, complete after the last piece.
    """

    pieces: Iterable[pd.DataFrame]
    name: str
    source: str
    wholes: Mapping[str, Whole] = field(default_factory=dict)
    item_ids: Collection[str] | None = None
    skip_bad: bool = False
    shop: Shop | None = None
    rejects: pd.DataFrame = field(default_factory=pd.DataFrame)

    def good(self) -> Iterator[pd.DataFrame]:
        """Yield the good rows of each piece.

        Yields:
            pd.DataFrame: Rows with the contract's types and columns.

        Raises:
            TableError: As ``check`` does; for rows that break a rule after the last piece, so that all are counted.
        """
        aside: list[pd.DataFrame] = []
        broken: dict[tuple[str, str], list[npt.NDArray[np.int64]]] = {}
        n_aside = n_good = 0
        for frame in self.pieces:
            check_columns(frame, self.name, self.source)
            if frame.empty and self.name not in MAY_BE_EMPTY:
                raise TableError(f"{self.source}: the table has no rows but at least one is needed. Check the export.")
            came = frame if frame.index.name == ROW else frame.set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)
            typed, violations = _coerce(came.reset_index(drop=True), self.name, self.shop, self.wholes)
            violations += _broken_rules(typed, self.name, violations, self.item_ids)
            bad = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(each.positions for each in violations)]))
            for each in violations:
                place = np.searchsorted(bad, each.positions) + n_aside
                broken.setdefault((each.column, each.rule), []).append(place)
            aside.append(came.iloc[bad])
            n_aside, n_good = n_aside + len(bad), n_good + len(typed) - len(bad)
            yield typed[~typed.index.isin(bad)].reset_index(drop=True) if len(bad) else typed
        rows = pd.concat(aside)
        found = [Violation(*key, np.concatenate(places)) for key, places in broken.items()]
        self.rejects = rejected_rows(rows, found)
        if found and not self.skip_bad:
            raise TableError(message(rows, found, self.source), self.rejects)
        if not n_good and self.name not in MAY_BE_EMPTY:
            told = message(rows, found, self.source)
            raise TableError(f"{told}\nNo good row is left but at least one is needed.")


def wholes_of(pieces: Iterable[pd.DataFrame], name: str) -> dict[str, Whole]:
    """Return what each column of a table holds from its first piece to its last."""
    wholes: dict[str, Whole] = {}
    for frame in pieces:
        for column in map(str, frame.columns):
            piece = Whole.of(frame[column], rule_of(name, column).kind)
            wholes[column] = wholes[column] + piece if column in wholes else piece
    return wholes


def check_tables(frames: Mapping[str, pd.DataFrame], shop: Shop | None = None) -> Tables:
    """Check data frames and return them as a shop's tables.

    Args:
        frames: ``events`` and ``items``, and optionally ``users`` and ``promotions``.
        shop: Settings of the shop; the defaults if not given.

    Returns:
        Checked tables; events are sorted by user and time.

    Raises:
        TableError: If a required table is missing, or if a table breaks the contract.
    """
    for name in ("items", "events"):
        if name not in frames:
            raise TableError(f"the table {name!r} is missing but is needed. Pass a DataFrame under this name.")
    good: dict[str, pd.DataFrame] = {}
    for name in sorted(frames, key=lambda name: name != "items"):  # events and promotions name items
        item_ids = None if name == "items" else good["items"][ITEM_ID]
        good[name] = check(frames[name], name, source=name, item_ids=item_ids, shop=shop).frame
    events, shop = good["events"].sort_values([USER_ID, TIMESTAMP], kind="stable", ignore_index=True), shop or Shop()
    if shop.ratings is None and {KIND, VALUE} <= set(events):
        shop = shop.model_copy(update={"ratings": scale_of(events.loc[events[KIND] == RATE, VALUE].value_counts())})
    return Tables(**{**good, "events": as_meant(events, shop.ratings)}, shop=shop.as_meant)


def read_events(path: Path, item_ids: Collection[str], shop: Shop | None = None) -> pd.DataFrame:
    """Read an events table from a file and check it.

    Args:
        path: A CSV or Parquet file with the contract's columns.
        item_ids: Items that the events may name.
        shop: Settings that say what times without a zone mean; UTC if not given.

    Returns:
        The events.
    """
    found = check(read_table(path).frame, "events", source=path.name, item_ids=item_ids, shop=shop).frame
    return as_meant(found, shop.ratings if shop else None)


def check_history(
    events: pd.DataFrame, item_ids: Collection[str], *, source: str = "history", shop: Shop | None = None
) -> pd.DataFrame:
    """Check the events of one user, who may be unknown to the shop.

    Args:
        events: The events; ``user_id`` may be left out, and there may be no rows.
        item_ids: Items that the events may name.
        source: What to call them in messages.
        shop: Settings that say what times without a zone mean; UTC if not given.

    Returns:
        The events with the contract's types.

    Raises:
        TableError: If they are of several users, or break the contract.
    """
    if USER_ID not in events:
        named = events.assign(**{USER_ID: pd.Series(source, index=events.index, dtype="str")})
        return check_history(named, item_ids, source=source, shop=shop).drop(columns=USER_ID)
    users = events[USER_ID].unique()
    if len(users) > 1:
        raise TableError(
            f"{source}: column 'user_id' names {len(users)} users but the events of one are needed. "
            "Ask for one user at a time."
        )
    if events.empty:
        check_columns(events, "events", source)
        return _coerce(events, "events", shop, {})[0]
    found = check(events, "events", source=source, item_ids=item_ids, shop=shop).frame
    return as_meant(found, shop.ratings if shop else None)


def check_columns(frame: pd.DataFrame, name: str, source: str) -> None:
    """Refuse a table whose columns are not those of the contract.

    Args:
        frame: The table.
        name: ``events``, ``items``, ``users`` or ``promotions``.
        source: What to call it in messages.

    Raises:
        TableError: If a column is missing, unknown or there twice.
    """
    columns = [str(column) for column in frame.columns]
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise TableError(
            f"{source}: column {twice[0]!r} is there {columns.count(twice[0])} times but once is needed. Rename one."
        )
    rules = COLUMNS[name]
    missing = [column for column, rule in rules.items() if rule.is_required and column not in columns]
    unknown = [column for column in columns if not _is_allowed(name, column)]
    if missing:
        near = {column: get_close_matches(column, unknown, n=1, cutoff=0.7) for column in missing}
        maps = " ".join(f"--map {found[0] if found else 'COLUMN'}={column}" for column, found in near.items())
        raise TableError(
            f"{source}: column {_listed(missing)} is missing but is needed; there are {_listed(columns)}. "
            f"Name the column that holds it, for example {maps}."
        )
    if unknown:
        raise TableError(
            f"{source}: column {_listed(unknown)} is unknown but only {_listed(list(rules))}"
            f"{' and embedding_* columns are' if name == 'items' else ' are'} known. "
            "Leave the column out or rename it with --map, or use `llm-explain import flat`."
        )


def _is_allowed(name: str, column: str) -> bool:
    is_embedding = name == "items" and column.startswith(EMBEDDING_PREFIX) and column != EMBEDDING_PREFIX
    return name == "users" or column in COLUMNS[name] or is_embedding


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _coerce(
    frame: pd.DataFrame, name: str, shop: Shop | None, wholes: Mapping[str, Whole]
) -> tuple[pd.DataFrame, list[Violation]]:
    order = [column for column in COLUMNS[name] if column in frame]
    columns, violations = {}, []
    for column in [*order, *(str(column) for column in frame.columns if column not in order)]:
        kind = rule_of(name, column).kind
        columns[column], findings = coerce(frame[column], kind, shop or Shop(), wholes.get(column))
        violations += [Violation(column, rule, np.flatnonzero(broken)) for rule, broken in findings if broken.any()]
    if name == "events" and TIMESTAMP in columns and (shop is None or shop.times != "order"):
        is_epoch = columns[TIMESTAMP].dt.year == 1970
        violations += [Violation(TIMESTAMP, "epoch", np.flatnonzero(is_epoch))] if is_epoch.any() else []
    return pd.DataFrame(columns, index=frame.index), violations


def _broken_rules(
    frame: pd.DataFrame, name: str, untyped: list[Violation], item_ids: Collection[str] | None
) -> list[Violation]:
    """Return the broken rules of typed values, but for those that are missing because they could not be typed."""
    try:
        schema(frame, name, item_ids).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    violations = []
    for (column, rule), rows in cases.groupby(["column", "check"], sort=False)["index"]:
        known = [violation.positions for violation in untyped if violation.column == column]
        positions = np.setdiff1d(rows.to_numpy(dtype=np.int64), np.concatenate([np.zeros(0, dtype=np.int64), *known]))
        if len(positions):
            violations.append(Violation(str(column), str(rule), positions))
    return violations
