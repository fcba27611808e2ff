"""Changes of the catalogue are kept in their order, and each is read once."""

from __future__ import annotations

import pytest

from llm_explain.state import State
from scoring.data.changes import Change
from scoring.errors import SettingError


def _change(day: int) -> Change:
    return Change(operation="discontinue", moment=f"2026-01-0{day}T00:00:00", items=({"item_id": str(day)},))


def test_two_processes_read_each_others_changes_in_order(state: State, database_url: str) -> None:
    other = State(database_url)
    state.changes.append(_change(1))
    other.changes.append(_change(2))
    state.changes.append(_change(2))
    assert [change.items[0]["item_id"] for change in state.changes.read()] == ["1", "2", "2"]
    assert other.changes.read() == state.changes.read()
    with pytest.raises(SettingError, match="the last change is of 2026-01-02"):
        other.changes.append(_change(1))
    other.close()
