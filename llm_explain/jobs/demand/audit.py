"""Audit of demand records: SQL over the written tables repeats every fact, and shares no code with the claim rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SQL: Final = Path(__file__).with_name("sql")
_FILES: Final = ("expectation", "promoted", "stock", "promotion", "holiday", "price", "season", "other_items")
_TOLERANCE: Final = 1e-6


class DemandAudit:
    """Repeats the facts of records from the tables that ``DemandScene.write`` wrote.

    The call raises ``MissingExtraError`` if DuckDB is not installed.

    Args:
        folder: Folder with the tables.
    """

    def __init__(self, folder: Path) -> None:
        with MissingExtraError.unless_installed("an audit", "evaluation"):
            import duckdb
        self._tables = duckdb.connect()
        for path in sorted(folder.glob("*.parquet")):
            self._tables.read_parquet(str(path)).create(f'"{path.stem}"')
        has_stock = (folder / "stock.parquet").is_file()
        for name in _FILES:
            if name != "stock" or has_stock:
                self._tables.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
        self._found: dict[str, dict[tuple[str, str], list[dict[str, Any]]]] = {}

    def faults(self, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return a line for each fact that the tables do not give.

        Args:
            records: Explanation records.

        Returns:
            The faults; empty if every fact of every reason and statement is repeated.
        """
        return [fault for record in records for fault in self._of_record(record)]

    def _of_record(self, record: Mapping[str, Any]) -> Iterator[str]:
        subject = record["subject"]
        where = f"item {subject['item_id']}, store {subject['store_id']}"
        for claim in (*record["reasons"], *record["statements"]):
            rows = self._rows(claim["kind"]).get((subject["item_id"], subject["store_id"]), [])
            if not any(_agrees(claim["facts"], row) for row in rows):
                yield f"{where}, {claim['kind']}: {claim['facts']} but the tables give {rows or 'nothing'}"

    def _rows(self, kind: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
        if kind not in self._found:
            frame = self._tables.sql(f"select * from found_{kind}").df()  # noqa: S608  the kind is one of the records'
            self._found[kind] = {key: own.to_dict("records") for key, own in frame.groupby(["item_id", "store_id"])}
        return self._found[kind]


def _agrees(facts: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Return whether a row of the tables has every fact."""
    return all(
        str(value) == fact if isinstance(fact, str) else value is not None and abs(value - fact) <= _TOLERANCE
        for fact, value in ((fact, row.get(name)) for name, fact in facts.items())
    )
