"""The shop's raw tables in SQL, and the comparison of claims with the facts that the tables give.

``tables.sql`` and ``views.sql`` read the tables as the shop means them. Each claim kind brings its own SQL file with
the view ``found_<kind>`` and, if the claim counts occasions, ``counted_<kind>``. This module compares.
"""

from __future__ import annotations

import math
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from pyarrow import parquet

from llm_explain.claims import ClaimKinds
from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.audit.attributions import attribution_faults
from llm_explain.jobs.churn.sql import listed, quoted
from scoring.data.changes import changed_items, changed_promotions, version_at
from scoring.data.ratings import DISLIKE, LIKE
from scoring.data.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from llm_explain.claims.kind import ClaimKind
    from llm_explain.evaluation.audit.attributions import Record
    from scoring.data.changes import Change

StatedClaim = tuple["Record", "Record"]
"""A record, and a claim that it states."""

HERE: Final = Path(__file__).parent
OPTIONAL: Final = {
    "events": {
        "price": "double",
        "kind": "varchar",
        "store_id": "varchar",
        "channel": "varchar",
        "order_id": "varchar",
        "quantity": "double",
        "value": "double",
    },
    "items": {
        "title": "varchar",
        "category": "varchar",
        "brand": "varchar",
        "price": "double",
        "first_seen": "timestamp",
        "parent_id": "varchar",
    },
    "promotions": {"store_id": "varchar"},
}
ABSENT: Final = {"kind": "'purchase'", "store_id": "''"}
CENT: Final = 0.0101
SLACK: Final = {"price": CENT, "low": CENT, "high": CENT, "usual": CENT, "last_paid": CENT}
BATCH: Final = 20_000
"""Claims that one run of the SQL reads."""


