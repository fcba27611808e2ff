"""More training sentences: the kindred slots, the grammar's sentences, and nothing of what is held out."""

from __future__ import annotations

from llm_explain.claims import ClaimKinds
from llm_explain.generation.augmentation import augment, composed
from llm_explain.skeletons.corpus import CorpusLine, hold_out
from llm_explain.text.lexicon import load_lexicon

KINDS = ClaimKinds.installed()

ENGLISH = load_lexicon("en")
OWN = CorpusLine(
    ("category_affinity", "popular"), "friendly", "You buy {category}, and this is popular with our customers."
)
RELATED = ("popular", "related_category")


def test_a_sentence_about_the_own_category_gives_one_about_a_related_one() -> None:
    assert augment([OWN], ENGLISH) == [
        CorpusLine(RELATED, "friendly", "You buy {related_category}, and this is popular with our customers.")
    ]


def test_nothing_is_made_of_a_combination_that_is_held_out() -> None:
    assert augment([OWN], ENGLISH, without=[RELATED]) == []


def test_what_the_verifier_refuses_is_not_made() -> None:
    line = CorpusLine(("category_affinity",), "friendly", "You buy {category} and {related_category}.")
    assert augment([line], ENGLISH) == []


def test_the_grammar_gives_a_few_sentences_for_every_other_combination() -> None:
    held_out = hold_out(KINDS.every_combination(), share=0.9, seed=0)
    lines = composed(ENGLISH, without=held_out, n_each=1)
    combinations = {line.kinds for line in lines}
    assert not combinations & set(held_out)
    facts = {(kind.name,) for kind in KINDS.about("item") if not kind.is_reason}
    assert combinations - facts == {tuple(sorted(each)) for each in KINDS.every_combination()} - set(held_out)
    assert sum(line.kinds == ("related_title",) for line in lines) > 30  # of each relation, in each tone
    assert sum(line.kinds not in facts for line in lines) == 3 * len(combinations - facts)


def test_single_kinds_are_never_held_out() -> None:
    assert all(len(kinds) > 1 for kinds in hold_out(KINDS.every_combination(), share=1.0, seed=1))
    assert hold_out(KINDS.every_combination(), share=0.15, seed=0) == hold_out(
        KINDS.every_combination(), share=0.15, seed=0
    )
