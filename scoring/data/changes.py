"""Changes of a catalogue after training: items and promotions that were added, changed or ended (docs/design.md §11).

A log of changes is append-only. Each change has a moment from which on it counts. So the tables of any earlier moment
can be read again, and an old explanation can be computed again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from scoring.data.rules import rule_of
from scoring.data.tables import AVAILABLE, END, FIRST_SEEN, ITEM_ID, START
from scoring.errors import ArtifactError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

Operation = Literal["put", "patch", "discontinue", "promote", "end_promotions"]

NO: Final = frozenset({"false", "0", "0.0", "no"})
"""Texts of ``available`` that say no."""

TYPES: Final = {"number": "float64", "moment": "datetime64[ns]", "text": "str", "id": "str"}


class Change(BaseModel):
    """One change of a catalogue.

    Attributes:
        operation: What was done.
        moment: First moment at which it counts, UTC without a zone.
        items: Fields of items that are added or changed, each with its ``item_id``.
        promotions: Rows of the promotions table that are added.
        ended: Promotions that end, as ``item_id`` and, unless all of the item's end, ``label``, ``start`` or
            ``store_id``; an empty store stands for all stores.
        titles: Sentence embedding of each title in ``items``, as base64 of 32-bit floats; empty without title vectors.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: Operation
    moment: str
    items: tuple[dict[str, Any], ...] = ()
    promotions: tuple[dict[str, Any], ...] = ()
    ended: tuple[dict[str, str], ...] = ()
    titles: dict[str, str] = {}

    @property
    def line(self) -> str:
        """The change as JSON."""
        return self.model_dump_json(exclude_defaults=True)

    @property
    def since(self) -> pd.Timestamp:
        """First moment at which the change counts."""
        return pd.Timestamp(self.moment)


