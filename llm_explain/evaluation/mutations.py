"""Every way in which a true sentence is made false: what the verifier is measured against."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from llm_explain.evaluation import mutated_values as values
from llm_explain.evaluation import mutated_words as words
from llm_explain.evaluation.mutated_form import FORM

if TYPE_CHECKING:
    from llm_explain.evaluation.distractors import Distractors, Mutation

_VALUES: dict[str, Mutation] = {
    "drop_value": values.drop_value,
    "repeat_value": values.repeat_value,
    "swap_values": values.swap_values,
    "shift_number": values.shift_number,
    "number_in_words": values.number_in_words,
    "shift_date": values.shift_date,
    "another_month": values.another_month,
    "change_unit": values.change_unit,
    "change_price": values.change_price,
    "change_percent": lambda *given: values.another_value(("percent",), *given),
    "change_promotion": lambda *given: values.another_value(("promotion",), *given),
    "change_promotion_end": lambda *given: values.another_value(("date",), *given),
    "change_crowd": lambda *given: values.another_value(("more_than", "factor"), *given),
    "unspoken_value": values.unspoken_value,
    "another_category": values.another_category,
    "another_brand": values.another_brand,
    "another_item": values.another_item,
    "sensitive_name": values.sensitive_name,
    "category_for_item": values.item_for_category,
    "facts_of_another_user": values.facts_of_another,
    "value_of_another_claim": words.add_value_of_another,
    "clause_of_another_claim": words.add_clause,
    "claim_left_out": words.claim_left_out,
    "unlicensed_degree": words.add_degree,
    "degree_of_another_claim": words.degree_of_another_claim,
    "degree_for_another": words.exchange_degree,
    "blocked_word": words.blocked_word,
}


def mutations(distractors: Distractors) -> dict[str, Mutation]:
    """Return every kind of mutation, those of the locale's words included.

    Args:
        distractors: What mutants are made of.

    Returns:
        Mutations by the name of their kind.
    """
    found = dict(_VALUES)
    for name, addition in distractors.words.additions.items():
        found[f"add_{name}"] = partial(words.add_words, name, addition)
    for name, sentences in distractors.words.sentences.items():
        found[f"add_sentence_{name}"] = partial(words.add_sentence, sentences)
    for name, pairs in distractors.words.exchanges.items():
        found[f"change_{name}"] = partial(words.exchange_words, pairs)
    return found | FORM
