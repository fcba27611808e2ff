"""Events that are imported piece by piece: the same tables and messages as at once, in memory that does not grow."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain.importers import shop
from llm_explain.importers.shop import import_csv
from scoring.data import reading
from scoring.data.tables import Tables
from scoring.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = "item_id,title\n" + "".join(f"i{n},Tea {n}\n" for n in range(9))


def events(n: int) -> list[str]:
    rng = np.random.default_rng(0)
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10_000_000, n), unit="s")
    users, items = rng.integers(0, 50, n), rng.integers(0, 9, n)
    rows = zip(users, items, moments, rng.integers(0, 4, n), strict=True)
    return [f"{user}.0,i{item},{moment},{price},{'' if price else 'view'}\n" for user, item, moment, price in rows]


def imported(folder: Path, rows: list[str], *, skip_bad: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    header = "user_id,item_id,timestamp,price,kind\n"
    (folder / "events.csv").write_text(header + "".join(rows).replace(",\n", ",purchase\n"), encoding="utf-8")
    (folder / "items.csv").write_text(ITEMS, encoding="utf-8")
    import_csv(events=folder / "events.csv", items=folder / "items.csv", out=folder / "out", skip_bad=skip_bad)
    return folder / "out"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 4_000)
    monkeypatch.setattr(shop, "PART_BYTES", 4_000)


BAD = ("7.0,i1,yesterday,1,view\n", "8.0,i1\n", "9.0,unknown,2024-02-02,1,view\n", "3.0,i1,2024-02-02,1,view,more\n")


def test_pieces_give_the_tables_and_the_rejected_rows_of_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = events(600)
    for place, bad in zip((3, 200, 201, 590), BAD, strict=True):
        rows.insert(place, bad)
    whole = imported(tmp_path / "whole", rows)
    monkeypatch.setattr(reading, "PIECE_BYTES", 4_000)
    monkeypatch.setattr(shop, "PART_BYTES", 4_000)
    pieces = imported(tmp_path / "pieces", rows)
    for (_, one), (_, other) in zip(Tables.read(whole), Tables.read(pieces), strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert Tables.read(pieces).events["user_id"].str.fullmatch(r"\d+").all()  # no id keeps its .0
    rejects = "rejects/events.csv"
    assert (pieces / rejects).read_bytes() == (whole / rejects).read_bytes()
    assert (pieces / "shop.yaml").read_text() == (whole / "shop.yaml").read_text()


@pytest.mark.usefixtures("small_pieces")
def test_an_error_counts_the_rows_of_all_pieces_and_writes_nothing(tmp_path: Path) -> None:
    rows = events(600)
    rows.insert(5, BAD[0])
    rows.insert(400, BAD[0])
    with pytest.raises(TableError, match=r"no date in 2 rows \(first: row 6, 'yesterday'; row 401, 'yesterday'\)"):
        imported(tmp_path / "shop", rows, skip_bad=False)
    assert not (tmp_path / "shop" / "out").exists()


@pytest.mark.usefixtures("small_pieces")
def test_ids_and_zones_are_read_as_the_whole_column_says(tmp_path: Path) -> None:
    rows = [*events(300), "guest,i1,2024-02-02T10:00Z,1,view\n"]
    out = imported(tmp_path / "shop", rows)
    assert Tables.read(out).events["user_id"].str.endswith(".0").all()  # not all ids are numbers
    assert "with and without a time zone" in (out / "rejects" / "events.csv").read_text()


MEMORY = """
import resource, sys
from pathlib import Path
from llm_explain.importers import shop
from scoring.data import reading

reading.PIECE_BYTES = shop.PART_BYTES = 1 << 19
for name in sys.argv[1:]:
    folder = Path(name)
    shop.import_csv(events=folder / "events.csv", items=folder / "items.csv", out=folder / "out")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024**2 if sys.platform == "darwin" else 1024))
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    for name, n in (("small", 10_000), ("large", 150_000)):
        folder = tmp_path / name
        folder.mkdir()
        rows = "".join(row.replace(",\n", ",purchase\n") for row in events(n))
        (folder / "events.csv").write_text("user_id,item_id,timestamp,price,kind\n" + rows, encoding="utf-8")
        (folder / "items.csv").write_text(ITEMS, encoding="utf-8")
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "small"), str(tmp_path / "large")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    small, large = map(int, done.stdout.split())
    assert large - small < 20  # MB; at once the large file takes 60 more