class ChangeLog:
    """The file of changes next to a shop's artifacts, one JSON object a line. Lines are only ever added.

    Args:
        path: The file; it need not exist.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = -1
        self._changes: tuple[Change, ...] = ()

    def read(self) -> tuple[Change, ...]:
        """Return all changes, oldest first. A last line that a killed process left unfinished does not count.

        Returns:
            The changes.

        Raises:
            ArtifactError: If a line is not a change.
        """
        size = self.path.stat().st_size if self.path.exists() else 0
        if size != self._size:
            lines = self.path.read_bytes().split(b"\n")[:-1] if size else []
            changes = []
            for number, line in enumerate(lines, start=1):
                try:
                    changes.append(Change.model_validate_json(line))
                except ValidationError as error:
                    raise ArtifactError(
                        f"{self.path}: line {number} is not a change of the catalogue but one is needed "
                        f"({error.errors()[0]['msg']}). Restore the file."
                    ) from error
            self._changes, self._size = tuple(changes), size
        return self._changes

    def append(self, change: Change) -> None:
        """Write a change behind the others; its moment must not be before theirs.

        Args:
            change: The change.
        """
        check_order(change, self.read())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as stream:
            content = self.path.read_bytes()
            stream.truncate(content.rfind(b"\n") + 1)  # an unfinished line was never read
            stream.write(f"{change.line}\n".encode())

    def take(self, changes: Sequence[Change]) -> int:
        """Take over changes of another log, each at the place of its moment.

        Args:
            changes: The changes; those that are here already are left out.

        Returns:
            How many were new.
        """
        own = self.read()
        known = {change.line for change in own}
        new = [change for change in changes if change.line not in known]
        if new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole = sorted((*own, *new), key=lambda change: change.since)
            stage = self.path.with_suffix(".new")
            stage.write_text("".join(f"{change.line}\n" for change in whole), encoding="utf-8")
            stage.replace(self.path)
        return len(new)


def check_order(change: Change, earlier: Sequence[Change]) -> None:
    """Refuse a change that counts before an earlier one.

    Args:
        change: The change.
        earlier: The changes before it, oldest first.

    Raises:
        SettingError: If its moment is before that of the last change.
    """
    if earlier and change.since < earlier[-1].since:
        raise SettingError(
            f"moment is {change.moment} but the last change is of {earlier[-1].moment} and changes are kept in their "
            "order. Choose a later moment."
        )


def hash_of(changes: Iterable[Change]) -> str:
    """Return ``sha256:`` and 64 hexadecimal digits of some changes in their order."""
    lines = "\n".join(change.line for change in changes)
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def version_at(changes: Sequence[Change], as_of: pd.Timestamp) -> int:
    """Return how many changes count at a moment."""
    return int(np.searchsorted([change.since.value for change in changes], as_of.value, side="right"))


def changed_items(items: pd.DataFrame, changes: Iterable[Change]) -> pd.DataFrame:
    """Return the items table after some changes.

    Args:
        items: The items table.
        changes: Changes in their order.

    Returns:
        The same rows with the new values, then the new items in the order in which they came. A new item without
        ``first_seen`` was first there when it was added.
    """
    known = pd.Index(items[ITEM_ID].to_numpy(dtype=object))
    fields: dict[str, dict[str, Any]] = {}
    for change in changes:
        for item in change.items:
            item_id = str(item[ITEM_ID])
            if item_id not in fields:
                fields[item_id] = {} if item_id in known else {FIRST_SEEN: change.moment}
            fields[item_id].update({name: value for name, value in item.items() if name != ITEM_ID})
    if not fields:
        return items
    new = [item_id for item_id in fields if item_id not in known]
    table = items.reindex(range(len(items) + len(new)))
    table[ITEM_ID] = pd.Series([*items[ITEM_ID], *new], dtype=items[ITEM_ID].dtype)
    rows = dict(zip(fields, pd.Index(table[ITEM_ID].to_numpy(dtype=object)).get_indexer(list(fields)), strict=True))
    names = dict.fromkeys(name for given in fields.values() for name in given)
    for name in names:
        values = {rows[item_id]: given[name] for item_id, given in fields.items() if name in given}
        table[name] = _column(name, table.get(name), values, len(table))
    return table


def _column(name: str, old: pd.Series | None, values: Mapping[int, Any], n: int) -> pd.Series:
    column = np.full(n, None, dtype=object) if old is None else old.to_numpy(dtype=object, copy=True)
    kind = rule_of("items", name).kind
    for row, value in values.items():
        column[row] = pd.Timestamp(value) if kind == "moment" and value is not None else value
    series = pd.Series(column, dtype=object)
    if kind == "number":
        return pd.to_numeric(series)
    return series.astype(TYPES[kind]) if kind in TYPES else series  # type: ignore[call-overload]


def changed_promotions(promotions: pd.DataFrame, changes: Iterable[Change]) -> pd.DataFrame:
    """Return the promotions table, or a part of it, after some changes.

    Args:
        promotions: Rows of the promotions table.
        changes: Changes in their order.

    Returns:
        The rows with their new ends, and the new rows. A promotion that ended before it began is left out.
    """
    for change in changes:
        for ended in change.ended:
            is_of = promotions[END].isna() | (promotions[END] > change.since)
            for name, value in ended.items():
                column = promotions.get(name, pd.Series("", index=promotions.index))
                is_of &= column == pd.Timestamp(value) if name == START else column.fillna("") == value
            promotions = promotions.assign(**{END: promotions[END].mask(is_of, change.since)})
            promotions = promotions[~(is_of & (promotions[START] >= change.since))]
        if change.promotions:
            added = pd.DataFrame(list(change.promotions))
            for name in (START, END):  # one row may have fractions of a second that another has not
                moments = added.get(name, pd.Series(pd.NaT, index=added.index))
                added[name] = pd.to_datetime(moments, format="ISO8601").astype("datetime64[ns]")
            promotions = pd.concat([promotions, added], ignore_index=True) if len(promotions) else added
    return promotions.reset_index(drop=True)


def is_on_sale(items: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which items may be recommended: all but those that ``available`` says no of, shape ``(n_items,)``."""
    if AVAILABLE not in items:
        return np.ones(len(items), dtype=bool)
    return ~items[AVAILABLE].map(lambda value: str(value).strip().casefold() in NO).to_numpy(dtype=bool)
