"""Briefs: read back from finished sentences, drawn anew, and written as prompts and grammars."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.generation.briefs import Brief, BriefReader, Part
from llm_explain.generation.prompt_builders import BriefPromptBuilder, ExamplePromptBuilder
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.sentence_spec import ContentPlan
from llm_explain.text.skeleton import SLOT

if TYPE_CHECKING:
    pass

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
                (Part("category_affinity", ("category",), ("current", "often")), Part("repeat_item", ("times",))),
                is_causal=False,
                ends_in_slot=True,
            ),
        ),
        (
            "Suggested because it's popular with our customers and you've bought {item} {times}.",
            ["repeat_item", "popular"],
            Brief(
                "friendly",
                (Part("popular"), Part("repeat_item", ("times",))),
                is_causal=True,
                has_item=True,
                ends_in_slot=True,
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


def test_a_brief_asks_only_for_what_its_plan_permits() -> None:
    plan = ContentPlan(("category_affinity",), frozenset({"category"}), frozenset(), is_neutral=True)
    current = plan._replace(licences=frozenset({("category_affinity", "current")}), is_neutral=False)
    builder = BriefPromptBuilder(ENGLISH)
    asked, more = (
        {prompt.messages[1].content for prompt in builder.prompts(each.kinds, "friendly", 12, each)}
        for each in (plan, current)
    )
    assert asked == {"friendly\ncategory_affinity {category}"}  # no cause, no count, no present tense
    assert more > asked
    assert "friendly reason\ncategory_affinity {category} current" in more
    assert not any("often" in content or "category_times" in content for content in more)


def test_examples_of_another_model_say_nothing_that_a_plan_forbids() -> None:
    plan = ContentPlan(("popular",), frozenset(), frozenset(), is_neutral=True)
    (prompt,) = ExamplePromptBuilder(ENGLISH).prompts(plan.kinds, "friendly", 1, plan)
    examples = [message.content for message in prompt.messages if message.role == "assistant"]
    assert examples
    assert not any("because" in example.lower() or " you buy " in example for example in examples)


def test_what_a_tuned_model_reads() -> None:
    brief = Brief(
        "friendly", (Part("due", ("interval",), ("current", "usually")), Part("popular")), is_causal=True, has_item=True
    )
    prompt = PromptTemplate(ENGLISH, "tuned").render_brief(brief)
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.messages[1].content == "friendly reason\ndue {interval} current usually\npopular\nitem {item}"
    assert prompt.slots == ("interval", "item")


def test_the_same_prompts_for_the_same_seed_and_others_for_another() -> None:
    first, again, other = (BriefPromptBuilder(ENGLISH, seed=seed).prompts(["due"], "formal", 12) for seed in (0, 0, 1))
    assert first == again != other
    assert len({prompt.messages[1].content for prompt in first}) > 2
