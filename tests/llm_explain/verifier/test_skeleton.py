"""Sentences with slots: roles, licences, and what the corpus says."""

from __future__ import annotations

import pytest

from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.skeleton import Need
from llm_explain.verifier import SkeletonVerifier

VERIFIER = SkeletonVerifier(load_lexicon("en"))


def codes(text, *kinds):
    return [fault.code for fault in VERIFIER.check(text, kinds).faults]


def test_hand_written_sentences_pass():
    refused = [
        (line.text, [fault.message for fault in finding.faults])
        for line in read_corpus(load_lexicon("en"))
        if (finding := VERIFIER.check(line.text, line.kinds)).faults
    ]
    assert len(refused) <= 0.02 * len(read_corpus(load_lexicon("en"))), refused


@pytest.mark.parametrize(
    ("text", "kinds", "code"),
    [
        ("… that's why you see {interval}.", ["due"], "slot_role"),
        ("It's in your range for {price_category}, and {price} customers bought it.", ["usual_price"], "slot_role"),
        ("You buy this about every {interval}, and it's {interval} a regular.", ["due"], "slot_repeated"),
        ("You've bought this {count}.", ["repeat_item"], "unknown_slot"),
        ("You've bought this {times}, until {promotion_end}.", ["repeat_item"], "slot_added"),
        ("You've bought {category} {category_times}.", ["category_affinity"], "slot_alone"),
        ("you've bought this {times}.", ["repeat_item"], "capital"),
        ("You've bought bought this {times}.", ["repeat_item"], "repeated_word"),
        ("You've bought this  {times}.", ["repeat_item"], "spacing"),
        ("You've bought this {times}. It is here. It is here again. So it is.", ["repeat_item"], "too_many_sentences"),
        ("It's popular.", ["repeat_item"], "claim_missing"),
        ("This is here.", ["popular"], "claim_missing"),
        ("You often buy this, and you buy {category}.", ["category_affinity"], "claim_added"),
    ],
)
def test_faults(text, kinds, code):
    assert code in codes(text, *kinds)


def test_a_word_of_degree_needs_the_licence_of_the_claim_in_its_clause():
    finding = VERIFIER.check(
        "You often buy {category}, and you've bought this {times}.", ["category_affinity", "repeat_item"]
    )
    assert finding.faults == ()
    assert finding.needs == {Need(frozenset({"category_affinity"}), degree) for degree in ("often", "current")}


def test_either_claim_about_the_item_licenses_its_degree():
    finding = VERIFIER.check("You often buy this, {times} so far, about every {interval}.", ["repeat_item", "due"])
    assert {need.kinds & {"repeat_item", "due"} for need in finding.needs} >= {frozenset({"repeat_item", "due"})}


