"""A batch is stored once, whatever the client repeats."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from llm_explain.state import State
from llm_explain.state.errors import KeyReusedError
from llm_explain.state.events import Receipt

ROW = {
    "user_id": "u", "item_id": "00", "timestamp": datetime(2017, 11, 3, 9, 30), "quantity": 2.0, "price": None,
    "kind": "purchase", "channel": "web", "store_id": "",
}  # fmt: skip


def test_the_same_key_and_body_store_nothing_twice(state: State) -> None:
    assert state.events.add([ROW], key="k", body=b"{}") == Receipt(1, is_repeated=False)
    assert state.events.add([ROW], key="k", body=b"{}") == Receipt(1, is_repeated=True)
    assert len(state.users.read("u").events) == 1
    (stored,) = state.events.after()
    assert {name: stored[name] for name in ROW} == ROW


def test_the_same_key_with_another_body_is_refused(state: State) -> None:
    state.events.add([ROW], key="k", body=b"{}")
    with pytest.raises(KeyReusedError, match="the idempotency key is that of another body but a key stands for one"):
        state.events.add([ROW], key="k", body=b"{ }")


def test_keys_and_bodies_are_kept_as_hashes(state: State) -> None:
    from sqlalchemy import text

    state.events.add([ROW], key="order of household-77", body=b"household-77")
    with state.database.reading() as connection:
        row = connection.execute(text("SELECT * FROM event_batch")).one()
    assert not any("household-77" in str(value) for value in row)


def test_of_batches_at_once_with_one_key_one_is_stored(state: State) -> None:
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda _: state.events.add([ROW], key="k", body=b"{}"), range(8)))
    assert sorted(receipt.is_repeated for receipt in receipts) == [False] + [True] * 7
    assert len(state.users.read("u").events) == 1


def test_events_after_one_are_those_that_came_later(state: State) -> None:
    state.events.add([ROW, {**ROW, "item_id": "01"}], key="k", body=b"{}")
    first, second = state.events.after()
    assert [row["item_id"] for row in state.events.after(first["id"])] == ["01"]
    assert state.events.after(second["id"]) == []


def test_the_latest_event_of_each_user_is_known(state: State) -> None:
    later = {**ROW, "timestamp": datetime(2017, 11, 5)}
    state.events.add([ROW, later, {**ROW, "user_id": "v"}], key="k", body=b"{}")
    assert state.events.latest({"u", "v", "w"}) == {"u": later["timestamp"], "v": ROW["timestamp"]}
    assert state.events.latest(set()) == {}
