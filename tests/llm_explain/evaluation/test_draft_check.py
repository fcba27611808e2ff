"""First drafts on held-out combinations: counted by hand with scripted models, and of the shipped model for real."""

from __future__ import annotations

import pytest

from llm_explain.evaluation.draft_check import check_drafts, held_out_combinations
from llm_explain.generation.generator import Draft
from llm_explain.text.lexicon import load_lexicon

ENGLISH = load_lexicon("en")
GOOD = "You've bought this {times}, and it's popular with our customers."
FALSE = "You've bought this {times}, and all our customers love it."


class Scripted:
    """Writes the same drafts in turn, the last one cut off."""

    name = "scripted"

    def generate(self, prompts, *, n_candidates, seed, deadline=None):
        assert n_candidates == 1
        drafts = [Draft(GOOD, True), Draft(FALSE, True), Draft(GOOD, False)]
        return [[drafts[place % 3]] for place in range(len(prompts))]


def test_accepted_different_and_alike_drafts_are_counted():
    found = check_drafts(
        Scripted(), Scripted(), [("repeat_item", "popular")], ENGLISH,
        n=6, seed=0, progress=lambda *_: None,
    )  # fmt: skip
    assert (found.drafts, found.accepted, found.accepted_untuned) == (6, 2, 2)
    assert found.distinct == 3  # with the empty one that stands for a draft without an end
    assert found.top_opening == pytest.approx(4 / 6, abs=1e-4)  # "You've bought this {times}"
    assert found.faults["empty"] == 2
    assert found.refused[0] == {
        "text": FALSE,
        "kinds": ["repeat_item", "popular"],
        "faults": ["claim_added", "claim_missing", "hype", "unlicensed_usual_brand"],
    }


def test_without_an_untuned_model_nothing_is_said_of_it():
    found = check_drafts(Scripted(), None, [("repeat_item", "popular")], ENGLISH, n=1, seed=0, progress=lambda *_: None)
    assert found.accepted_untuned is None


@pytest.mark.slow
def test_the_shipped_model_writes_of_combinations_that_it_never_read():
    from llm_explain.generation.transformers_generator import TransformersGenerator
    from llm_explain.generation.weights import find_weights

    adapter = find_weights("auto").adapter
    assert adapter is not None
    found = check_drafts(
        TransformersGenerator.load("auto", is_constrained=True), None, held_out_combinations(adapter), ENGLISH,
        n=16, seed=0, progress=lambda *_: None,
    )  # fmt: skip
    # It was tuned before crowds had to state a number: 14 of 16 were accepted then, 11 since; four have no end.
    assert found.accepted >= 11
    assert found.distinct >= 11
