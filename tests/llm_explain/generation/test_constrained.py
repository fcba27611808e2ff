"""The grammar of slots, walked at random and in front of a model of random weights."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tiny import open_tiny, prompt, tiny_model, tiny_tokenizer

pytest.importorskip("llguidance", reason="constrained decoding needs the extra lm")

from llm_explain.errors import SettingError
from llm_explain.generation.constrained import SlotConstraint, slot_grammar
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.text.lexicon import load_lexicon

SLOT = re.compile(r"\{([a-z_]+)\}")


@pytest.fixture(scope="module")
def constraint() -> SlotConstraint:
    return SlotConstraint.of_model(tiny_model(), tiny_tokenizer())


def fits(constraint: SlotConstraint, slots: tuple[str, ...], text: str) -> bool:
    """Return whether a whole text is one of the grammar."""
    matcher = constraint.matcher(replace(prompt("repeat_item"), slots=slots))
    tokens = tiny_tokenizer()(text, add_special_tokens=False)["input_ids"]
    return all(matcher.consume_token(token) for token in tokens) and matcher.is_accepting()


@pytest.mark.parametrize(
    "text",
    [
        "You've bought this {times}, about every {interval}.",
        "About every {interval} – and {times} so far!",
        "{times}, about every {interval}.",
    ],
)
def test_sentences_with_every_slot_once_are_in_the_grammar(constraint: SlotConstraint, text: str) -> None:
    assert fits(constraint, ("times", "interval"), text)


@pytest.mark.parametrize(
    "text",
    [
        "You've bought this {times}.",  # one is missing
        "You've bought this {times}, {times}, about every {interval}.",  # one comes twice
        "You've bought this {times}, about every {interval}, {month}.",  # one is invented
        "You've bought this {times}, about every {interval}",  # no end
        "You've bought this 3 {times}, about every {interval}.",  # a number
        "You've bought this {times} , about every {interval}.",  # a space before the comma
        "You've  bought this {times}, about every {interval}.",  # two spaces
        "You've bought this {times}{interval}.",  # slots that touch
        "You've bought this{times}, about every {interval}.",  # a slot that touches a word
        "You've bought this {times}s, about every {interval}.",  # and one after it
        "<b>You've bought this {times}, about every {interval}.",  # markup
        "You've bought this { times}, about every {interval}.",  # a broken slot
        "You've bought this {times},\nabout every {interval}.",  # two lines
        "",
    ],
)
def test_anything_else_is_not(constraint: SlotConstraint, text: str) -> None:
    assert not fits(constraint, ("times", "interval"), text)


def test_a_slot_whose_name_begins_another_is_told_apart(constraint: SlotConstraint) -> None:
    assert fits(constraint, ("category", "category_times"), "You buy {category}: {category_times}.")
    assert not fits(constraint, ("category", "category_times"), "You buy {category}: {category}.")


def test_six_slots_in_any_order(constraint: SlotConstraint) -> None:
    slots = ("times", "interval", "category", "promotion", "month", "related_category")
    chance = random.Random(3)
    for _ in range(20):
        order = chance.sample(slots, len(slots))
        assert fits(constraint, slots, "All: " + ", ".join(f"{{{slot}}}" for slot in order) + ".")
        assert not fits(constraint, slots, "All: " + ", ".join(f"{{{slot}}}" for slot in order[1:]) + ".")


def test_whatever_a_random_walk_ends_with_has_every_slot_once(constraint: SlotConstraint) -> None:
    """Draw only among allowed tokens; a brace is drawn when it may be, so that walks end."""
    tokenizer = tiny_tokenizer()
    slots = ("times", "interval", "promotion")
    chance = random.Random(11)
    ended = 0
    for _ in range(40):
        matcher = constraint.matcher(replace(prompt("repeat_item"), slots=slots))
        tokens: list[int] = []
        while not matcher.is_stopped() and len(tokens) < 300:
            mask = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
            allowed = np.flatnonzero(np.unpackbits(mask, bitorder="little")[: len(tokenizer)])
            wanted = [token for token in allowed if set(tokenizer.decode([token])) & set("{.")]
            if tokenizer.eos_token_id in allowed:
                wanted = [tokenizer.eos_token_id]
            token = int(chance.choice(wanted if wanted and chance.random() < 0.5 else allowed))
            assert matcher.consume_token(token)
            tokens.append(token)
        counts = Counter(SLOT.findall(tokenizer.decode(tokens)))
        assert not counts or max(counts.values()) == 1
        assert set(counts) <= set(slots)
        if tokens[-1] == tokenizer.eos_token_id:
            ended += 1
            assert counts == dict.fromkeys(slots, 1)
    assert ended >= 10


def test_a_model_of_random_weights_cannot_leave_the_grammar(constraint: SlotConstraint) -> None:
    import torch

    prompts = [prompt("repeat_item"), prompt("due", "promotion")]
    tokenizer = tiny_tokenizer()
    processor = constraint.processor(prompts, n_candidates=3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        written = tiny_model().generate(
            torch.full((6, 4), 40),
            attention_mask=torch.ones((6, 4), dtype=torch.long),
            do_sample=True,
            max_new_tokens=120,
            logits_processor=[processor],
        )[:, 4:]
    for row, tokens in enumerate(written):
        text = tokenizer.decode(tokens, skip_special_tokens=True)
        slots = prompts[row // 3].slots
        counts = Counter(SLOT.findall(text))
        assert set(counts) <= set(slots)
        assert not counts or max(counts.values()) == 1
        assert not re.search(r"\d|[<>\n]", text)


def test_the_generator_keeps_to_the_slots_that_the_prompt_names() -> None:
    asked = replace(prompt("repeat_item"), slots=("times", "last_date"))
    generator = open_tiny(is_constrained=True, max_new_tokens=80)
    (drafts,) = generator.generate([asked], n_candidates=4, seed=1)
    for draft in drafts:
        assert set(SLOT.findall(draft.text)) <= {"times", "last_date"}
        assert len(SLOT.findall(draft.text)) <= 2
        assert not re.search(r"[\d<>]", draft.text)


def test_slots_come_from_the_kinds() -> None:
    template = PromptTemplate(load_lexicon("en"))
    assert template.render(["due", "promotion"], tone="friendly").slots == ("interval", "promotion")
    assert template.render(["popular"], tone="friendly").slots == ()


@pytest.mark.parametrize("slots", [("times", "times"), ("Times",), ("times}|.*{",)])
def test_names_that_are_no_slots_are_refused(slots: tuple[str, ...]) -> None:
    with pytest.raises(SettingError, match="different lower-case names are needed"):
        slot_grammar(slots)
