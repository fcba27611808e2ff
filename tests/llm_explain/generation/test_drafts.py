"""Prompts and drafts: what the model reads, and what of its answers is kept."""

from __future__ import annotations

import itertools

from llm_explain.claims import ClaimKinds
from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.generator import Draft, first_line
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.sentence_spec import ContentPlan
from llm_explain.text.skeleton import TONES

KINDS = ClaimKinds.installed()

LEXICON = load_lexicon("en")
SOURCE = ModelSource(lambda: None, LEXICON)

REPEAT = ContentPlan(("repeat_item",), frozenset({"times"}), frozenset(), is_neutral=False)


def test_the_model_sees_examples_of_other_combinations_only():
    for kinds, tone in itertools.product(list(itertools.combinations(KINDS, 2))[::5], TONES):
        prompt = SOURCE.prompt_builder.prompts(kinds, tone, 1)[0]
        own = {line.text for line in read_corpus(load_lexicon("en")) if KINDS.in_order(line.kinds) == kinds}
        examples = [message.content for message in prompt.messages if message.role == "assistant"]
        assert examples
        assert not own & set(examples)


def test_the_prompt_does_not_depend_on_the_order_of_kinds():
    prompts = SOURCE.prompt_builder.prompts
    assert prompts(["due", "repeat_item"], "formal", 2) == prompts(["repeat_item", "due"], "formal", 2)


def test_only_complete_verified_different_drafts_are_kept():
    prompt = SOURCE.prompt_builder.prompts(["repeat_item"], "friendly", 1)[0]
    drafts = [
        Draft("You've bought this {times}.", is_complete=True),
        Draft("You've bought this {times}.", is_complete=True),
        Draft("You've bought it {times}.", is_complete=False),
        Draft("You've bought this {times} on sale.", is_complete=True),
    ]
    accepted = SOURCE.accepted(prompt, drafts)
    assert [skeleton.text for skeleton in accepted] == ["You've bought this {times}."]
    assert accepted[0].origin == prompt.origin


def test_a_draft_speaks_in_the_manner_of_its_prompt():
    source = ModelSource(lambda: None, LEXICON, is_tuned=True)
    plan = ContentPlan(("similar_item",), frozenset({"other_item"}), frozenset(), is_neutral=True)
    prompts = source.prompt_builder.prompts(plan.kinds, "friendly", 6, plan)
    prompt = next(prompt for prompt in prompts if prompt.brief.asks)
    texts = ("You've bought {other_item}.", "You've bought {other_item}: how about this?")
    accepted = source.accepted(prompt, [Draft(text, is_complete=True) for text in texts])
    assert [skeleton.text for skeleton in accepted] == [texts[1]]


def test_the_first_line_is_taken_without_quotation_marks():
    assert first_line('\n  "You buy this."  \nMore.') == "You buy this."
    assert first_line(" \n") == ""


def test_a_combination_that_the_model_cannot_write_is_not_asked_for_at_once_again():
    class Mute:
        name, calls = "mute", 0

        def generate(self, prompts, *, n_candidates, deadline=float("inf"), seed=0):
            self.calls += 1
            return [[] for _ in prompts]

    mute = Mute()
    source = ModelSource(lambda: mute, LEXICON)
    for _ in range(5):
        source.prepare([REPEAT], "friendly", seconds=60.0)
    assert mute.calls == 2  # of two drafts each
    assert source.prepare([REPEAT], "friendly", seconds=60.0) == 0
    source.prepare([REPEAT._replace(kinds=("popular",))], "friendly", seconds=60.0)
    assert mute.calls == 3
