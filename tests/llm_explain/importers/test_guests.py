"""``import guests`` rewrites the events of a folder of tables."""

from __future__ import annotations

import json

import pandas as pd
from typer.testing import CliRunner

from llm_explain.cli import app
from scoring.data.tables import Tables


def test_guests_are_assigned_and_the_other_tables_stay(tmp_path) -> None:
    events = pd.DataFrame(
        {
            "user_id": ["anna", "s1", "s1"],
            "item_id": ["tea", "mug", "tea"],
            "timestamp": pd.to_datetime(["2025-01-03", "2025-01-01", "2025-01-02"]),
        }
    )
    items = pd.DataFrame({"item_id": ["mug", "tea"], "title": ["Mug", "Tea"], "category": ["mugs", "teas"]})
    Tables(events, items).write(tmp_path / "data")
    (tmp_path / "links.csv").write_text("guest_id;user_id\ns1;anna\ns9;anna\n")
    arguments = [
        str(tmp_path / "links.csv"), "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--json",
    ]  # fmt: skip
    done = CliRunner().invoke(app, ["import", "guests", *arguments])
    assert json.loads(done.stdout) == {
        "guests": 1, "users": 1, "events": 2, "unknown": 1, "out": str(tmp_path / "out"),
    }  # fmt: skip
    merged = Tables.read(tmp_path / "out")
    assert merged.events["user_id"].tolist() == ["anna"] * 3
    assert merged.events["item_id"].tolist() == ["mug", "tea", "tea"]
    pd.testing.assert_frame_equal(merged.items, items)