class Audit:
    """The shop's raw tables behind SQL.

    The call raises ``MissingExtraError`` if DuckDB is not installed.

    Args:
        folder: Folder of the Parquet tables and ``shop.yaml``.
        moment: Time of the snapshot that the scorer was trained with.
        changes: Changes of the catalogue; each record is checked against the tables of its moment.
        kinds: Claim kinds, each with its SQL file; the installed ones if not given.
    """

    def __init__(
        self,
        folder: Path,
        moment: pd.Timestamp,
        *,
        changes: Sequence[Change] = (),
        kinds: Mapping[str, ClaimKind] | None = None,
    ) -> None:
        with MissingExtraError.unless_installed("the audit", "evaluation"):
            import duckdb
        self.kinds = ClaimKinds.installed() if kinds is None else kinds
        self.connection = duckdb.connect()
        with suppress(duckdb.InvalidInputException):  # in Jupyter without ipywidgets there is no bar to switch off
            self.connection.execute("set enable_progress_bar = false")
        self._folder, self._changes, self._version = folder, tuple(changes), 0
        self.connection.execute(raw_tables_sql(folder, moment))
        self._base = pd.read_parquet(folder / "items.parquet")
        self._read_past(())

    def _use_version_at(self, as_of: pd.Timestamp) -> None:
        """Read items and promotions as they are at a moment."""
        version = version_at(self._changes, as_of)
        if version == self._version:
            return
        self._version, changes = version, self._changes[:version]
        for table, changed in (("items", changed_items), ("promotions", changed_promotions)):
            rows = changed(pd.read_parquet(self._folder / f"{table}.parquet"), changes)
            self.connection.register(f"changed_{table}", rows)
            self.connection.execute(_table_sql(table, f"changed_{table}", rows.columns))
        self._read_past(changes)
        self._run(HERE / "tables.sql")

    def _read_past(self, changes: Sequence[Change]) -> None:
        """Read when items went off sale and came back, and every price that the catalogue gave them."""
        base = self._base.reindex(columns=["item_id", "available", "price"])
        states: list[tuple[Any, ...]] = [
            (item, None, False)
            for item, available in zip(base["item_id"], base["available"], strict=True)
            if _is_no(available)
        ]
        prices: list[tuple[Any, ...]] = [*zip(base["item_id"], base["price"], strict=True)]
        for change in changes:
            for given in change.items:
                if "available" in given:
                    states.append((given["item_id"], change.since, not _is_no(given["available"])))
                prices.append((given["item_id"], given.get("price")))
        for table, columns, rows in (
            ("availability", ("item_id varchar", "moment timestamp", "available boolean", "place int"), states),
            ("stated_price", ("item_id varchar", "price double", "place int"), prices),
        ):
            names = [column.split()[0] for column in columns]
            frame = pd.DataFrame([(*row, place) for place, row in enumerate(rows)], columns=names)
            self.connection.register(f"read_{table}", frame)
            wanted = ", ".join(f"{name}::{type_} as {name}" for name, type_ in map(str.split, columns))
            self.connection.execute(f"create or replace table {table} as select {wanted} from read_{table}")  # noqa: S608  our own names

    def _run(self, path: Path) -> None:
        self.connection.execute(path.read_text(encoding="utf-8"))

    def faults(self, records: Iterable[Record]) -> list[str]:
        """Return what is wrong with records; nothing where all is true.

        Args:
            records: Explanation records (docs/design.md §9), with any number of reasons.

        Returns:
            One line for each fault.
        """
        records = list(records)
        stated = stated_claims(records)
        wrong = [fault for record in records for fault in attribution_faults(record)]
        return wrong + [fault for faults in self.fact_faults(stated) for fault in faults]

    def fact_faults(self, stated: Sequence[StatedClaim]) -> list[list[str]]:
        """Return what is wrong with the facts of claims.

        Args:
            stated: Records and claims.

        Returns:
            Faults of each claim, in the order given.
        """
        faults: list[list[str]] = []
        for (record, claim), facts in zip(stated, self.facts(stated), strict=True):
            where = f"user {record['user_id']}, item {record['item_id']}, {claim['kind']}"
            faults.append(list(_differences(where, claim["facts"], facts)))
        return faults

    def licence_faults(self, records: Iterable[Record]) -> list[str]:
        """Return where the words of degree that claims license are not those that the tables permit.

        Args:
            records: Explanation records whose claims have ``licences``.

        Returns:
            One line for each claim whose words differ.
        """
        stated = [(record, claim) for record, claim in stated_claims(records) if "licences" in claim]
        return [
            f"user {record['user_id']}, item {record['item_id']}, {claim['kind']}: licenses "
            f"{sorted(claim['licences'])} but the tables permit {sorted(permitted)}"
            for (record, claim), permitted in zip(stated, self.degrees(stated), strict=True)
            if set(claim["licences"]) != permitted
        ]

    def facts(self, stated: Sequence[StatedClaim]) -> list[dict[str, Any] | None]:
        """Return the facts that the tables give for claims.

        Args:
            stated: Records and claims; the SQL sees what a claim is about, not its facts.

        Returns:
            Facts of each claim, ``None`` where its rule does not hold, in the order given.
        """
        found: dict[int, dict[str, Any]] = {}
        for rids in self._batches(stated):
            for kind in self._ask(stated, rids):
                rows = self.connection.execute(f"select * from found_{kind}").df()  # noqa: S608  a claim kind
                found.update({int(row.pop("rid")): row for row in rows.to_dict("records")})  # type: ignore[misc]
        return [found.get(rid) for rid in range(len(stated))]

    def degrees(self, stated: Sequence[StatedClaim]) -> list[frozenset[str]]:
        """Return the words of degree that the tables permit for claims.

        Args:
            stated: Records and claims.

        Returns:
            Rules that hold for each claim, in the order given.
        """
        found: dict[int, frozenset[str]] = {}
        for rids in self._batches(stated):
            kinds = self._ask(stated, rids)
            views = set(self.connection.execute("select view_name from duckdb_views()").df()["view_name"])
            self.connection.execute("truncate occasions_counted")
            for view in sorted(views & {f"counted_{kind}" for kind in kinds}):
                self.connection.execute(f"insert into occasions_counted by name select * exclude occasion from {view}")  # noqa: S608  a claim kind
            rows = self.connection.execute("select * from found_degrees").df()
            for row in rows.to_dict("records"):
                rid = int(row.pop("rid"))
                found[rid] = frozenset(str(word) for word, holds in row.items() if holds)
        return [found.get(rid, frozenset()) for rid in range(len(stated))]

    def _batches(self, stated: Sequence[StatedClaim]) -> Iterator[list[int]]:
        """Yield places of claims that one version of the tables answers, after that version is read."""
        of_version: dict[int, list[int]] = {}
        for rid, (record, _) in enumerate(stated):
            of_version.setdefault(version_at(self._changes, _moment(record)), []).append(rid)
        for rids in of_version.values():
            self._use_version_at(_moment(stated[rids[0]][0]))
            for start in range(0, len(rids), BATCH):
                yield rids[start : start + BATCH]

    def _ask(self, stated: Sequence[StatedClaim], rids: Sequence[int]) -> list[str]:
        """Put what claims are about into SQL, and return their kinds."""
        frame = pd.DataFrame([_asked(rid, *stated[rid]) for rid in rids])
        self.connection.register("frame", frame)
        self.connection.execute("create or replace table asked as select * from frame")
        self._run(HERE / "views.sql")
        kinds = sorted(set(frame["claim"]) & set(self.kinds))
        for kind in kinds:
            self._run(self.kinds[kind].sql)
        return kinds


