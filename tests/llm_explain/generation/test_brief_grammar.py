"""The grammar of a brief: hand-written sentences are in it; other orders, words and roles are not."""

from __future__ import annotations

import re

import pytest
from tiny import tiny_tokenizer

llguidance = pytest.importorskip("llguidance", reason="constrained decoding needs the extra lm")
from llguidance import hf  # noqa: E402

from llm_explain.generation.brief_grammar import BriefGrammar  # noqa: E402
from llm_explain.generation.briefs import Brief, BriefReader, Part  # noqa: E402
from llm_explain.generation.constrained import LIMITS  # noqa: E402
from llm_explain.generation.patterns import trie_pattern, without_look_around  # noqa: E402
from llm_explain.skeletons.corpus import read_corpus  # noqa: E402
from llm_explain.text.lexicon import load_lexicon  # noqa: E402

ENGLISH = load_lexicon("en")
GRAMMAR = BriefGrammar(ENGLISH)
BRIEF = Brief("friendly", (Part("repeat_item", ("times",)), Part("due", ("interval",))), is_causal=False)


@pytest.fixture(scope="module")
def tokens() -> llguidance.LLTokenizer:
    return hf.from_tokenizer(tiny_tokenizer(), n_vocab=len(tiny_tokenizer()))


def fits(tokens: llguidance.LLTokenizer, brief: Brief, text: str) -> bool:
    """Return whether a whole text is one of the grammar."""
    matcher = llguidance.LLMatcher(
        tokens, GRAMMAR(brief), log_level=0, limits=llguidance.LLParserLimits(**LIMITS)
    )  # fmt: skip
    assert not matcher.is_error(), matcher.get_error()[:300]
    written = tiny_tokenizer()(text, add_special_tokens=False)["input_ids"]
    return all(matcher.consume_token(token) for token in written) and matcher.is_accepting()


@pytest.mark.parametrize(
    "text",
    [
        "You've bought this {times}, about every {interval}.",
        "{times} so far, about every {interval}.",
        "In your basket {times}: about every {interval}, and so here it is again.",
    ],
)
def test_sentences_of_the_brief_are_in_it(tokens: llguidance.LLTokenizer, text: str) -> None:
    assert fits(tokens, BRIEF, text)


@pytest.mark.parametrize(
    "text",
    [
        "About every {interval}, and {times} so far.",  # the other order
        "You've bought this {times}.",  # one is missing
        "You've bought this delicious {times}, about every {interval}.",  # a word that nothing licenses
        "You've bought this {times}, popular with {interval}.",  # a slot out of its role
        "You've bought this {times}, about every {interval}",  # no end
    ],
)
def test_anything_else_is_not(tokens: llguidance.LLTokenizer, text: str) -> None:
    assert not fits(tokens, BRIEF, text)


def test_nearly_all_hand_written_sentences_are_in_the_grammars_of_their_briefs(tokens: llguidance.LLTokenizer) -> None:
    reader = BriefReader(ENGLISH)
    lines = read_corpus(load_lexicon("en"))[::11]
    inside = sum(fits(tokens, reader.read(line.text, line.kinds, line.tone), line.text) for line in lines)
    assert inside >= 0.95 * len(lines)


def test_a_trie_matches_its_words_and_no_other() -> None:
    words = {"buy", "buys", "bought", "it's", "it", "a"}
    pattern = re.compile(trie_pattern(words))
    assert all(pattern.fullmatch(word) for word in words)
    assert not any(pattern.fullmatch(word) for word in ("bu", "its", "", "aa"))


@pytest.mark.parametrize(
    ("pattern", "without"),
    [(r"(?<![\w'-])a(?=[ ,)]|'s )b", "ab"), (r"(?:a|b)(?!c(?:d|e))", "(?:a|b)"), (r"a\(b", r"a\(b")],
)
def test_assertions_are_left_out(pattern: str, without: str) -> None:
    assert without_look_around(pattern) == without


@pytest.mark.parametrize(
    ("text", "is_in_it"),
    [
        ("You've bought this {times}, and it's popular with our customers.", True),
        ("You've bought this {times}.", False),  # the other kind is not stated
        ("You've bought this {times}. It's popular with our customers.", False),  # a second sentence
    ],
)
def test_a_kind_without_slots_is_stated_in_the_one_sentence(
    tokens: llguidance.LLTokenizer, text: str, *, is_in_it: bool
) -> None:
    brief = Brief("friendly", (Part("repeat_item", ("times",)), Part("popular")), is_causal=False)
    assert fits(tokens, brief, text) is is_in_it


@pytest.mark.parametrize("order", ["in {month}, this kind took {lift} its", "this kind took {lift} its"])
def test_two_slots_of_a_kind_may_change_places(tokens: llguidance.LLTokenizer, order: str) -> None:
    brief = Brief("friendly", (Part("season", ("month", "lift")),), is_causal=False)
    end = " in {month}" if "{month}" not in order else ""
    assert fits(tokens, brief, f"{order[0].upper()}{order[1:]} average share of sales{end}.")


@pytest.mark.parametrize(
    ("text", "is_in_it"),
    [
        ("At {price}, this is close to what you pay for {price_category}, and it's new in our range.", True),
        ("This is close to what you pay for {price_category}, and it's new in our range.", True),
        ("At {price}, this is close to what you pay, and it's new in our range.", False),  # what it takes to be true
        ("This is close to what you pay for {price_category}.", False),  # the other kind is not stated
    ],
)
def test_a_slot_that_no_claim_requires_may_be_left_out(
    tokens: llguidance.LLTokenizer, text: str, *, is_in_it: bool
) -> None:
    parts = (Part("usual_price", ("price", "price_category")), Part("new_arrival", ("new_days",)))
    assert fits(tokens, Brief("friendly", parts, is_causal=False), text) is is_in_it


@pytest.mark.parametrize(
    ("part", "text", "is_in_it"),
    [
        (
            Part("due", ("days_since", "interval")),
            "You last bought this {days_since} ago, about every {interval}.",
            True,
        ),
        (Part("due", ("days_since", "interval")), "Last bought {days_since} ago, about every {interval}.", True),
        (Part("new_arrival", ("first_seen",)), "This joined our range on {first_seen}.", True),
        (Part("new_arrival", ("first_seen",)), "This joined our delicious range on {first_seen}.", False),
        (Part("new_arrival", ("first_seen",)), "This joined our range on {last_seen} on {first_seen}.", False),
        (Part("popular", ("users_band",)), "This was bought by {users_band} customers.", True),
        (
            Part("usual_price", ("price", "price_category")),
            "Close to what you pay for {price_category}, {price}.",
            True,
        ),
        (Part("promotion", ("promotion",)), "Here's {promotion}.", True),
        (Part("season", ("month",)), "Products like this were in demand, in {month}.", True),
        (Part("season", ("month",)), "Products of this kindas {month}'s were in demand.", False),  # two words in one
    ],
)
def test_between_what_a_role_names_stand_words_and_nothing_else(
    tokens: llguidance.LLTokenizer, part: Part, text: str, *, is_in_it: bool
) -> None:
    assert fits(tokens, Brief("friendly", (part,), is_causal=False), text) is is_in_it
