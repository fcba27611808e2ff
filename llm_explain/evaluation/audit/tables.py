"""The shop's raw tables behind SQL, and claims compared with what the tables give.

``facts.sql`` and ``degrees.sql`` find facts and words of degree again, from the rules' words alone; this file compares.
"""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.audit.attributions import attribution_faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from llm_explain.evaluation.audit.attributions import Record

Told = tuple["Record", "Record"]
"""A record, and a claim that it makes."""

SQL: Final = tuple(Path(__file__).with_name(name) for name in ("facts.sql", "degrees.sql"))
OPTIONAL: Final = {
    "events": {"price": "double", "kind": "varchar", "store_id": "varchar"},
    "items": {"brand": "varchar", "first_seen": "timestamp"},
    "promotions": {"store_id": "varchar"},
}
ABSENT: Final = {"kind": "'purchase'", "store_id": "''"}
CENT: Final = 0.0101
SLACK: Final = {"price": CENT, "low": CENT, "high": CENT}
BATCH: Final = 20_000
"""Claims that one run of the SQL looks at."""


class Audit:
    """The shop's raw tables behind SQL.

    Args:
        folder: Folder of the Parquet tables.
        moment: The moment of the statistics that the scorer was trained with.

    Raises:
        MissingExtraError: If DuckDB is not installed.
    """

    def __init__(self, folder: Path, moment: pd.Timestamp) -> None:
        try:
            import duckdb
        except ImportError as error:
            raise MissingExtraError(
                "duckdb is not installed but the audit needs it. Run: pip install 'llm-explain-recommendations[evaluation]'"
            ) from error
        self.connection = duckdb.connect()
        with suppress(duckdb.InvalidInputException):  # in Jupyter without ipywidgets there is no bar to switch off
            self.connection.execute("set enable_progress_bar = false")
        for table, columns in OPTIONAL.items():
            self._read(folder / f"{table}.parquet", table, columns)
        self.connection.execute("create table snapshot as select $1::timestamp as moment", [moment.to_pydatetime()])

    def _read(self, path: Path, table: str, columns: Mapping[str, str]) -> None:
        has = self.connection.execute(f"select * from read_parquet('{path}') limit 0").df().columns  # noqa: S608  our own path
        absent = "".join(
            f", {ABSENT.get(name, 'null')}::{type_} as {name}" for name, type_ in columns.items() if name not in has
        )
        make = "view" if table == "promotions" else "table"
        self.connection.execute(f"create {make} {table} as select *{absent} from read_parquet('{path}')")  # noqa: S608  our own names

    def faults(self, records: Iterable[Record]) -> list[str]:
        """Return what is wrong with records; nothing where all is true.

        Args:
            records: Explanation records (docs/design.md §9), with any number of reasons.

        Returns:
            One line for each fault.
        """
        records = list(records)
        told = told_by(records)
        wrong = [fault for record in records for fault in attribution_faults(record)]
        return wrong + [fault for faults in self.fact_faults(told) for fault in faults]

    def fact_faults(self, told: Sequence[Told]) -> list[list[str]]:
        """Return what is wrong with the facts of claims.

        Args:
            told: Records and claims.

        Returns:
            Faults of each claim, in the order given.
        """
        faults: list[list[str]] = []
        for (record, claim), facts in zip(told, self.facts(told), strict=True):
            where = f"user {record['user_id']}, item {record['item_id']}, {claim['kind']}"
            faults.append(list(_differences(where, claim["facts"], facts)))
        return faults

    def facts(self, told: Sequence[Told]) -> list[dict[str, Any] | None]:
        """Return the facts that the tables give for claims.

        Args:
            told: Records and claims; only what a claim is about is read, not what it says.

        Returns:
            Facts of each claim, ``None`` where its rule does not hold, in the order given.
        """
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(told), BATCH):
            self._tell(told[start : start + BATCH], start)
            for kind in sorted({claim["kind"] for _, claim in told[start : start + BATCH]}):
                rows = self.connection.execute(f"select * from found_{kind}").df()  # noqa: S608  a claim kind
                found.update({int(row.pop("rid")): row for row in rows.to_dict("records")})  # type: ignore[misc]
        return [found.get(rid) for rid in range(len(told))]

    def degrees(self, told: Sequence[Told]) -> list[frozenset[str]]:
        """Return the words of degree that the tables permit claims to say.

        Args:
            told: Records and claims.

        Returns:
            Rules that hold for each claim, in the order given.
        """
        found: dict[int, frozenset[str]] = {}
        for start in range(0, len(told), BATCH):
            self._tell(told[start : start + BATCH], start)
            rows = self.connection.execute("select * from found_degrees").df()
            for row in rows.to_dict("records"):
                found[int(row.pop("rid"))] = frozenset(str(word) for word, holds in row.items() if holds)
        return [found.get(rid, frozenset()) for rid in range(len(told))]

    def _tell(self, told: Sequence[Told], first: int) -> None:
        frame = pd.DataFrame([_subject(rid, record, claim) for rid, (record, claim) in enumerate(told, start=first)])
        self.connection.register("frame", frame)
        self.connection.execute("create or replace table told as select * from frame")
        for path in SQL:
            self.connection.execute(path.read_text(encoding="utf-8"))


def told_by(records: Iterable[Record]) -> list[Told]:
    """Return every claim of records: reasons, and statements that are none."""
    return [(record, claim) for record in records for claim in (*record["reasons"], *record.get("statements", ()))]


def _subject(rid: int, record: Record, claim: Record) -> Record:
    """Return what a claim is about, without what it says."""
    return {
        "rid": rid,
        "claim": claim["kind"],
        "player": claim["player"],
        "user_id": record["user_id"],
        "item_id": record["item_id"],
        "as_of": pd.Timestamp(record["as_of"]),
        "event_kind": claim["facts"].get("event_kind", "purchase"),
        "other_item_id": claim["facts"].get("other_item_id", ""),
    }


def _differences(where: str, facts: Mapping[str, Any], expected: Mapping[str, Any] | None) -> Iterator[str]:
    if expected is None:
        yield f"{where}: the rule does not hold"
        return
    stated = {name: value for name, value in facts.items() if name != "event_kind"}
    if stated.keys() != expected.keys():
        yield f"{where}: facts {sorted(stated)} but the tables give {sorted(expected)}"
        return
    for name, value in stated.items():
        should = expected[name]
        is_same = (
            math.isclose(value, float(should), rel_tol=0, abs_tol=SLACK.get(name, 1e-9))
            if isinstance(value, (int, float))
            else value == str(should)
        )
        if not is_same:
            yield f"{where}: {name} is {value!r} but the tables give {should!r}"
