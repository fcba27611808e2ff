"""Answers to members of staff about demand: from a trained model, with a stock table, or without a model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pytest

from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.scene import Answer
from llm_explain.dialogue.staff import DemandAdvice, Staff
from llm_explain.records import Text
from scoring.demand.stock import read_stock
from tests.scoring.demand.sales import fitted, panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.jobs.churn.job import ChurnJob

STOCK = pd.DataFrame(
    {
        "item_id": ["apples", "bread"],
        "store_id": ["1", "1"],
        "on_hand": [3, 700],
        "on_order": [7, 0],
        "lead_time_days": [3, 3],
        "pack_size": [12, 1],
    }
)


@pytest.fixture(scope="module")
def stocked() -> DemandAdvice:
    """Return forecasts with the stock of two items in one store."""
    return DemandAdvice(fitted(), panel(), read_stock(STOCK))


def test_the_forecast_of_an_item_is_told_in_its_verified_text() -> None:
    sales = panel()
    staff = Staff(demand=DemandAdvice(fitted(), sales))
    item = str(sales.series["item_id"].iloc[0])
    (told,) = staff.answer("order", {"item_id": item}, None, "en").parts
    assert isinstance(told, Text)
    assert told.verdict.ok
    assert staff.answer("order", {}, None, "en").missing == "item_id"
    assert staff.answer("order", {"item_id": "x"}, None, "en").parts == [Statement("no_forecast", item="x")]


def test_an_item_with_stock_is_told_with_its_order(stocked: DemandAdvice) -> None:
    (told,) = Staff(demand=stocked).answer("order", {"item_id": "apples"}, None, "en").parts
    assert isinstance(told, Text)
    assert "for store 1" in told.text, "the store of the stock table, though store 2 may sell more"
    assert "3 on hand and 7 on order" in told.text
    assert (stocked.has_stock("bread"), stocked.has_stock("cheese")) == (True, False)


def test_without_an_item_the_orders_that_are_due_are_told(stocked: DemandAdvice) -> None:
    answer = Staff(demand=stocked).answer("due", {}, None, "en")
    assert [part.text.count("apples") for part in answer.parts if isinstance(part, Text)] == [1], "bread has enough"
    full = DemandAdvice(fitted(), panel(), read_stock(STOCK.assign(on_hand=700)))
    assert Staff(demand=full).answer("due", {}, None, "en").parts == [Statement("no_orders")]


def test_a_proof_of_an_order_has_its_record_and_the_sql(stocked: DemandAdvice) -> None:
    staff = Staff(demand=stocked)
    answer = staff.answer("order", {"item_id": "apples"}, None, "en")
    proof = staff.prove("order", answer)
    assert proof.parts == [Statement("prove")], "a forecast is not stored: its id could not be fetched"
    assert proof.data["explanations"] == answer.data["explanations"]
    assert "stock" in proof.data["sql"]


def test_two_customers_are_told_by_their_risks_and_not_by_products() -> None:
    class Risks(Staff):
        def answer(self, intent: str, slots: Mapping[str, Any], user_id: str | None, locale: str) -> Answer:
            return Answer([Statement("not_scored", user=user_id)], data={"explanations": [intent, user_id]})

    churn = cast("ChurnJob", SimpleNamespace(user_ids=("541", "1037"), risk=np.array([0.32, 0.52])))
    told = Risks(churn=churn).compare(("541", "1037"), "en")
    each = [Statement("not_scored", user=user) for user in ("541", "1037")]
    assert told.parts == [Statement("higher_risk", user="1037"), *each]
    assert told.data["explanations"] == ["risk", "541", "risk", "1037"]
    assert (
        Risks(churn=churn, may_score=lambda user: user == "541").compare(("541", "1037"), "en").parts == told.parts[1:]
    )
    assert Staff().compare(("541", "1037"), "en").parts == [Statement("only_products")]


def test_the_highest_risks_are_those_that_staff_may_read() -> None:
    users = tuple(map(str, range(9)))
    job = SimpleNamespace(user_ids=users, risk=np.arange(9) / 10, local=pd.Timestamp("2018-01-01"))
    staff = Staff(churn=cast("ChurnJob", job), may_score=lambda user: user != "8")
    dated, heading, *told = staff.answer("risk_list", {}, None, "en").parts
    assert (dated, heading) == (staff.dated("risk"), Statement("riskiest"))
    assert told == [Statement("risk_of", user=str(n), numbers={"share": 10 * n}) for n in (7, 6, 5, 4, 3)]


def test_the_highest_totals_are_those_that_staff_may_read() -> None:
    spending = SimpleNamespace(
        user_ids=("a", "b", "c"), user=np.arange(3), has_prices=True, total=lambda _: np.array([9.5, 30, 12])
    )
    job = SimpleNamespace(spending=spending, local=pd.Timestamp("2018-01-01"))
    staff = Staff(churn=cast("ChurnJob", job), may_score=lambda user: user != "b")
    _, heading, *told = staff.answer("spend_list", {}, None, "en").parts
    assert heading == Statement("largest_totals")
    assert told == [
        Statement("total_of", user="c", amounts={"total": 12}),
        Statement("total_of", user="a", amounts={"total": 9.5}),
    ]


def test_without_a_model_nothing_is_told() -> None:
    (told,) = Staff().answer("order", {"item_id": "a"}, None, "en").parts
    assert told == Statement("no_model")