def raw_tables_sql(folder: Path, moment: pd.Timestamp) -> str:
    """Return a script for DuckDB that reads the raw tables of a shop, and makes what the rules' SQL reads.

    Args:
        folder: Folder of the Parquet tables and ``shop.yaml``.
        moment: Time of the snapshot that the scorer was trained with.

    Returns:
        The script; it needs nothing besides the folder.
    """
    shop, ratings = (found := Shop.read(folder)), found.ratings
    scale = (ratings.lowest, ratings.liked_from, ratings.highest) if ratings else (None, None, None)
    lowest, liked, highest = ("null" if bound is None else bound for bound in scale)
    kinds = {
        "target_kind": shop.target_kinds,
        "return_kind": shop.return_kinds,
        "rated_kind": (*ratings.kinds, LIKE, DISLIKE) if ratings else (),
    }
    scripts = []
    for table in OPTIONAL:
        path = folder / f"{table}.parquet"
        rows = f"read_parquet({quoted(str(path))}, file_row_number = true)"
        scripts.append(_table_sql(table, rows, parquet.read_schema(path).names))
    moment_and_zone = f"{quoted(shop.time_zone)} as time_zone, timestamp '{moment}' as moment"
    scripts += [
        f"create or replace table shop as select {moment_and_zone}, {shop.times != 'order'} as has_dates, "
        f"{shop.brands_are == 'creators'} as has_creators;\n",
        f"create or replace table rating_scale as select {lowest}::double as lowest, {liked}::double as liked_from, "
        f"{highest}::double as highest;\n",
        *(
            f"create or replace table {name} as select unnest({listed(of_kind)}) as kind;\n"
            for name, of_kind in kinds.items()
        ),
        f"create or replace table own_brand as select unnest({listed(map(str.lower, shop.own_brands))}) as brand;\n",
    ]
    return "".join([*scripts, (HERE / "tables.sql").read_text(encoding="utf-8")])


def _table_sql(table: str, rows: str, columns: Iterable[str]) -> str:
    """Return the script that makes a raw table with every optional column."""
    absent = "".join(
        f", {ABSENT.get(name, 'null')}::{type_} as {name}"
        for name, type_ in OPTIONAL[table].items()
        if name not in set(columns)
    )
    make = "view" if table == "promotions" else "table"
    return f"create or replace {make} {table} as select *{absent} from {rows};\n"  # noqa: S608  our own names


def _is_no(value: Any) -> bool:
    return str(value).strip().casefold() in {"false", "0", "0.0", "no"}


def stated_claims(records: Iterable[Record]) -> list[StatedClaim]:
    """Return every claim of records: the reasons, the other statements and the badges, which have no player."""
    return [
        (record, claim)
        for record in records
        for claim in (
            *record["reasons"],
            *record.get("statements", ()),
            *({"player": "", **badge} for badge in record.get("badges", ())),
        )
    ]


def _moment(record: Record) -> pd.Timestamp:
    return _utc(str(record["as_of"]))


@lru_cache(maxsize=1024)
def _utc(moment: str) -> pd.Timestamp:
    """Return a moment in UTC without a zone; cached, because many claims share few moments."""
    return pd.to_datetime(moment, utc=True).tz_localize(None)


def _asked(rid: int, record: Record, claim: Record) -> Record:
    """Return what a claim is about, without its facts."""
    return {
        "rid": rid,
        "claim": claim["kind"],
        "player": claim["player"],
        "user_id": record["user_id"],
        "item_id": record["item_id"],
        "as_of": _moment(record),
        "event_kind": claim["facts"].get("event_kind", "purchase"),
        "other_item_id": claim["facts"].get("other_item_id", ""),
        "request_channel": record.get("provenance", {}).get("channel", ""),
    }


def _differences(where: str, facts: Mapping[str, Any], expected: Mapping[str, Any] | None) -> Iterator[str]:
    if expected is None:
        yield f"{where}: the rule does not hold"
        return
    stated = {name: value for name, value in facts.items() if name != "event_kind"}
    expected = {name: value for name, value in expected.items() if not pd.isna(value)}
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
