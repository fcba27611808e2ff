"""What is kept of a user, and that nothing of it outlives an erasure."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import inspect, text

from llm_explain.service.app import _overwrite
from llm_explain.state import State
from llm_explain.state.database import storage_deadline
from llm_explain.state.feedback import Opinion
from llm_explain.state.records import GivenAnswer
from llm_explain.state.users import StoredUser

RECORD_ID = "0" * 24
NAME = "household-77"


def _row(user_id: str, item_id: str, day: int) -> dict[str, object]:
    return {
        "user_id": user_id, "item_id": item_id, "timestamp": datetime(2017, 11, day), "quantity": 1.0, "price": 2.5,
        "kind": "purchase", "channel": "", "store_id": "s1",
    }  # fmt: skip


def _fill(state: State, user_id: str, record_id: str) -> None:
    state.users.prefer(user_id, {"groups_off": ["group:cheese"]}, expects=lambda _: True)
    state.events.add([_row(user_id, "00", 3), _row(user_id, "01", 2)], key=f"key of {user_id}", body=user_id.encode())
    records = [{"id": record_id, "user_id": user_id}]
    shown = {
        "user_id": user_id, "tag": "t", "arm": "a", "kind": "answer", "item_id": "00", "explanation_id": record_id,
    }  # fmt: skip
    answer = GivenAnswer(user_id, {"as_of": "2017-12-01"}, records, erasures=0, exposures=[shown])
    assert state.records.save(answer).result()
    opinion = Opinion(
        explanation_id=record_id, user_id=user_id, item_id="00", verdict="wrong", kind=None, player=None,
        kinds=("due",), skeleton="Soon again: {item}.", source="template", locale="en",
    )  # fmt: skip
    assert state.feedback.add(opinion, [("due", "group:cheese", "00"), ("due", "group:cheese", None)])


def test_nothing_is_kept_of_a_user_who_did_nothing(state: State) -> None:
    assert state.users.read("nobody") == StoredUser()


def test_a_person_is_what_was_kept(state: State) -> None:
    _fill(state, NAME, RECORD_ID)
    user = state.users.read(NAME)
    assert user.groups_off == ("group:cheese",)
    assert [event.item_id for event in user.events] == ["01", "00"]  # oldest first
    assert set(user.suppressed) == {("due", "group:cheese", "00"), ("due", "group:cheese", None)}
    assert user.last_event == 2
    assert [event.item_id for event in state.users.read(NAME, until=1).events] == ["00"]  # the row that came first


def test_preferences_that_are_not_given_stay(state: State) -> None:
    state.users.prefer("u", {"personalised": False, "kinds_off": ["due"]}, expects=lambda _: True)
    assert state.users.prefer("u", {"groups_off": ["group:cheese"]}, expects=lambda stored: not stored["personalised"])
    assert not state.users.prefer("u", {"groups_off": []}, expects=lambda stored: stored["personalised"])
    user = state.users.read("u")
    assert (user.personalised, user.groups_off, user.kinds_off) == (False, ("group:cheese",), ("due",))


def test_first_preferences_that_come_at_once_all_count(state: State) -> None:
    """On PostgreSQL the second of two broke the key."""
    wanted = [{"personalised": False}, {"groups_off": ["group:cheese"]}, {"kinds_off": ["popular"]}]
    calls = [(f"u{number}", each) for number in range(10) for each in wanted]
    with ThreadPoolExecutor(len(wanted)) as pool:
        assert all(pool.map(lambda call: state.users.prefer(*call, expects=lambda _: True), calls))
    user = state.users.read("u9")
    assert (user.personalised, user.groups_off, user.kinds_off) == (False, ("group:cheese",), ("popular",))


def test_everything_of_a_guest_is_given_to_the_user(state: State) -> None:
    _fill(state, "guest", RECORD_ID)
    state.events.add([_row("u", "31", 1)], key="k", body=b"k")
    moved = state.users.merge("u", "guest")
    assert moved == {
        "answer": 1, "feedback": 1, "exposure": 1, "guest": 0, "event": 2, "suppression": 2, "person": 1,
    }  # fmt: skip
    user, guest = state.users.read("u"), state.users.read("guest")
    assert sorted(event.item_id for event in user.events) == ["00", "01", "31"]
    assert user.groups_off == ("group:cheese",)
    assert user.guests == (("guest", None),)
    assert [event.item_id for event in state.users.read("u", until=3).events] == [
        "31"
    ]  # what came with the guest is newer
    assert (guest.events, guest.suppressed, guest.groups_off) == ((), (), ())
    assert guest.erased_at is not None
    assert set((state.users.merge("u", "guest") or {"": 1}).values()) == {0}
    assert state.users.merge("other", "guest") is None
    state.users.merge("account", "u")
    assert {guest_id for guest_id, _ in state.users.read("account").guests} == {"guest", "u"}


def test_erasing_the_user_or_the_guest_forgets_the_guest(state: State) -> None:
    state.users.erase("guest")
    before = state.users.read("guest").erased_at
    state.users.merge("u", "guest")
    assert state.users.read("u").guests == (("guest", before),)
    state.users.erase("guest")
    assert state.users.guests() == []
    state.users.merge("u", "other guest")
    state.events.add([_row("other guest", "31", 3)], key="late", body=b"1")
    state.users.erase("u")
    assert (state.users.guests(), state.users.read("other guest").events) == ([], ())


def test_an_erased_user_is_in_no_column_of_any_table(state: State) -> None:
    _fill(state, NAME, RECORD_ID)
    _fill(state, "other", "1" * 24)
    removed = state.users.erase(NAME)
    assert removed == {
        "explanation": 1, "answer": 1, "feedback": 1, "exposure": 1, "suppression": 2, "event": 2, "person": 1,
        "guest": 0,
    }  # fmt: skip
    with state.database.reading() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                assert not any(NAME in str(value) for value in row), table
    user = state.users.read(NAME)
    assert user.erased_at is not None
    assert (user.events, user.suppressed, user.groups_off) == ((), (), ())
    assert state.records.find(RECORD_ID) is None
    assert len(state.users.read("other").events) == 2
    assert list(state.users.erased()) == [state.users.user_hash(NAME)]


def test_an_erased_user_is_overwritten_in_the_files_of_sqlite(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    _fill(state, NAME, RECORD_ID)
    assert any(NAME.encode() in path.read_bytes() for path in tmp_path.iterdir())
    state.users.erase(NAME)
    assert not any(NAME.encode() in path.read_bytes() for path in tmp_path.iterdir())
    state.close()


def test_an_erased_user_is_overwritten_when_a_reader_has_left(tmp_path: Path) -> None:
    """A backup that runs keeps the log; erased rows stayed in it until the service ended."""
    file = tmp_path / "state.db"
    state = State(f"sqlite:///{file}")
    _fill(state, NAME, RECORD_ID)
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        due = storage_deadline.set(0.0)
        state.users.erase(NAME)
        storage_deadline.reset(due)
        assert state.database.must_overwrite
    _overwrite(state.database)
    assert not state.database.must_overwrite
    assert not any(NAME.encode() in path.read_bytes() for path in tmp_path.iterdir())
    state.close()


def test_a_second_erasure_counts_again_and_events_that_come_later_are_kept(state: State) -> None:
    first, second = (state.users.erase("u"), state.users.read("u").erasures), state.users.erase("u")
    assert set(first[0].values()) == set(second.values()) == {0}
    assert state.users.read("u").erasures > first[1]
    state.events.add([_row("u", "00", 5)], key="later", body=b"later")
    assert len(state.users.read("u").events) == 1
