"""Filling a phrasebook: enough of each, no near-duplicates, openings that differ, and rounds that end."""

from __future__ import annotations

import numpy as np

from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.generator import Draft
from llm_explain.generation.phrasebook_build import SAME_OPENING, SkeletonCollection, fill
from llm_explain.generation.prompt_builders import BriefPromptBuilder
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.skeleton import opening

ENGLISH = load_lexicon("en")


class Encoder:
    """Gives every different text a direction of its own."""

    def encode(self, sentences, /, *, normalize_embeddings):
        rng = [np.random.default_rng(list(text.encode())) for text in sentences]
        vectors = np.stack([each.normal(size=64) for each in rng]).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Reciter:
    """Answers each prompt with another hand-written sentence, or always with the same one."""

    name = "reciter@1"

    def __init__(self, *, knows_one: bool = False) -> None:
        self.templates, self.knows_one, self.n = Templates(ENGLISH), knows_one, 0

    def generate(self, prompts, *, n_candidates, deadline=float("inf"), seed=0):
        answers = []
        for prompt in prompts:
            known = self.templates.skeletons(prompt.kinds, prompt.tone)
            self.n += not self.knows_one
            answers.append([Draft(known[self.n % len(known)].text, is_complete=True)])
        return answers


def filled(generator, n_each=6, keep=lambda found: None):
    return fill(
        [("repeat_item",), ("repeat_item", "popular")],
        ModelSource(lambda: generator, ENGLISH, is_tuned=True),
        lambda number: BriefPromptBuilder(ENGLISH, seed=number),
        Encoder(),
        n_each=n_each,
        tones=("friendly",),
        progress=lambda what, done, total: None,
        keep=keep,
    )


def test_every_combination_gets_enough_different_sentences():
    for texts in filled(Reciter()).values():
        assert len(texts) == len(set(texts)) == 6
        openings = [opening(text) for text in texts]
        assert max(map(openings.count, openings)) <= SAME_OPENING


def test_a_model_that_repeats_itself_fills_nothing_and_ends():
    assert [len(texts) for texts in filled(Reciter(knows_one=True)).values()] == [1, 1]


def test_each_round_is_kept():
    rounds = []
    found = filled(Reciter(), keep=lambda now: rounds.append({each: list(texts) for each, texts in now.items()}))
    assert rounds[-1] == found
    assert all(len(rounds[0][each]) for each in found)


def test_a_near_duplicate_counts_as_the_same():
    shelf, vector = SkeletonCollection(), np.array([1.0, 0.0], dtype=np.float32)
    assert shelf.offer("You've bought this {times}.", vector)
    assert not shelf.offer("You have bought this {times}.", np.array([0.999, 0.0447], dtype=np.float32))
    assert shelf.offer("Bought {times}.", np.array([0.0, 1.0], dtype=np.float32))