def test_an_accepted_draft_knows_its_slots_and_its_author():
    skeleton = VERIFIER.accept(
        "Recommended because you buy {category}.", ["category_affinity"], tone="formal", model="tiny"
    )
    assert skeleton is not None
    assert (skeleton.slots, skeleton.is_causal, skeleton.model) == (("category",), True, "tiny")
    assert VERIFIER.accept("Buy {category}!", ["category_affinity"], tone="formal") is None


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        # Each was written by a language model, has its slots in order, and says what no claim says.
        (["related_category"], "You often buy {related_category}, and this item is from that category."),
        (["related_category"], "You buy {related_category}, so here's something you've bought."),
        (["related_category"], "You buy {related_category}, and this is one of the items you buy."),
        (["related_category", "popular"], "{related_category}: regularly bought by {users_band} of our customers."),
        (["related_category", "season"], "You purchase {related_category} and this category is in demand in {month}."),
        (["related_category", "season"], "You buy {related_category}, in demand in {month}."),
        (["related_category", "season"], "You buy {related_category}, a category that sold above average in {month}."),
        (["related_category", "new_arrival"], "Because you buy {related_category}; new in our range."),
        (["similar_item", "popular"], "You bought {other_item}; bought by customers who, like you, did; popular."),
        (["usual_price", "promotion"], "You usually pay this price for {price_category}, and it's {promotion}."),
        (["popular"], "It's popular with our customers, and popular with our shoppers."),
        (
            ["related_category", "similar_item"],
            "You have purchased {other_item}, and customers who purchased this item also purchased {related_category}.",
        ),
        (
            ["related_category", "usual_brand"],
            "Picked because you usually buy this brand for {brand_category} and {related_category} too.",
        ),
        (["best_seller"], "This is {best_place} in {best_category}."),
        (["similar_item"], "You bought {other_item}, and this one is {item}."),
        (["similar_item"], "You bought {other_item}, and this is one of the ones you've bought."),
        (["similar_item"], "You have purchased {other_item}, and customers who buy this also buy this."),
        (["promotion", "popular"], "You have purchased {users_band} of our customers, and this item is {promotion}."),
        (
            ["promotion", "popular"],
            "This one is popular with our customers, and in the last {popular_window} it was {promotion}.",
        ),
        (["repeat_item", "category_affinity"], "You regularly purchase {category}, {times} in all."),
        (["repeat_item", "due"], "In your basket {times}, {days_since} ago, and about every {interval}."),
        (["season"], "This item is in demand in {month}."),
        (["season"], "Bought because products like it were in demand in {month}."),
        (
            ["usual_brand", "popular"],
            "Your usual brand of {brand_category}, popular with our customers.",
        ),  # the item is
        (["usual_brand"], "It's your usual brand for {brand_category} of this brand."),
        (["usual_brand"], "It's from the brand in {brand_category}."),
        (["usual_brand"], "It's from {brand}, which you usually buy for this brand of {brand_category}."),
        (["category_affinity"], "It's on your list because you buy {category}."),
        (["category_affinity", "usual_brand"], "You buy {category}, and you usually choose this brand for {brand}."),
        (["category_affinity", "usual_brand"], "You buy {category}, and usually this brand when you buy this brand."),
        (["new_arrival"], "This one is new in our range since {new_days} ago."),
        (["related_category", "season"], "You buy {related_category}, and its kind was in demand in {month}."),
        (["related_category", "due"], "You buy {related_category}, about every {interval}, and this one too."),
        (["similar_item"], "Before you've bought {other_item}, here's this one for you."),
        (["similar_item"], "Because you've bought {other_item}, we thought of."),
        (["similar_item"], "BECAUSE YOU BOUGHT {other_item}."),
        (["similar_item"], "This is {other_item}."),
        (["similar_item"], "Customers who bought {other_item}, as you did, also bought this."),  # all of them?
        (["bought_together"], "Customers who bought {together_item}, like you, bought this in the same order."),
        (
            ["bought_together"],
            "Some of the customers who bought {together_item} had this in the same order.",
        ),
        (
            ["bought_together"],
            "{together_share} of those who bought {together_item} had this in the same order.",
        ),
        (["similar_item"], "Some of the customers who bought {other_item}, as you did, also bought this."),
        (["similar_item", "promotion"], "You've bought {other_item}, currently {promotion}."),
        (["similar_item"], "Like you, customers who bought {other_item} bought this."),  # did you?
        (["similar_item", "popular"], "You bought {other_item}; popular with our customers."),
        (["category_affinity", "season"], "You buy {category}, and its kind was in demand in {category} in {month}."),
        (["due"], "You last bought this {days_since} since your last purchase, about every {interval}."),
        (["repeat_item"], "You've bought {times} this product."),
        (["due", "season"], "About every {interval}, you buy about every kind; its kind was in demand in {month}."),
        (["similar_item"], "Customers who, like you, bought this item bought {other_item} too."),
        (["similar_item"], "You bought {other_item}, and it's bought by customers who, like you, have bought this."),
        (
            ["category_affinity", "popular"],
            "You buy {category}, and this was bought by you and {users_band} customers.",
        ),
    ],
)
def test_what_a_model_wrote_and_nobody_claims_is_refused(kinds: list[str], text: str) -> None:
    assert SkeletonVerifier(load_lexicon("en")).check(text, kinds).faults


def test_a_relative_clause_about_a_brand_speaks_of_the_brand() -> None:
    finding = VERIFIER.check(
        "You buy {category}, and this is from {brand}, which you usually choose.", ["category_affinity", "usual_brand"]
    )
    assert not finding.faults
    assert {(*need.kinds, need.degree) for need in finding.needs} == {
        ("category_affinity", "current"),
        ("usual_brand", "usually"),
        ("usual_brand", "current"),
    }


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("Because you bought {other_item}.", set()),
        ("You've bought {other_item}, and this is popular with our customers.", set()),
        ("You've bought {other_item}; its buyers also buy this.", {"crowd"}),
        (
            "{next_share} of the customers who bought {other_item} in {next_window} later bought this one.",
            set(),
        ),  # says it
    ],
)
def test_what_other_customers_did_needs_a_share(text: str, needed: set[str]) -> None:
    kinds = ["similar_item", "popular"] if "popular" in text else ["similar_item"]
    finding = VERIFIER.check(text, kinds)
    assert not finding.faults
    assert {need.degree for need in finding.needs if need.kinds == {"similar_item"}} - {"recently"} == needed
