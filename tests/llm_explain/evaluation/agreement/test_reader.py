"""Finished sentences, read: which reasons, which numbers, which words of degree."""

from __future__ import annotations

import pytest

from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader

NAMES = Names(
    ["cheese", "bread and buns", "soup"], ["Cheddar cheese, 8 oz", "Rye bread", "Limes", "Limes, 2 lb", "Onion soup"]
)


def read(text):
    return Reader(NAMES).read(text, title="Cheddar cheese, 8 oz", category="cheese")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You've bought this 12 times.", [("repeat_item", "", {"count": 12.0})]),
        ("You buy this cheddar cheese about every two weeks.", [("due", "", {"interval_days": 14.0})]),
        ("You buy this cheddar cheese about every two or three weeks.", [("due", "", {"interval_days": 17.5})]),
        ("Because you buy cheese.", [("category_affinity", "cheese", {})]),
        (
            "You've bought bread and buns 5 times in the last 90 days, hence this.",
            [("related_category", "bread and buns", {"count": 5.0})],
        ),
        (
            "You've bought it once, in the last 90 days you've bought soup twice.",
            [("repeat_item", "", {"count": 1.0}), ("related_category", "soup", {"count": 2.0})],
        ),
        ("You chose this brand in 9 of your last 11 orders with cheese.", [("usual_brand", "", {"count": 9.0})]),
        ("Close to what you usually pay for cheese.", [("usual_price", "", {})]),
        (
            "At $2.50, close to the $2.60 you usually pay for cheese.",
            [("usual_price", "", {"price": 2.5, "usual": 2.6})],
        ),
        ("Customers who bought limes also bought this.", [("similar_item", "Limes", {})]),
        ("This is featured in our flyer until 3 December.", [("promotion", "", {"until": 1203.0})]),
        ("On display until December 3, 2018.", [("promotion", "", {"until": 1203.0})]),
        (
            "You've bought this twice, and last bought it on 28 May 2017.",
            [("repeat_item", "", {"count": 2.0, "last": 528.0})],
        ),
        ("New in our range since 4 May.", [("new_arrival", "", {"first_seen": 504.0})]),
        ("More than 1,000 customers bought this in the last 30 days.", [("popular", "", {"users_band": 1000.0})]),
        (
            "In recent weeks this kind of product made up 1.4 times its usual share.",
            [("season", "", {"lift": 1.4})],
        ),
        ("New in our range: it arrived 12 days ago.", [("new_arrival", "", {"days": 12.0})]),
        (
            "You used to buy this about every two weeks; it's been about two months.",
            [("back_after_break", "", {"interval_days": 14.0})],
        ),
        (
            "You used to buy this about every 8 days; the last time was in June.",
            [("back_after_break", "", {"interval_days": 8.0})],
        ),
        (
            "It's been about two months since you last bought this.",
            [("back_after_break", "", {})],
        ),
        ("You've bought limes (2 lb) 16 times, and it's here.", [("frequent_item", "Limes, 2 lb", {"count": 16.0})]),
        ("Among our customers' top three picks in cheese.", [("best_seller", "", {"among": 3.0})]),
        ("In cheese, our customers' top pick over the past 30 days.", [("best_seller", "", {"among": 1.0})]),
        ("A good thing for you.", []),
    ],
)
def test_reasons_and_numbers(text, expected):
    assert [(each.kind, each.name, each.values) for each in read(text)] == expected


def test_a_title_that_is_also_a_category_is_read_as_the_record_means_it():
    reader = Reader(Names(["cheese", "apples"], ["Cheddar", "Apples"]))
    text = "Customers who bought apples, as you did, bought this too."
    meant = reader.read(text, title="Cheddar", category="cheese", titles={"Apples"})
    assert [(each.kind, each.name, each.degrees) for each in meant] == [("similar_item", "Apples", ("crowd",))]
    assert [each.kind for each in reader.read(text, title="Cheddar", category="cheese")] == ["related_category"]
    own = reader.read("Apples: popular with our shoppers.", title="Apples", category="apples", titles={"Apples"})
    assert [each.kind for each in own] == ["popular"]


def test_other_customers_are_those_of_the_other_item_wherever_they_stand():
    (promotion, similar) = read("Currently on display; also bought by customers who, like you, bought Onion soup.")
    assert (promotion.kind, promotion.degrees) == ("promotion", ())
    assert (similar.kind, similar.degrees) == ("similar_item", ("crowd",))


def test_a_stated_share_of_customers_is_no_word_of_degree():
    (similar,) = read("30% of the customers who bought Onion soup, as you did, later bought this.")
    assert (similar.kind, similar.values, similar.degrees) == ("similar_item", {"next_share": 0.3}, ())
    (together,) = read("31% of our shoppers who bought Onion soup, like you, bought these in the same order.")
    assert (together.kind, together.degrees) == ("bought_together", ())
    (both,) = read("Because you bought Onion soup: 31% of the customers who did had both in one order.")
    assert both.kind == "bought_together"


def test_a_regular_is_no_word_of_degree():
    (kept,) = read("A regular of yours since May.")
    assert (kept.kind, kept.degrees) == ("kept_since", ())


def test_a_price_does_not_end_a_clause():
    price, popular = read("In the $0.88 to $1.33 range you pay for cheese; this one is popular with our customers.")
    assert (price.kind, price.degrees) == ("usual_price", ("current",))
    assert (popular.kind, popular.degrees) == ("popular", ())


def test_a_name_inside_a_longer_one_is_not_read():
    # "cheese" stands in the item's own title alone.
    assert [each.kind for each in read("We picked this cheddar cheese because it's on promotion.")] == ["promotion"]


def test_words_of_degree_go_to_the_claim_in_their_clause():
    one, other = read("You often buy soup, and you regularly buy cheese.")
    assert (one.degrees, other.degrees) == (("often", "current"), ("regularly", "current"))
    (past,) = read("You've often bought soup.")
    assert past.degrees == ("often",)
    (season,) = read("In recent weeks this kind of product was more in demand than usual.")
    assert season.degrees == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You've bought this 12 times.", ("purchase",)),
        ("It has been in your basket twice.", ("purchase",)),
        ("You've looked at this 3 times.", ("view",)),
        ("You've viewed this twice, in view of your visits.", ("view",)),
        ("You've played this 4 times, which played a part.", ("play",)),
        ("It's been in your cart 3 times.", ("cart",)),
        ("You've bought this twice and viewed it once.", ("purchase", "view")),
        ("On display until 3 December.", ()),
    ],
)
def test_words_tell_the_kinds_of_event(text, expected):
    assert {each.event_kinds for each in read(text)} == {expected}
