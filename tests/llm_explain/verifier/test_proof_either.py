"""Categories of several things: a user who bought from "milk and creamers" bought milk or creamers."""

from __future__ import annotations

import pytest

from llm_explain.evaluation.agreement.names import Names
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.verifier.proof import _Readings


@pytest.mark.parametrize(
    ("locale", "category", "said"),
    [
        ("en", "milk and creamers", "milk or creamers"),
        ("en", "Mugs & Cups", "mugs or cups"),
        ("en", "bags, wraps and foil", "bags, wraps or foil"),
        ("en", "cheese", "cheese"),
        ("es", "pan y hojaldre", "pan u hojaldre"),
        ("es", "agujas e hilos", "agujas o hilos"),
    ],
)
def test_a_category_of_several_things_is_said_with_or(locale: str, category: str, said: str) -> None:
    lexicon = load_lexicon(locale)
    assert ReferringExpressions(lexicon).either(category) == said
    holds = _Readings(lexicon).same_either
    assert holds(said, category)
    assert holds(category, category)
    assert not holds(said.replace(said.split()[-1], "tea"), category)
    assert not holds("or", category)


def test_the_audit_reads_it_as_the_category() -> None:
    either = load_lexicon("en").spoken_names.either
    names = Names(["milk and creamers", "eggs"], ["White milk"], either=either)
    masked, found = names.mask("You buy milk or creamers.", title="White milk", category="milk and creamers")
    assert masked == "you buy [own]."
    assert [each.name for each in found] == ["milk and creamers"]
    masked, _ = names.mask("You buy milk or creamers.", title="Eggs", category="eggs")
    assert masked == "you buy [cat]."
