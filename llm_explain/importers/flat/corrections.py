"""Corrections of an import: ``--map FILE.COLUMN=NAME``, ``--kind FILE=KIND`` and ``--kind FILE.CODE=KIND``."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rapidfuzz import process

from llm_explain.errors import SettingError
from llm_explain.importers.flat.times import ORDERS
from llm_explain.importers.flat.values import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llm_explain.importers.flat.files import Source
    from llm_explain.importers.flat.times import Order
    from llm_explain.importers.flat.values import Unit

NAMES: Final = (
    "user_id", "item_id", "timestamp", "order_id", "quantity", "refunded_quantity", "price", "amount", "kind",
    "status", "cancelled_at", "value", "channel", "user_agent", "store_id", "title", "category", "category_broad",
    "category_narrow", "brand", "description", "image", "available", "first_seen", "parent_id", "time_of_day",
    "item_number", "currency", "position", "skipped", "completed", "played_share", "played_time", "length", "is_test",
    "renewal", "failure", "refunded_amount", "stock", "backorders", "start", "end", "label",
)  # fmt: skip
"""Names that a column can get."""

OPTIONS: Final = (*ORDERS, *UNITS)

LEAST_LIKE: Final = 75
"""How much of 100 a mistyped name is like the one that it is taken for."""


class MissingAnswerError(SettingError):
    """An import needs to be told what a column is.

    Args:
        message: What is missing.
        maps: Values of ``--map`` of which one set answers it.
    """

    def __init__(self, message: str, maps: Sequence[str]) -> None:
        super().__init__(message)
        self.maps = tuple(maps)


def command(files: Iterable[Path], out: Path, maps: Iterable[str], kinds: Iterable[str]) -> str:
    """Return the command of an import as it can be pasted into a shell."""
    options = [word for text in maps for word in ("--map", text)] + [
        word for text in kinds for word in ("--kind", text)
    ]
    return shlex.join(["llm-explain", "import", "flat", *map(str, files), "--out", str(out), *options])


@dataclass(frozen=True, slots=True)
class Correction:
    """What a shop says of one column.

    Attributes:
        name: The column's name; empty to leave it out.
        order: What comes first in its dates, if it holds dates.
        unit: Unit of its amounts, if it holds amounts.
    """

    name: str
    order: Order | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a shop says of the columns and files of an import.

    Attributes:
        columns: Correction by file and column.
        kinds: Event kind by file.
        codes: Event kind by code, by file.
    """

    columns: Mapping[tuple[str, str], Correction] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, source: str, column: str) -> Correction | None:
        """Return what the shop says of a column, if it says anything."""
        return self.columns.get((source, column))

    @classmethod
    def parse(cls, maps: Iterable[str], kinds: Iterable[str], sources: Sequence[Source]) -> Corrections:
        """Read the options.

        Args:
            maps: Texts such as ``orders.csv.Vendor=brand``; an empty name leaves the column out.
            kinds: Texts such as ``clicks.csv=view``, or ``log.csv.2=cart`` for what is 2 in a column of kinds.
            sources: The tables that were read.

        Returns:
            The corrections.

        Raises:
            SettingError: If a text names no file, no column or no known name.
        """
        columns = dict(_correction(text, sources) for text in maps)
        by_file: dict[str, str] = {}
        codes: dict[str, dict[str, str]] = {}
        for text in kinds:
            name, equals, kind = text.rpartition("=")
            found = [source.name for source in sources if name in _spellings(source.name)]
            of_code, dot, code = name.rpartition(".")
            coded = [source.name for source in sources if dot and not found and of_code in _spellings(source.name)]
            if equals and kind.strip() and coded:
                for file in coded:
                    codes.setdefault(file, {})[code] = kind.strip().lower()
                continue
            if not (equals and kind.strip() and found):
                listed = ", ".join(source.name for source in sources)
                raise SettingError(
                    f"--kind is {text!r} but FILE=KIND is needed, with one of the files {listed}. "
                    f"Write for example --kind {sources[0].name}=view."
                )
            by_file |= dict.fromkeys(found, kind.strip().lower())
        return cls(columns, by_file, codes)


def _spellings(name: str) -> tuple[str, ...]:
    return (name, name.partition(".")[0], name.rpartition(".")[0])


def _correction(text: str, sources: Sequence[Source]) -> tuple[tuple[str, str], Correction]:
    left, equals, right = text.rpartition("=")
    name, _, option = right.partition(":")
    if not equals or (name and name not in NAMES) or (option and option not in OPTIONS):
        near = process.extractOne(name, NAMES, score_cutoff=LEAST_LIKE)
        hint = f"Did you mean {near[0]!r}?" if name and name not in NAMES and near else "Write for example"
        raise SettingError(
            f"--map is {text!r} but FILE.COLUMN=NAME is needed, where NAME is one of {', '.join(NAMES)}, "
            f"timestamp:day-first, timestamp:month-first, price:minor or price:major. {hint} "
            f"--map {shlex.quote(f'{sources[0].name}.{sources[0].frame.columns[0]}=user_id')}"
        )
    found = [
        (source.name, left[len(spelling) + 1 :])
        for source in sources
        for spelling in _spellings(source.name)
        if spelling and left.startswith(f"{spelling}.") and left[len(spelling) + 1 :] in source.frame.columns
    ] or [(source.name, left) for source in sources if left in source.frame.columns]
    places = list(dict.fromkeys(found))
    if len(places) != 1:
        every = [f"{source.name}.{column}" for source in sources for column in source.frame.columns]
        nearest = [match[0] for match in process.extract(left, every, limit=3)]
        what = f"column {left!r} is in {len(places)} files" if places else f"column {left!r} is in none of the files"
        raise SettingError(
            f"--map {text}: {what} but one column is needed. Did you mean "
            + " or ".join(f"--map {shlex.quote(f'{each}={right}')}" for each in nearest)
            + "?"
        )
    order: Order | None = next((each for each in ORDERS if each == option), None)
    return places[0], Correction(name, order, next((each for each in UNITS if each == option), None))
