"""Sentences about bananas say "they"; the verifier reads them as it reads those about one thing."""

from __future__ import annotations

import dataclasses

import pytest

from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import SLOT, Skeleton
from llm_explain.verifier import Verifier
from tests.llm_explain.spoken_claims import CLAIMS, SCENE

ENGLISH = load_lexicon("en")
REALISER, VERIFIER = Realiser(ENGLISH), Verifier(ENGLISH)


def spec(kinds: tuple[str, ...], title: str):
    return REALISER.specify([CLAIMS[kind] for kind in kinds], **{**SCENE, "title": title})


@pytest.mark.parametrize(
    ("skeleton", "kinds", "many"),
    [
        ("It's popular with our customers.", ("popular",), "They're popular with our customers."),
        ("This is {promotion}.", ("promotion",), "These are featured in your store's flyer."),
        ("You've bought this {times}.", ("repeat_item",), "You've bought these 12 times."),
        (
            "We recommend {item} because you have bought it {times}.",
            ("repeat_item",),
            "We recommend these bananas because you have bought them 12 times.",
        ),
        ("Its price is close to what you pay for {price_category}.", ("usual_price",), None),
        (
            "Products like this were in demand in {month}.",
            ("season",),
            "Products like these were in demand in recent weeks.",
        ),
        (
            "You buy this about every {interval}, and it's been {days_since} since your last purchase.",
            ("due",),
            "You buy these about every two weeks, and it's been 12 days since your last purchase.",
        ),
        ("This item is {promotion}.", ("promotion",), "This item is featured in your store's flyer."),
        (
            "You know this one: you've bought it {times}.",
            ("repeat_item",),
            "You know this one: you've bought it 12 times.",
        ),
    ],
)
def test_words_agree_with_many_things_and_are_proven(skeleton: str, kinds: tuple[str, ...], many: str | None) -> None:
    about_many, about_one = spec(kinds, "Bananas, 2 lb"), spec(kinds, "Extension cord, 12 ft")
    given = Skeleton(skeleton, kinds, "friendly", ())
    text = REALISER.fill(given, about_many)
    assert text == (many or "Their price is close to what you pay for yogurt.")
    assert VERIFIER.verify(text, about_many).ok
    one = REALISER.fill(given, about_one)
    assert " they" not in one.lower()
    assert " these " not in one
    assert VERIFIER.verify(one, about_one).ok


@pytest.mark.parametrize(
    "text",
    [
        "They buy these.",
        "They've never been bought.",
        "Their customers bought these 12 times.",
        "You've bought these 13 times.",
        "These are cheap, and you've bought them 12 times.",
        "They will be bought 12 times.",
    ],
)
def test_words_of_many_license_nothing(text: str) -> None:
    assert not VERIFIER.verify(text, spec(("repeat_item",), "Bananas, 2 lb")).ok


def test_they_is_refused_of_one_thing() -> None:
    one = spec(("popular",), "Extension cord, 12 ft")
    assert VERIFIER.verify("It's popular with our customers.", one).ok
    assert not VERIFIER.verify("They're popular with our customers.", one).ok


def test_a_name_that_is_no_common_noun_is_one_thing() -> None:
    book = spec(("repeat_item",), "The Grapes of Wrath")
    text = REALISER.fill(Skeleton("You've bought {item} {times}.", ("repeat_item",), "friendly", ()), book)
    assert text == "You've bought “The Grapes of Wrath” 12 times."
    assert VERIFIER.verify(text, book).ok


def test_a_basket_is_told_of_carts_alone() -> None:
    one = spec(("repeat_item",), "Extension cord, 12 ft")
    basket = Skeleton("In your basket {times}.", ("repeat_item",), "concise", ("times",))
    assert not REALISER.fits(basket, one)
    codes = [fault.code for fault in VERIFIER.verify("In your basket 12 times.", one).faults]
    assert "event_kind" in codes


@pytest.mark.parametrize("title", ["Bananas, 2 lb", "Extension cord, 12 ft"])
def test_no_sentence_speaks_of_one_item_in_two_numbers(title: str) -> None:
    for line in read_corpus(ENGLISH):
        about = spec(line.kinds, title)
        given = Skeleton(line.text, line.kinds, line.tone, tuple(SLOT.findall(line.text)))
        if REALISER.fits(given, about):
            assert not REALISER.is_mixed(REALISER.fill(given, about)), line.text


def test_an_item_of_many_things_is_not_called_this_one_where_there_is_a_choice() -> None:
    many, one = spec(("popular",), "Bananas, 2 lb"), spec(("popular",), "Extension cord, 12 ft")
    unknown = spec(("popular",), "Fairy Wonder")
    said = {
        text: Skeleton(text, ("popular",), "friendly", ())
        for text in ("This one is popular.", "It's popular with our customers.", "This is popular with our customers.")
    }
    natural = {
        name: [REALISER.is_natural(skeleton, about) for skeleton in said.values()]
        for name, about in (("many", many), ("one", one), ("unknown", unknown))
    }
    assert natural == {"many": [False, True, True], "one": [True] * 3, "unknown": [True, False, True]}


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Fairy lights", "You've bought these 12 times."),
        ("Cheerios", "You've bought this 12 times."),
        ("Nordic tree topper", "You've bought this 12 times."),
    ],
)
def test_a_title_in_small_letters_has_the_number_of_its_noun(title: str, said: str) -> None:
    own = spec(("repeat_item",), title)
    skeleton = Skeleton("You've bought this {times}.", ("repeat_item",), "friendly", ())
    assert REALISER.fill(skeleton, own) == said
    assert VERIFIER.verify(said, own).ok


@pytest.mark.parametrize(("title", "fits"), [("Extension cord, 12 ft", True), ("White milk", False)])
def test_a_sentence_that_has_no_words_once_it_agrees_is_not_chosen(title, fits):
    """ "Usted lo compra" has a form for views, "usted la compra" has none."""
    realiser = Realiser(load_lexicon("es"))
    due = CLAIMS["due"]
    viewed = dataclasses.replace(due, facts={**due.facts, "event_kind": "view"})
    spec = realiser.specify([viewed], **{**SCENE, "title": title})
    skeleton = Skeleton("Usted lo compra más o menos cada {interval}.", ("due",), "formal", ("interval",))
    assert realiser.fits(skeleton, spec) == fits


@pytest.mark.parametrize(("locale", "title"), [("es", "Cocinas del mundo"), ("en", "Dinosaurs of the desert")])
def test_no_word_agrees_with_the_title_of_a_work(locale, title):
    realiser = Realiser(load_lexicon(locale))
    repeat = CLAIMS["repeat_item"]
    watched = dataclasses.replace(repeat, facts={**repeat.facts, "event_kind": "watch"})
    bought, seen = (realiser.specify([claim], **{**SCENE, "title": title}) for claim in (repeat, watched))
    assert bought.is_of_many
    assert (seen.is_of_many, seen.is_feminine, seen.is_known) == (False, False, False)
