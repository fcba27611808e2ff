"""Values in the locale's manner, and sentences filled with them."""

from __future__ import annotations

import dataclasses

import pytest

from llm_explain.errors import ClaimError
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.text.skeleton import Skeleton
from llm_explain.verifier import Verifier
from tests.llm_explain.spoken_claims import CLAIMS, SCENE, claim, spec

REALISER = Realiser(load_lexicon("en"))


def values(*claims):
    return spec(claims).values


def fill(text, given, event_kind="purchase"):
    skeleton = Skeleton(text=text, kinds=(), tone="friendly", slots=())
    return REALISER.fill(skeleton, dataclasses.replace(spec([]), values=given, event_kind=event_kind))


def test_every_kind_gives_the_values_of_its_slots():
    assert values(*CLAIMS.values()) == {
        "item": "“Chobani Peach Yogurt 5.3 oz”",
        "item_label": "“Chobani Peach Yogurt 5.3 oz”",
        "times": "12 times",
        "last_date": "3 November",
        "many_times": "12 times",
        "recent_times": "12 times",
        "near_date": "3 November",
        "interval": "two weeks",
        "days_since": "12 days",
        "due_date": "19 November",
        "category": "yogurt",
        "category_times": "9 times",
        "category_window": "90 days",
        "related_category": "cold cereal",
        "related_times": "4 times",
        "related_window": "year",
        "brand_category": "yogurt",
        "brand": "Chobani",
        "brand_count": "9",
        "brand_orders": "11",
        "price_category": "yogurt",
        "price": "$2.99",
        "usual_price": "$2.89",
        "lower_price": "$1.99",
        "last_paid": "$2.49",
        "other_item": "“Crunchy Granola 12 oz”",
        "next_share": "31%",
        "next_window": "the past year",
        "promotion": "featured in your store's flyer",
        "promotion_end": "4 December",  # it is over at midnight before the 5th
        "users_band": "more than 250",
        "popular_window": "the past 30 days",
        "month": "recent weeks",
        "lift": "1.8 times",
        "first_seen": "14 November",
        "new_days": "17 days",
        "buyers": "172",
        "buyers_window": "30 days",
        "first_category": "yogurt",
        "break_gap": "about seven months",
        "break_month": "May",
        "break_rhythm": "two weeks",
        "companion_item": "“Crunchy Granola 12 oz”",
        "companion_together": "6",
        "companion_orders": "9",
        "latest_having": "4",
        "latest_orders": "5",
        "most_category": "yogurt",
        "most_things": "yogurt",
        "most_window": "year",
        "since_month": "March",
        "sized_item": "“Crunchy Granola 12 oz”",
        "own_size": "5.3 oz",
        "frequent_item": "“Crunchy Granola 12 oz”",
        "frequent_times": "12 times",
        "together_item": "“Crunchy Granola 12 oz”",
        "together_share": "31%",
        "together_window": "the past year",
        "best_place": "among our customers' top three picks",
        "best_category": "yogurt",
        "first_orders": "38",
        "best_window": "the past 30 days",
    }


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, "day"),
        (7, "week"),
        (9, "9 days"),
        (12, "12 days"),
        (12.5, "two weeks"),
        (13.5, "two weeks"),
        (16, "two weeks"),
        (17, "two or three weeks"),
        (21, "three weeks"),
        (45, "six weeks"),
        (30, "month"),
        (60.5, "two months"),
        (75, "two or three months"),
        (106, "three or four months"),
        (91, "three months"),
        (500, "500 days"),
    ],
)
def test_intervals(days, said):
    assert values(claim("due", interval_days=days, days_since=1, count=3))["interval"] == said


@pytest.mark.parametrize(("count", "said"), [(1, "once"), (2, "twice"), (3, "3 times"), (1200, "1,200 times")])
def test_times(count, said):
    assert values(claim("repeat_item", count=count, last="2017-11-03"))["times"] == said


def test_a_date_of_another_year_says_so():
    assert values(claim("repeat_item", count=2, last="2016-11-03"))["last_date"] == "3 November 2016"


@pytest.mark.parametrize(
    ("last", "slot", "said"),
    [
        ("2017-11-25", "near_date", "25 November"),
        ("2017-10-03", "near_date", "3 October"),
        ("2017-10-02", "last_month", "October"),
        ("2016-08-03", "last_month", "August 2016"),
    ],
)
def test_a_line_tells_the_day_or_the_month_of_a_purchase(last: str, slot: str, said: str) -> None:
    found = values(claim("repeat_item", count=2, last=last))
    assert {name: found.get(name) for name in ("near_date", "last_month") if name in found} == {slot: said}


def test_a_month_of_another_year_has_its_year() -> None:
    assert values(claim("kept_since", since="2016-11-08")) == values() | {"since_month": "November 2016"}


def test_an_item_in_another_size_has_no_article():
    name = "a multi-pack of canned soft drinks"
    lexicon = load_lexicon("en")
    names = ReferringExpressions(lexicon)
    title = "Multi-pack of canned soft drinks, 12 oz (store brand)"
    assert names.short(title, 60) == name
    assert names.bare(title) == name.removeprefix("a ")
    assert names.bare("Norvik gloves, box of 100") == "“Norvik gloves”"


