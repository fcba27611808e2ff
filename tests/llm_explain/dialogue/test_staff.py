"""Answers to members of staff about demand: from a trained model, or the word that none is loaded."""

from __future__ import annotations

from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.staff import DemandAdvice, Staff
from llm_explain.records import Text
from tests.scoring.demand.sales import fitted, panel


def test_the_forecast_of_an_item_is_told_in_its_verified_text() -> None:
    sales = panel()
    staff = Staff(demand=DemandAdvice(fitted(), sales))
    item = str(sales.series["item_id"].iloc[0])
    (told,) = staff.answer("order", {"item_id": item}, None, "en").parts
    assert isinstance(told, Text)
    assert told.verdict.ok
    assert staff.answer("order", {"item_id": "nothing"}, None, "en").missing == "item_id"


def test_without_a_model_nothing_is_told() -> None:
    (told,) = Staff().answer("order", {"item_id": "a"}, None, "en").parts
    assert told == Statement("no_model")
