"""Training takes each stored event once, leaves out erased users, and notes rejected sentences."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest
from shop import small_shop

from llm_explain.cli.tallies import Tally
from llm_explain.cli.training_feedback import is_rejected, learn
from llm_explain.state import State
from llm_explain.state.feedback import Opinion
from llm_explain.state.records import GivenAnswer
from llm_explain.state.users import now
from scoring.data.changes import Change
from scoring.data.tables import Tables

NEW = {
    "user_id": "u00", "item_id": "31", "timestamp": datetime(2018, 1, 3, 9), "quantity": 2.0, "price": 1.5,
    "kind": "purchase", "channel": "", "store_id": "s1",
}  # fmt: skip


FLYER = {"item_id": "31", "start": "2018-02-01T00:00:00", "end": "2018-02-08T00:00:00", "label": "mailer"}


@pytest.fixture
def tables() -> Tables:
    return small_shop()


@pytest.fixture
def state(tmp_path: object) -> State:
    return State(f"sqlite:///{tmp_path}/state.db")


def test_a_state_that_is_empty_changes_nothing(tables: Tables, state: State) -> None:
    learned = learn(tables, state)
    pd.testing.assert_frame_equal(learned.tables.events, tables.events)
    assert (learned.n_new, learned.n_unknown, learned.n_erased) == (0, 0, 0)
    assert learned.feedback == {"kinds": [], "skeletons": [], "retired": []}


def test_new_events_are_taken_in_once(tables: Tables, state: State) -> None:
    known = tables.events.iloc[0]
    again = {**NEW, **{name: known[name] for name in ("user_id", "item_id", "store_id")}}
    again["timestamp"] = known["timestamp"].to_pydatetime()
    gone = {**NEW, "item_id": "no longer sold"}
    ahead = {**NEW, "timestamp": datetime.now() + timedelta(days=1)}  # would be the last moment of the log
    state.events.add([NEW, again, gone, ahead], key="k", body=b"1")
    learned = learn(tables, state)
    assert (learned.n_new, learned.n_unknown) == (1, 1)
    assert len(learned.tables.events) == len(tables.events) + 1
    last = learned.tables.events[learned.tables.events["user_id"] == "u00"].iloc[-1]
    assert {name: last[name] for name in ("item_id", "timestamp", "price")} == {
        "item_id": "31", "timestamp": pd.Timestamp("2018-01-03T09:00"), "price": 1.5,
    }  # fmt: skip
    assert learned.tables.events["timestamp"].dtype.kind == "M"


def test_an_order_is_taken_in_with_its_events(tables: Tables, state: State) -> None:
    later = {**NEW, "timestamp": NEW["timestamp"] + timedelta(hours=5)}
    state.events.add([{**NEW, "order_id": "o1"}, {**later, "order_id": ""}], key="k", body=b"1")
    events = learn(tables, state).tables.events
    assert events[(events["user_id"] == "u00") & (events["item_id"] == "31")]["order_id"].fillna("none").tolist()[
        -2:
    ] == ["o1", "none"]


def test_an_erased_user_is_left_out_and_a_returning_one_is_new(tables: Tables, state: State) -> None:
    state.users.erase("u00")
    state.events.add([{**NEW, "timestamp": now()}], key="k", body=b"1")
    learned = learn(tables, state)
    mine = learned.tables.events[learned.tables.events["user_id"] == "u00"]
    assert len(mine) == 1
    assert learned.n_erased == (tables.events["user_id"] == "u00").sum()
    assert "u00" not in set(learned.tables.users["user_id"])
    assert len(learned.tables.users) == len(tables.users) - 1


def test_changes_of_the_catalogue_after_the_last_event_are_taken_in(tables: Tables, state: State) -> None:
    last = tables.events["timestamp"].max()
    for moment, price in ((last - pd.Timedelta(days=1), 1.0), (last + pd.Timedelta(days=1), 2.0)):
        items = (
            {"item_id": "31", "price": price},
            {"item_id": f"new {price}", "title": "Cheddar", "category": "cheese"},
        )
        state.changes.append(Change(operation="put", moment=moment.isoformat(), items=items))
    state.changes.append(Change(operation="promote", moment="2018-02-01T00:00:00", promotions=(FLYER,)))
    state.events.add([{**NEW, "item_id": "new 2.0"}], key="k", body=b"1")
    learned = learn(tables, state)
    known = learned.tables.items.set_index("item_id")
    assert known.loc["31", "price"] == 2.0
    assert ("new 1.0" in known.index, "new 2.0" in known.index) == (False, True)
    assert (learned.n_new, learned.n_unknown) == (1, 0)
    assert len(learned.tables.promotions) == len(tables.promotions) + 1


@pytest.mark.parametrize(
    ("helpful", "wrong", "expected"),
    # Lower ends of the 95 % interval: 3 of 3 0.438, 4 of 4 0.510, 9 of 10 0.596, 8 of 11 0.434, 60 of 100 0.502.
    [(0, 0, False), (0, 3, False), (0, 4, True), (1, 9, True), (3, 8, False), (40, 60, True), (42, 58, False)],
)
def test_a_skeleton_is_rejected_beyond_chance(helpful: int, wrong: int, expected: bool) -> None:
    counts = {"helpful": helpful, "not_helpful": 0, "wrong": wrong, "hide_reason": 0}
    assert is_rejected(Tally("x", counts)) is expected


def test_what_people_reject_is_written_down(tables: Tables, state: State) -> None:
    for number in range(6):
        explanation_id = f"{number:024x}"
        assert state.records.save(GivenAnswer("u01", {}, [{"id": explanation_id}], 0)).result()
        opinion = Opinion(
            explanation_id=explanation_id, user_id="u01", item_id="31", verdict="wrong", kind=None, player=None,
            kinds=("due",), skeleton="Soon again: {item}.", source="template", locale="en",
        )  # fmt: skip
        state.feedback.add(opinion, [])
    feedback = learn(tables, state).feedback
    assert feedback["retired"] == ["Soon again: {item}."]
    assert feedback["kinds"] == [
        {"name": "due", "helpful": 0, "not_helpful": 0, "wrong": 6, "hide_reason": 0, "rejected": 6}
    ]
