"""Opinions are stored once, suppress with them, and are counted."""

from __future__ import annotations

from dataclasses import replace

from llm_explain.cli.tallies import tally_verdicts
from llm_explain.state import State
from llm_explain.state.feedback import Opinion
from llm_explain.state.records import GivenAnswer

OPINION = Opinion(
    explanation_id="a" * 24, user_id="u", item_id="00", verdict="helpful", kind=None, player=None,
    kinds=("repeat_item", "popular"), skeleton="You bought {item} {times}.", source="template", locale="en",
)  # fmt: skip


def _keep(state: State, explanation_id: str) -> None:
    assert state.records.save(GivenAnswer("u", {}, [{"id": explanation_id}], 0)).result()


def test_the_same_verdict_is_stored_once_and_another_besides(state: State) -> None:
    _keep(state, OPINION.explanation_id)
    assert state.feedback.add(OPINION, []) is True
    assert state.feedback.add(OPINION, []) is False
    assert state.feedback.add(replace(OPINION, verdict="wrong"), [("popular", "context:popularity", "00")]) is True
    assert [row["verdict"] for row in state.feedback.of_user("u")] == ["helpful", "wrong"]
    assert state.users.read("u").suppressed == (("popular", "context:popularity", "00"),)


def test_what_two_verdicts_suppress_is_said_again_when_both_are_undone(state: State) -> None:
    claim = ("popular", "context:popularity", None)
    opinions = [replace(OPINION, explanation_id=name * 24, verdict="hide_reason") for name in "ab"]
    for opinion in opinions:
        _keep(state, opinion.explanation_id)
        state.feedback.add(opinion, [claim])
    assert state.users.read("u").suppressed == (claim,)
    assert {row["feedback_id"] for row in state.feedback.suppressed_of("u")} == {each.id for each in opinions}
    assert state.feedback.withdraw(opinions[0].id) == "u"
    assert state.users.read("u").suppressed == (claim,)
    assert state.feedback.withdraw(opinions[1].id) == "u"
    assert state.users.read("u").suppressed == ()


def test_an_explanation_that_is_gone_takes_no_opinion(state: State) -> None:
    assert state.feedback.add(OPINION, [("popular", "context:popularity", None)]) is None
    assert state.users.read("u").suppressed == ()


def test_an_opinion_is_of_the_account_into_which_its_guest_was_merged(state: State) -> None:
    """A verdict that met the merge stayed with the guest, where no erasure of the account found it."""
    _keep(state, OPINION.explanation_id)
    state.users.merge("account", "u")
    assert state.feedback.add(OPINION, [("popular", "context:popularity", None)]) is True
    assert state.feedback.of_user("u") == []
    assert len(state.feedback.of_user("account")) == len(state.users.read("account").suppressed) == 1


def test_tallies_count_kinds_and_skeletons_with_the_most_rejected_first(state: State) -> None:
    for name, verdict, kind in (("a", "helpful", None), ("b", "wrong", "popular"), ("c", "not_helpful", None)):
        _keep(state, name * 24)
        state.feedback.add(replace(OPINION, explanation_id=name * 24, verdict=verdict, kind=kind), [])
    kinds, skeletons = tally_verdicts(state)
    # popular: helpful, wrong and not helpful; repeat_item: helpful and not helpful
    assert [(tally.name, tally.rejected) for tally in kinds] == [("popular", 2), ("repeat_item", 1)]
    assert [tally.to_dict() for tally in skeletons] == [
        {
            "name": OPINION.skeleton, "helpful": 1, "not_helpful": 1, "wrong": 1, "hide_reason": 0, "rejected": 2,
        }
    ]  # fmt: skip
