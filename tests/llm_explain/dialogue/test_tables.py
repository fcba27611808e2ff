"""Answers from the tables: last purchase, number of purchases, price paid, price, stock and promotions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from shop import SMALL

from llm_explain import Explainer
from llm_explain.dialogue import Context, Dialogue

if TYPE_CHECKING:
    from pathlib import Path

WEEKS = pd.date_range("2026-01-05", periods=6, freq="14D")


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    """Return a shop of four items with prices, an item out of stock and a promotion."""
    items = pd.DataFrame(
        [("beans", "Espresso beans", 9.5, "yes"), ("filters", "Paper filters", 3.25, "no"),
         ("frother", "Milk frother", None, "yes"), ("tea", "Green tea", 4.0, "yes")],
        columns=["item_id", "title", "price", "available"],
    )  # fmt: skip
    bought = {
        f"customer {n}": ["beans", "filters", "frother"] if n % 2 else ["tea", "frother", "tea"] for n in range(40)
    }
    rows = [(user, item, week, None) for user, own in bought.items() for item, week in zip(own, WEEKS, strict=False)]
    # Ann bought beans twice, the second time for 8.75, and filters once at an unknown price.
    rows += [("ann", "beans", WEEKS[0], 9.0), ("ann", "filters", WEEKS[1], None), ("ann", "beans", WEEKS[2], 8.75)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "price"])
    promotions = pd.DataFrame(
        [("tea", WEEKS[2], pd.Timestamp("2026-03-10"), "flyer")], columns=["item_id", "start", "end", "label"]
    )
    tables = {"events": events, "items": items, "promotions": promotions}
    folder = tmp_path_factory.mktemp("coffee") / "artifacts"
    return Explainer.train(tables, folder, config=SMALL, language_model=None)


@pytest.mark.parametrize(
    ("message", "intent", "text"),
    [
        ("when did I last buy espresso beans?", "last_bought", "“Espresso beans”: last bought on 2 February 2026."),
        ("how often do I buy espresso beans", "how_often",
         "“Espresso beans”: bought 2 times, from 5 January 2026 to 2 February 2026."),
        ("how many times have I bought paper filters?", "how_often",
         "Paper filters: bought once, on 19 January 2026."),
        ("have I ever bought green tea?", "last_bought", "Green tea: nothing in your history that we use."),
        ("how much did I pay for espresso beans last time?", "paid",
         "“Espresso beans”: 8.75 for one when you last bought it, on 2 February 2026. “Espresso beans”: 17.75 in all, "
         "in 2 purchases."),
        ("what did I pay for paper filters", "paid", "Paper filters: our records do not say what you paid."),
        ("what does green tea cost?", "price", "Green tea: 4.00 in our catalogue."),
        ("how much is the milk frother?", "price", "Milk frother: our catalogue gives no price."),
        ("are paper filters in stock?", "stock",
         "Paper filters: not available at present, according to our catalogue."),
        ("is green tea on offer?", "offer", "Green tea: on promotion until 9 March 2026."),
        ("are espresso beans on sale?", "offer", "“Espresso beans”: no promotion at present, according to our tables."),
        ("are espresso beans more expensive than usual?", "usual",
         "“Espresso beans”: 9.50 in our catalogue. “Espresso beans”: you paid 8.75 to 9.00 for one, in 2 purchases."),
        ("is green tea cheaper than usual?", "usual",
         "Green tea: 4.00 in our catalogue. Green tea: nothing in your history that we use."),
    ],
)  # fmt: skip
def test_the_tables_answer(explainer: Explainer, message: str, intent: str, text: str) -> None:
    turn = Dialogue(explainer).reply("ann", message, Context(items=("tea", "frother")))
    assert (turn.intent, turn.text, turn.is_verified) == (intent, text, True)


@pytest.mark.parametrize(
    ("locale", "message"), [("en", "which ones are on sale?"), ("zh", "有啥优惠"), ("zh", "哪个打折")]
)
def test_offers_of_the_list_are_no_question_about_the_last_item(
    explainer: Explainer, locale: str, message: str
) -> None:
    context = Context(items=("tea", "frother"), focus="frother")
    turn = Dialogue(explainer, locale=locale).reply("ann", message, context)
    assert (turn.intent, turn.slots) == ("offer", {})
    assert "Green tea" in turn.text


def test_offers_of_a_category_name_its_titles(tmp_path: Path) -> None:
    items = pd.DataFrame({"item_id": ["g", "b", "c"], "title": ["Green tea", "Black tea", "Cake"],
                          "category": ["drinks", "drinks", "sweets"]})  # fmt: skip
    events = pd.DataFrame(
        [(f"c{n}", item, WEEKS[n % 3]) for n in range(20) for item in ("g", "b", "c")[: 1 + n % 3]],
        columns=["user_id", "item_id", "timestamp"],
    )
    promotions = pd.DataFrame(
        [("b", WEEKS[0], pd.Timestamp("2027-01-01"), "flyer"), ("c", WEEKS[0], WEEKS[1], "flyer")],
        columns=["item_id", "start", "end", "label"],
    )
    tables = {"events": events, "items": items, "promotions": promotions}
    talk = Dialogue(Explainer.train(tables, tmp_path, config=SMALL, language_model=None))
    assert (
        talk.reply("c0", "are any drinks on offer?", Context()).text == "On promotion from drinks: Black tea; 1 in all."
    )
    told = talk.reply("c0", "are any sweets on offer?", Context()).text
    assert told == "From sweets, nothing is on promotion at present, according to our tables."


@pytest.mark.parametrize(("available", "text"), [
    (["yes", "no", "no"], "Available from drinks, according to our catalogue: Green tea; 1 in all."),
    (["no", "no", "no"], "From drinks: nothing available at present, according to our catalogue."),
    (None, "Our catalogue has these from drinks: Black tea and Green tea; 2 in all. It does not say whether they are "
           "available."),
])  # fmt: skip
def test_the_stock_of_a_category_counts_its_titles(tmp_path: Path, available: list[str] | None, text: str) -> None:
    # Two rows of the catalogue are called "Black tea"; more users bought it.
    items = pd.DataFrame({"item_id": ["g", "b1", "b2"], "title": ["Green tea", "Black tea", "Black tea"],
                          "category": "drinks"})  # fmt: skip
    if available is not None:
        items["available"] = available
    bought = [(f"c{n}", item, WEEKS[n % 3]) for n in range(20) for item in (["b1"] if n % 3 else ["g", "b2"])]
    events = pd.DataFrame(bought, columns=["user_id", "item_id", "timestamp"])
    shop = Explainer.train({"events": events, "items": items}, tmp_path, config=SMALL, language_model=None)
    turn = Dialogue(shop).reply("c0", "are there any drinks in stock?", Context())
    assert (turn.intent, turn.slots, turn.text) == ("stock", {"category": "drinks"}, text)


def test_events_that_are_not_used_do_not_count(explainer: Explainer) -> None:
    context = Context(items=("tea",), is_personal=False)
    turn = Dialogue(explainer).reply("ann", "when did I last buy espresso beans?", context)
    assert turn.text == "“Espresso beans”: nothing in your history that we use."


def test_a_follow_up_asks_the_last_question_of_another_item(explainer: Explainer) -> None:
    talk = Dialogue(explainer)
    first = talk.reply("ann", "what does green tea cost?", Context(items=("tea", "frother")))
    assert talk.reply("ann", "and espresso beans?", first.context).text == "“Espresso beans”: 9.50 in our catalogue."
    assert talk.reply("ann", "have I ever bought it?", first.context).slots == {"item_id": "tea"}


def test_events_of_a_kind_that_the_log_lacks_are_not_promised_away(explainer: Explainer) -> None:
    turn = Dialogue(explainer).reply("ann", "stop using my wish list", Context(items=("tea",)))
    assert (turn.text, turn.needs_confirmation) == ("We use no likes of yours.", False)
    every = Dialogue(explainer).reply("ann", "stop using my purchases", Context(items=("tea",)))
    assert (every.slots, every.needs_confirmation) == ({"all": True}, True)
