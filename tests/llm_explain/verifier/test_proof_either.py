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
        ("es", "nata agria, requesón y salsas", "nata agria, requesón o salsas"),
        ("es", "Baño", "productos de baño"),
        ("es", "Pan Y Hojaldre", "Pan u Hojaldre"),
        ("es", "Hogar y cocina", "productos de hogar y cocina"),
        ("es", "Mujer", "productos de «Mujer»"),
        ("zh", "牛奶和奶油", "牛奶或奶油"),
        ("zh", "酸奶油、茅屋奶酪和蘸酱", "「酸奶油、茅屋奶酪和蘸酱」类商品"),
        ("zh", "肉类和海鲜商品", "肉类和海鲜类商品"),
        ("zh", "罐装餐和肉类", "罐装餐和肉类商品"),
        ("zh", "和牛", "和牛"),
        ("zh", "温和洁面乳", "温和洁面乳类商品"),
        ("zh", "Mugs & Cups", "「Mugs & Cups」类商品"),
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
    assert not holds("类商品", category)


def test_the_audit_reads_it_as_the_category() -> None:
    either = load_lexicon("en").spoken_names.either
    names = Names(["milk and creamers", "eggs"], ["White milk"], either=either)
    masked, found = names.mask("You buy milk or creamers.", title="White milk", category="milk and creamers")
    assert masked == "you buy [own]."
    assert [each.name for each in found] == ["milk and creamers"]
    masked, _ = names.mask("You buy milk or creamers.", title="Eggs", category="eggs")
    assert masked == "you buy [cat]."


def test_the_audit_reads_a_chinese_category_of_several_things() -> None:
    names = Names(["牛奶和奶油", "鸡蛋"], ["白牛奶"], either=load_lexicon("zh").spoken_names.either)
    text = "你买过牛奶或奶油，它在牛奶或奶油里最受欢迎。"
    masked, _ = names.mask(text, title="白牛奶", category="牛奶和奶油")
    assert masked == "你买过[own]，它在[own]里最受欢迎。"
    masked, _ = names.mask("你买过牛奶或奶油。", title="鸡蛋", category="鸡蛋")
    assert masked == "你买过[cat]。"
