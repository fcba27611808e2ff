"""Check explanation records against the shop's raw tables, trusting neither the model nor the claims.

``audit.sql`` finds the facts again; this file compares, and checks what a record says of its own attribution.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Record = dict[str, Any]

SQL: Final = Path(__file__).with_name("audit.sql")
OPTIONAL: Final = {
    "events": {"price": "double", "kind": "varchar", "store_id": "varchar"},
    "items": {"brand": "varchar", "first_seen": "timestamp"},
    "promotions": {"store_id": "varchar"},
}
ABSENT: Final = {"kind": "'purchase'", "store_id": "''"}
CENT: Final = 0.0101
SLACK: Final = {"price": CENT, "low": CENT, "high": CENT}


class Audit:
    """The shop's raw tables behind SQL.

    Args:
        folder: Folder of the Parquet tables.
        moment: The moment of the statistics that the scorer was trained with.
    """

    def __init__(self, folder: Path, moment: pd.Timestamp) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set threads = 1; set enable_progress_bar = false")
        for table, columns in OPTIONAL.items():
            self._read(folder / f"{table}.parquet", table, columns)
        self.connection.execute("create table snapshot as select $1::timestamp as moment", [moment.to_pydatetime()])

    def _read(self, path: Path, table: str, columns: Mapping[str, str]) -> None:
        has = self.connection.execute(f"select * from read_parquet('{path}') limit 0").df().columns
        absent = "".join(
            f", {ABSENT.get(name, 'null')}::{type_} as {name}" for name, type_ in columns.items() if name not in has
        )
        make = "view" if table == "promotions" else "table"
        self.connection.execute(f"create {make} {table} as select *{absent} from read_parquet('{path}')")

    def faults(self, records: Iterable[Record]) -> list[str]:
        """Return what is wrong with records; nothing where all is true.

        Args:
            records: Explanation records (DESIGN.md §9), with any number of reasons.

        Returns:
            One line for each fault.
        """
        records = list(records)
        told = [(record, claim) for record in records for claim in (*record["reasons"], *record.get("statements", ()))]
        wrong = [fault for record in records for fault in attribution_faults(record)]
        return wrong + (self._fact_faults(told) if told else [])

    def _fact_faults(self, told: Sequence[tuple[Record, Record]]) -> list[str]:
        frame = pd.DataFrame([_subject(rid, record, claim) for rid, (record, claim) in enumerate(told)])
        self.connection.register("frame", frame)
        self.connection.execute("create or replace table told as select * from frame")
        self.connection.execute(SQL.read_text())
        return list(self._compare(told))

    def _compare(self, told: Sequence[tuple[Record, Record]]) -> Iterator[str]:
        for kind in sorted({claim["kind"] for _, claim in told}):
            found = self.connection.execute(f"select * from found_{kind}").df()
            expected = {int(row.pop("rid")): row for row in found.to_dict("records")}
            for rid, (record, claim) in enumerate(told):
                if claim["kind"] == kind:
                    where = f"user {record['user_id']}, item {record['item_id']}, {kind}"
                    yield from _differences(where, claim["facts"], expected.get(rid))


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


def _differences(where: str, facts: Record, expected: Record | None) -> Iterator[str]:
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


def attribution_faults(record: Record) -> Iterator[str]:
    """Yield what a record's reasons claim of its attribution that is not so.

    Args:
        record: An explanation record.

    Yields:
        One line for each fault.
    """
    where = f"user {record['user_id']}, item {record['item_id']}"
    players = {player["player"]: player for player in record["attributions"]}
    total = record["base_value"] + math.fsum(player["phi"] for player in players.values())
    if not abs(total - record["score"]) <= 1e-4:
        yield f"{where}: base value plus attributions is {total} but the score is {record['score']}"
    positive = math.fsum(max(player["phi"], 0.0) for player in players.values())
    for reason in record["reasons"]:
        player = players.get(reason["player"], {"phi": 0.0, "parts": {}})
        phi = player["parts"].get(reason["part"])
        if phi != reason["phi"] or reason["phi"] <= 0 or player["phi"] <= 0:
            yield f"{where}, {reason['kind']}: cites {reason['phi']} but part {reason['part']!r} of {player} is {phi}"
        elif not math.isclose(reason["share"], phi / positive, rel_tol=1e-6):
            yield f"{where}, {reason['kind']}: share is {reason['share']} but {phi / positive} is due"


def selection_faults(record: Record, *, max_reasons: int = 3, min_share: float = 0.1) -> Iterator[str]:
    """Yield what is wrong with the choice of reasons in a record that is shown.

    Args:
        record: An explanation record.
        max_reasons: Most reasons.
        min_share: Least share of a reason.

    Yields:
        One line for each fault.
    """
    reasons = record["reasons"]
    where = f"user {record['user_id']}, item {record['item_id']}"
    if len(reasons) > max_reasons:
        yield f"{where}: {len(reasons)} reasons"
    if len({reason["kind"] for reason in reasons}) < len(reasons):
        yield f"{where}: two reasons of one kind"
    if len({(reason["player"], reason["part"]) for reason in reasons}) < len(reasons):
        yield f"{where}: two reasons for one part"
    for reason in reasons:
        if reason["share"] < min_share:
            yield f"{where}: {reason['kind']} has a share of {reason['share']}"
