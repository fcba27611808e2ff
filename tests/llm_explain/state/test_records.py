"""Records are found as they were given, stored once, and never for a user who is gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import text

from llm_explain.state import State
from llm_explain.state.errors import StateFullError
from llm_explain.state.records import GivenAnswer, _unpacked
from llm_explain.state.users import now


def _answer(*ids: str, user_id: str = "u", erasures: int = 0) -> GivenAnswer:
    records = [{"id": name * 24, "user_id": user_id, "text": f"Sentence {name}."} for name in ids]
    return GivenAnswer(user_id, {"item_ids": list(ids)}, records, erasures)


def test_a_record_is_found_in_its_list(state: State) -> None:
    assert state.records.save(_answer("a", "b")).result()
    kept = state.records.find("b" * 24)
    assert kept is not None
    assert (kept.place, kept.user_id, kept.context) == (1, "u", {"item_ids": ["a", "b"]})
    assert kept.record == {"id": "b" * 24, "user_id": "u", "text": "Sentence b."}
    assert state.records.find("c" * 24) is None


def test_a_list_that_says_the_same_is_stored_once(state: State) -> None:
    for _ in range(3):
        assert state.records.save(_answer("a", "b")).result()
        state.records.forget()  # what another process would not know either
    assert state.records.save(_answer("b", "c")).result()
    with state.database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM answer")) == 2
        assert connection.scalar(text("SELECT count(*) FROM explanation")) == 3
    kept = state.records.find("b" * 24)
    assert kept is not None
    assert kept.context == {"item_ids": ["a", "b"]}


def test_nothing_is_stored_of_a_user_who_was_erased_meanwhile(state: State) -> None:
    before = state.users.read("u").erasures
    state.users.erase("u")
    assert not state.records.save(_answer("a", erasures=before)).result()
    assert state.records.save(_answer("b", user_id="other", erasures=before)).result()
    assert state.records.save(_answer("a", erasures=state.users.read("u").erasures)).result()


def test_a_full_storage_gives_an_answer_without_a_record(state: State) -> None:
    with patch.object(type(state.database), "writing", side_effect=StateFullError("the storage is full")):
        assert not state.records.save(_answer("a")).result()
    assert state.records.save(_answer("a")).result()


def test_a_client_that_goes_away_stops_nobody_elses_records(state: State) -> None:
    with state.database.writing():  # so that the writer waits (SQLite) or has nothing to wait for (PostgreSQL)
        futures = [state.records.save(_answer(name)) for name in "abc"]
        for future in futures:
            future.cancel()
    assert state.records.save(_answer("d")).result(timeout=30)


def test_what_is_queued_is_written_before_the_end(database_url: str, state: State) -> None:
    saved = [state.records.save(_answer(name)) for name in "abcdef"]
    state.records.close()
    assert all(future.result(timeout=0) for future in saved)
    assert state.records.save(_answer("0")).result()  # and it starts again when it is asked to


def test_old_records_are_removed_on_request(state: State) -> None:
    assert state.records.save(_answer("a")).result()
    assert state.records.prune(now() - timedelta(days=1)) == 0
    assert state.records.prune(now() + timedelta(days=1)) == 1
    assert state.records.find("a" * 24) is None
    assert state.records.save(_answer("a")).result()
    assert state.records.find("a" * 24) is not None


def test_records_of_a_user_come_oldest_first(state: State) -> None:
    for name in "abc":
        assert state.records.save(_answer(name)).result()
    assert [record["id"][0] for record in state.records.of_user("u")] == ["a", "b", "c"]
    assert list(state.records.of_user("other")) == []
    records = state.records.of_user("u")  # a list at a time: an export of many lists took gigabytes
    with patch("llm_explain.state.records._unpacked", side_effect=_unpacked) as unpacked:
        next(records)
        assert unpacked.call_count == 1
    state.users.erase("u")  # while the export is sent
    assert list(records) == []


def test_a_share_of_the_lists_is_stored_and_always_the_same_ones(tmp_path: Path) -> None:
    ids = [f"{number * 2**32 // 100:08x}" + "0" * 16 for number in range(100)]
    for share, n_stored in ((1.0, 100), (0.25, 25), (0.0, 0)):
        state = State(f"sqlite:///{tmp_path}/{share}.db", record_share=share)
        for _ in range(2):
            saved = [state.records.save(GivenAnswer("u", {}, [{"id": each}], 0)) for each in ids]
            assert sum(each.result() for each in saved) == n_stored
        assert state.records.counts()["lists"] == n_stored
        state.close()
