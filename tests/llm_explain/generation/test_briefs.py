"""Briefs: read back from finished sentences, drawn anew, and written as prompts and grammars."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.generation.briefs import Brief, BriefBook, BriefReader, Part
from llm_explain.generation.prompt_builders import BriefPromptBuilder
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.skeleton import SLOT
from llm_explain.verifier.rules import Rules

if TYPE_CHECKING:
    from llm_explain.verifier.rules import Rules
from llm_explain.text.skeleton import Tone

KINDS = ClaimKinds.installed()

ENGLISH = load_lexicon("en")


@pytest.mark.parametrize(
    ("text", "kinds", "brief"),
    [
        (
            "You often buy {category}, and this one has been in your basket {times}.",
            ["repeat_item", "category_affinity"],
            Brief(
                "friendly",
                (Part("category_affinity", ("category",), "often"), Part("repeat_item", ("times",))),
                is_causal=False,
            ),
        ),
        (
            "Suggested because it's popular with our customers and you've bought {item} {times}.",
            ["repeat_item", "popular"],
            Brief(
                "friendly", (Part("popular"), Part("repeat_item", ("times",))), is_causal=True, has_item=True
            ),
        ),
    ],
)  # fmt: skip
def test_a_sentence_is_read_back_into_its_brief(text: str, kinds: list[str], brief: Brief) -> None:
    assert BriefReader(ENGLISH).read(text, kinds, "friendly") == brief


def test_a_brief_asks_for_exactly_the_slots_of_its_sentence() -> None:
    reader = BriefReader(ENGLISH)
    for line in read_corpus(load_lexicon("en"))[::25]:
        brief = reader.read(line.text, line.kinds, line.tone)
        assert Counter(brief.slots) == Counter(SLOT.findall(line.text)), line.text
        assert KINDS.in_order(brief.kinds) == KINDS.in_order(line.kinds)


def test_a_drawn_brief_has_what_each_kind_requires_or_a_twin_of_it() -> None:
    book, chance = BriefBook(ENGLISH, read_corpus(load_lexicon("en"))), random.Random(3)
    for kinds in (("repeat_item",), ("popular", "season"), ("category_affinity", "usual_brand", "due")):
        for _ in range(20):
            brief = book.draw(kinds, "formal", chance)
            assert KINDS.in_order(brief.kinds) == KINDS.in_order(kinds)
            for slot in (slot for kind in kinds for slot in load_lexicon("en").slots[kind].required):
                assert {slot, *Rules(ENGLISH).roles[slot].twins} & set(brief.slots)
            assert {load_lexicon("en").kind_of_slot[slot] for slot in brief.slots if slot != "item"} <= set(kinds)


def test_a_plain_brief_asks_for_nothing_that_a_claim_may_lack() -> None:
    book = BriefBook(ENGLISH, read_corpus(load_lexicon("en")))
    brief = book.draw(("due", "repeat_item"), "friendly", random.Random(0), is_plain=True)
    assert sorted(brief.slots) == ["interval", "times"]
    assert not any(part.degree for part in brief.parts)


def test_what_a_tuned_model_reads() -> None:
    brief = Brief(
        "friendly", (Part("due", ("interval",), "usually"), Part("popular")), is_causal=True, has_item=True
    )  # fmt: skip
    prompt = PromptTemplate(ENGLISH, "tuned").render_brief(brief)
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.messages[1].content == "friendly reason\ndue {interval} usually\npopular\nitem {item}"
    assert prompt.slots == ("interval", "item")


def test_the_same_prompts_for_the_same_seed_and_others_for_another() -> None:
    first, again, other = (
        BriefPromptBuilder(ENGLISH, seed=seed).prompts(["due", "popular"], "formal", 12) for seed in (0, 0, 1)
    )
    assert first == again != other
    assert len({prompt.messages[1].content for prompt in first}) > 2


def test_kinds_stand_in_an_order_that_people_use() -> None:
    reader, lines = BriefReader(ENGLISH), read_corpus(load_lexicon("en"))
    orders = [reader.read(line.text, line.kinds, line.tone).kinds for line in lines]
    before = Counter(pair for order in orders for pair in combinations(order, 2))
    book, chance = BriefBook(ENGLISH, lines), random.Random(0)
    kinds = KINDS.in_order(["repeat_item", "category_affinity", "season"])
    drawn = {book.draw(kinds, "friendly", chance).kinds for _ in range(200)}
    assert len(drawn) > 1
    for order in drawn - {kinds, *orders}:
        for first, second in combinations(order, 2):
            assert before[first, second] >= 0.3 * (before[first, second] + before[second, first]), order


@pytest.mark.parametrize("tone", ["friendly", "concise", "formal"])
def test_a_brief_has_no_more_slots_than_people_use(tone: Tone) -> None:
    slots = Counter(
        len(SLOT.findall(line.text))
        for line in read_corpus(load_lexicon("en"))
        if line.tone == tone and len(line.kinds) == 3
    )
    book, chance = BriefBook(ENGLISH, read_corpus(load_lexicon("en"))), random.Random(0)
    for _ in range(100):
        n_slots = len(book.draw(("due", "usual_brand", "usual_price"), tone, chance).slots)
        assert slots[n_slots] >= 0.08 * slots.total()


def test_the_brief_that_was_asked_least_is_asked() -> None:
    prompts = BriefPromptBuilder(ENGLISH).prompts(["due", "new_arrival"], "formal", 60)
    asked = Counter(prompt.messages[1].content for prompt in prompts)
    for begins in ("formal reason\n", "formal\n"):  # how often a sentence gives reasons is left to chance
        counts = [count for text, count in asked.items() if text.startswith(begins)]
        assert len(counts) > 2
        assert max(counts) - min(counts) <= 2
