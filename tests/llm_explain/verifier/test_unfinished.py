"""A beginning is lost only if no end can mend it: none of any accepted sentence is."""

from __future__ import annotations

import pytest

from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.verifier import SkeletonVerifier, UnfinishedVerifier

ENGLISH = load_lexicon("en")
VERIFIER = UnfinishedVerifier(ENGLISH)


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_no_beginning_of_a_hand_written_sentence_is_lost(locale: str) -> None:
    verifier = UnfinishedVerifier(load_lexicon(locale))
    for line in read_corpus(load_lexicon(locale))[::20]:
        for end in range(len(line.text)):
            assert not verifier.is_lost(line.text[:end], frozenset(line.kinds)), line.text[:end]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Customers who bought ", {"similar_item"}),  # all of them?
        ("Some of the customers who bought other", {"similar_item"}),  # than which item?
        ("It's in your basket", {"popular"}),  # no claim says so
        ("It's our best", {"popular"}),
        ("It's popular with all customers and ", {"popular"}),
        ("You've bought this {times}, and this this ", {"repeat_item"}),
        ("You buy for {brand}", {"usual_brand"}),
        ("You buy this, so here it is after {days_since}", {"due"}),  # no reason follows from another
        ("Popular with our customers because ", {"popular"}),
        ("You've bought this {times}, and it's popu", {"repeat_item"}),  # popular, which no claim says
        ("Because you buy {related_category}; now", {"related_category", "promotion"}),  # because of which, what?
    ],
)
def test_a_lost_beginning_is_refused_however_it_goes_on(text: str, kinds: set[str]) -> None:
    whole = SkeletonVerifier(ENGLISH)
    assert VERIFIER.is_lost(text, frozenset(kinds))
    for end in (".", " now.", ", and it's popular with our customers.", " {other_item} also bought this."):
        assert whole.check(text.rstrip() + end, kinds).faults


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Bought in the pas", {"category_affinity"}),  # "past"
        ("{users_band} shoppers put this in their basket", {"popular"}),  # "baskets"
        ("At the mom", {"promotion"}),  # "at the moment", not anybody's mom
        ("You often buy {cat", {"category_affinity"}),
        ("{next_share} of the customers who bought ", {"similar_item"}),
        ("More in demand in {month} than usu", {"season"}),
        ("Because you buy {category}, ", {"category_affinity"}),  # … we suggest this
        ("Because you buy {category}, and because it's {promotion}", {"category_affinity", "promotion"}),
        ("You buy {category}, so ", {"category_affinity"}),
    ],
)
def test_an_unfinished_word_phrase_or_slot_is_not_judged(text: str, kinds: set[str]) -> None:
    assert not VERIFIER.is_lost(text, frozenset(kinds))


@pytest.mark.parametrize(
    ("text", "slots", "is_lost"),
    [
        ("You buy for {", ("brand",), True),  # only this one can come
        ("You buy for {", ("brand", "brand_category"), False),
        ("You buy for {brand_", ("brand", "brand_category"), False),
        ("From {brand}, which you buy for {", ("brand", "brand_category"), False),
        ("You've bought this {times}, from {", ("times", "brand"), False),
        ("You buy for {", ("brand", "times"), True),  # the brand has to come first
        ("You buy for {", (), False),  # nobody knows which
        ("{brand}, which you buy for {brand_category}, {", ("brand", "brand_category"), True),  # none is left
        ("You often {", ("brand", "brand_category"), True),  # not where a brand stands
    ],
)
def test_a_slot_is_judged_while_it_is_opened(text: str, slots: tuple[str, ...], *, is_lost: bool) -> None:
    assert VERIFIER.is_lost(text, frozenset({"usual_brand", "repeat_item"}), slots) is is_lost


@pytest.mark.parametrize(
    ("text", "slots", "is_lost"),
    [
        ("It joined our range on", ("first_seen",), False),
        ("It joined our range on {first_", ("first_seen",), False),
        ("It joined our range on {first_seen}, and", ("first_seen",), False),
        ("It joined our range on", ("new_days",), True),  # the day is none of its slots
        ("It joined our range on Mon", ("first_seen",), True),
    ],
)
def test_words_that_lead_to_a_slot_are_lost_without_it(text: str, slots: tuple[str, ...], *, is_lost: bool) -> None:
    assert VERIFIER.is_lost(text, frozenset({"new_arrival"}), slots) is is_lost