def test_another_size_of_an_item_that_is_not_told_from_others_keeps_what_the_claim_states() -> None:
    facts = {"other_item_id": "7", "size": "40 g", "other_size": "400 g"}
    titles = {"7": "Ostvik granola 400 g"}
    asked = spec([claim("related_title", **facts)], title="Ostvik granola 40 g", titles=titles, is_neutral=True)
    said = REALISER.with_plain_names(asked, (), ("7",)).values
    assert said["own_size"] == "40 g"
    assert "400 g" in said["sized_item"]


@pytest.mark.parametrize(
    ("size", "said"),
    [("l", "in size L"), ("size xl", "in size XL"), ("0,5 l", "0,5 l"), ("extra-large", "extra-large")],
)
def test_a_size_in_letters_is_said_as_one(size: str, said: str) -> None:
    facts = {"other_item_id": "7", "size": size, "other_size": size}
    assert values(claim("related_title", **facts))["own_size"] == said


def test_what_cannot_be_said_is_left_out():
    assert "days_since" not in values(claim("due", interval_days=7, days_since=0, count=3))
    assert "promotion" not in values(claim("promotion", label="coupon", end="2017-12-05", store_id=""))
    old = claim("popular", users_band=50, window_days=30, until="2017-11-28T00:00:00")
    assert values(old)["popular_window"] == "the 30 days to 28 November"


@pytest.mark.parametrize(("brand", "said"), [("store brand", "our own brand"), ("brand #123", None), ("", None)])
def test_brands(brand, said):
    assert values(claim("usual_brand", brand=brand, category="tea", share=0.5, count=3)).get("brand") == said


@pytest.mark.parametrize(
    ("label", "store", "said"),
    [
        ("mailer", "", "featured in our flyer"),
        ("display", "401", "on display in your store"),
        ("two for one", "", "on promotion"),
    ],
)
def test_promotions(label, store, said):
    assert values(claim("promotion", label=label, end="2017-12-05", store_id=store))["promotion"] == said


def test_a_fact_that_is_missing_gives_no_value():
    assert "times" not in values(claim("repeat_item", last="2017-11-03"))


def test_a_fact_of_another_type_is_refused():
    with pytest.raises(ClaimError, match=r"claim repeat_item has facts .* but they cannot be written"):
        values(claim("repeat_item", count="many", last="2017-11-03"))


def test_a_shop_without_a_currency_has_prices_without_a_sign():
    unstated = Realiser(load_lexicon("en").with_currency(None))
    assert unstated.specify([CLAIMS["usual_price"]], **SCENE).values["price"] == "2.99"


@pytest.mark.parametrize(("currency", "price"), [("EUR", "€2.99"), ("SEK", "SEK\u00a02.99")])
def test_another_currency(currency, price):
    """A currency that is told by letters stands apart from its number."""
    lexicon = load_lexicon("en").with_currency(currency)
    assert Realiser(lexicon).specify([CLAIMS["usual_price"]], **SCENE).values["price"] == price


def test_filling_capitalises_the_beginning_of_a_sentence():
    given = {"users_band": "more than 250", "category": "tea"}
    assert fill("{users_band} customers. {category} too, {category}.", given) == (
        "More than 250 customers. Tea too, tea."
    )


@pytest.mark.parametrize(
    ("item", "text"), [("apple pie", "An apple pie."), ("hour glass", "An hour glass."), ("tea", "A tea.")]
)
def test_articles_agree(item, text):
    assert fill("A {item}.", {"item": item}) == text


def test_verbs_follow_the_kind_of_event():
    assert fill("You've bought {item}; buying it.", {"item": "Bought bread"}, "view") == (
        "You've looked at Bought bread; looking at it."
    )
    assert fill("In your basket {times}.", {"times": "twice"}, "cart") == "In your cart twice."
    with pytest.raises(ClaimError, match=r"has no words for events of kind 'purchase' but they are needed"):
        fill("In your basket {times}.", {"times": "twice"})
    with pytest.raises(ClaimError, match=r"has no words for events of kind 'play' but they are needed"):
        fill("In your basket {times}.", {"times": "twice"}, "play")


def test_values_in_braces_are_not_filled_again():
    assert fill("{item} {times}.", {"item": "x {times}", "times": "twice"}) == "X {times} twice."


def test_a_title_that_leaves_nothing_readable_gives_no_item():
    assert "item" not in spec([], title="<>{}").values


def test_a_category_that_is_too_long_is_not_said_in_part():
    long = "a very long name of a category that a merchandiser wrote with every detail in it"
    assert "category" not in values(claim("category_affinity", category=long, count=3, window_days=90))
    assert REALISER.name(long).endswith("…”")  # a heading may break off


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("Bought once, on 31 May.", True),
        ("You've bought it once and last bought it on 31 May.", False),  # reads as two purchases
        ("You bought this once, last on 31 May.", False),
    ],
)
def test_one_purchase_is_not_told_as_two(text, *, is_true):
    once = spec([claim("repeat_item", count=1, last="2017-05-31")])
    assert Verifier(load_lexicon("en")).verify(text, once).ok == is_true


def test_a_size_that_is_a_box_has_an_article():
    """A text said "this time box of 24"."""
    facts = {"other_item_id": "7", "size": "box of 24", "other_size": "box of 12"}
    told = spec([claim("related_title", **facts)])
    assert told.values["own_size"] == "a box of 24"
    verifier = Verifier(load_lexicon("en"))
    text = f"The {told.values['sized_item']} you've bought, this time {{}}."
    assert verifier.verify(text.format("a box of 24"), told).ok
    assert not verifier.verify(text.format("a box of 12"), told).ok
