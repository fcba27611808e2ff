"""Skeletons: order of kinds, openings, and when a skeleton fits."""

from __future__ import annotations

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.errors import ClaimError
from llm_explain.text.skeleton import Need, Skeleton, opening

KINDS = ClaimKinds.installed()


def test_kinds_come_in_the_order_of_a_sentence():
    assert KINDS.in_order(["promotion", "due", "repeat_item"]) == ("repeat_item", "due", "promotion")


def test_unknown_kinds_are_refused():
    with pytest.raises(ClaimError, match="claim kind is 'weather' but one of repeat_item"):
        KINDS.in_order(["weather"])


def test_a_kind_comes_once():
    with pytest.raises(ClaimError, match="claim kinds are due, due but each may come once"):
        KINDS.in_order(["due", "due"])


def test_pieces_alternate_between_text_and_slots():
    skeleton = Skeleton(text="{item}: bought {times}.", kinds=(), tone="concise", slots=("item", "times"))
    assert skeleton.pieces == ("", "item", ": bought ", "times", ".")


def test_the_opening_ignores_case_and_punctuation():
    assert opening("Why? You've bought it.") == "why you've bought"


@pytest.mark.parametrize(
    ("values", "licences", "fits"),
    [
        ({"category": "tea"}, {"category_affinity": frozenset({"often"})}, True),
        ({"category": "tea"}, {"category_affinity": frozenset()}, False),
        ({"category": "tea"}, {}, False),
        ({}, {"category_affinity": frozenset({"often"})}, False),
    ],
)
def test_a_skeleton_fits_where_values_and_licences_are_there(values, licences, fits):
    needs = frozenset({Need(frozenset({"category_affinity"}), "often")})
    skeleton = Skeleton("You often buy {category}.", ("category_affinity",), "friendly", ("category",), needs)
    assert skeleton.fits(values, licences) is fits


def test_a_twin_must_have_the_same_value():
    skeleton = Skeleton("…", (), "friendly", ("category",), same=(("brand_category", "category"),))
    assert skeleton.fits({"category": "tea", "brand_category": "tea"}, {})
    assert not skeleton.fits({"category": "tea", "brand_category": "soup"}, {})


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("You bought {other_item}, so we thought of this.", ", so we thought of this."),
        ("Ya has comprado {other_item}: ¿lo añadimos también?", "?"),  # a list asks once
        ("看你买过{other_item}，就想到了这款。", "，就想到了这款。"),
        ("You bought {other_item} again.", ""),
        ("Because you bought {other_item}.", ""),
    ],
)
def test_the_closing_is_what_follows_the_last_slot(text, closing):
    assert Skeleton(text, ("similar_item",), "friendly", ("other_item",)).closing == closing
