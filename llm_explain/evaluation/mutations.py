"""Every way in which a true sentence is made false: what the verifier is measured against."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from llm_explain.evaluation import mutated_form as form
from llm_explain.evaluation import mutated_values as values
from llm_explain.evaluation import mutated_words as words

if TYPE_CHECKING:
    import random

    from llm_explain.evaluation.distractors import Addition, Distractors
    from llm_explain.evaluation.true_texts import TrueText

Mutation = Callable[["TrueText", "Distractors", "random.Random"], "str | None"]
"""Makes a mutant that its claims do not license; ``None`` where it does not apply to a sentence."""

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

_FORM: dict[str, Mutation] = {
    "markup": form.markup,
    "link": form.link,
    "left_over_slot": form.left_over_slot,
    "control_character": form.control_character,
    "bidirectional_character": form.bidirectional_character,
    "invisible_character": form.invisible_character,
    "picture": form.picture,
    "letter_of_another_script": form.letter_of_another_script,
    "injected_start": form.injected_start,
    "cut_short": form.cut_short,
    "cut_at_a_word": form.cut_at_a_word,
    "too_long": form.too_long,
    "said_twice": form.said_twice,
    "without_letters": form.without_letters,
    "shouted": form.shouted,
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
        found[f"add_{name}"] = partial(_add, name, addition)
    for name, sentences in distractors.words.sentences.items():
        found[f"add_sentence_{name}"] = partial(_append, sentences)
    for name, pairs in distractors.words.exchanges.items():
        found[f"change_{name}"] = partial(_exchange, pairs)
    return found | _FORM


def _add(name: str, addition: Addition, text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    is_allowed = any(name in distractors.rules.kinds[kind].mutations.allows for kind in text.kinds)
    return None if is_allowed else words.add_words(addition, text, chance)


def _append(sentences: tuple[str, ...], text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    return words.add_sentence(sentences, text, chance)


def _exchange(
    pairs: tuple[tuple[str, str], ...], text: TrueText, distractors: Distractors, chance: random.Random
) -> str | None:
    return words.exchange_words(pairs, text, chance)
