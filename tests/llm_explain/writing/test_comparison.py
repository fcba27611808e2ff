"""Contrasts and what-ifs in words: what is said is proven, and what is not true is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llm_explain.records import Claim
from llm_explain.skeletons.templates import Templates
from llm_explain.text.comparison_spec import BASE, ContrastSpec, Side, WhatIfSpec
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.verifier import Verifier
from llm_explain.verifier.comparison import ComparisonVerifier
from llm_explain.writing.comparison import ComparisonWriter
from tests.llm_explain.spoken_claims import CLAIMS, SCENE

MILK, TOPPING, BANANAS = "White milk, 1 gallon (store brand)", "Frozen whipped topping, 8 oz", "Bananas"
DIFFERENCES = {"group:milk": 1.2, "context:promotion": -0.4, "group:bread": -0.1, BASE: 0.05}


class Locale:
    """Writer and verifier of one locale."""

    def __init__(self, locale: str) -> None:
        lexicon = load_lexicon(locale)
        self.realiser, sentences = Realiser(lexicon), Verifier(lexicon)
        self.writer = ComparisonWriter(lexicon, self.realiser, Templates(lexicon), sentences)
        self.verifier = ComparisonVerifier(lexicon, sentences)

    def side(self, title: str, player: str = "", *claims: Claim) -> Side:
        """Return an item with the claim that speaks for it."""
        return Side(self.realiser.specify(claims, **{**SCENE, "title": title}), player)

    def contrast(self, title: str = MILK, other: str = TOPPING, **differences: float) -> ContrastSpec:
        """Return the milk that was bought five times, and the topping that is promoted."""
        bought = replace(CLAIMS["repeat_item"], facts={"count": 5, "last": "2017-11-03"})
        sides = self.side(title, "group:milk", bought), self.side(other, "context:promotion", CLAIMS["promotion"])
        return ContrastSpec(*sides, {**DIFFERENCES, **differences})


@pytest.fixture(scope="module")
def english() -> Locale:
    return Locale("en")


@pytest.fixture(scope="module")
def chinese() -> Locale:
    return Locale("zh")


def test_a_contrast_names_both_items_and_their_reasons(english: Locale, chinese: Locale) -> None:
    text = english.writer.contrast(english.contrast())
    assert text is not None
    assert text.verdict.ok
    assert text.text.startswith("The white milk ranks higher because you've bought it 5 times")
    assert "; what speaks most for the frozen whipped topping is that it's featured in your store's flyer" in text.text
    said = chinese.writer.contrast(chinese.contrast())
    assert said is not None
    assert said.text.startswith("纯牛奶排得更靠前，因为")


def test_many_things_rank_and_are_bought(english: Locale) -> None:
    text = english.writer.contrast(english.contrast(BANANAS))
    assert text is not None
    assert text.text.startswith("The bananas rank higher because you've bought them 5 times")


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ({"group:bread": 0.1}, "all that speaks for the frozen whipped topping"),
        ({"group:bread": -0.5}, "one thing that speaks for the frozen whipped topping"),
        ({BASE: -0.6}, "one thing that speaks for the frozen whipped topping"),
    ],
)
def test_how_much_a_reason_counts_is_said(english: Locale, differences: dict[str, float], said: str) -> None:
    spec = english.contrast()
    text = english.writer.contrast(replace(spec, differences={**DIFFERENCES, **differences}))
    assert text is not None
    assert said in text.text


def test_items_of_one_name_are_told_apart_by_their_size(english: Locale) -> None:
    text = english.writer.contrast(english.contrast(other="White milk, half gallon (store brand)"))
    assert text is not None
    assert text.text.startswith("The white milk (1 gallon, store brand) ranks higher")
    assert english.writer.contrast(english.contrast(other=MILK)) is None


def test_without_reasons_the_order_alone_is_said(english: Locale) -> None:
    bare = ContrastSpec(english.side(MILK), english.side(TOPPING), DIFFERENCES)
    text = english.writer.contrast(bare)
    assert text is not None
    assert text.text == "The white milk ranks higher than the frozen whipped topping."
    assert english.writer.contrast(ContrastSpec(english.side(""), english.side(TOPPING), DIFFERENCES)) is None


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("5 times", "6 times"),
        ("the frozen whipped topping is", "the sour cream is"),
        ("The white milk", "The cream"),
        ("what speaks most", "all that speaks"),
        ("ranks", "rank"),
        ("higher", "lower"),
        ("you've bought", "your family has bought"),
        ("because", "although"),
        ("featured in", "cheaper by"),
    ],
)
def test_a_false_contrast_is_refused(english: Locale, true: str, false: str) -> None:
    text = "The white milk ranks higher because you've bought it 5 times; what speaks most for the frozen whipped topping is that it's featured in your store's flyer."  # noqa: E501  one sentence
    spec = english.contrast()
    assert english.verifier.contrast(text, spec).ok
    assert true in text
    assert not english.verifier.contrast(text.replace(true, false), spec).ok


def test_a_reason_must_speak_for_its_item(english: Locale) -> None:
    text = "The white milk ranks higher than the frozen whipped topping because you've bought it 5 times."
    assert english.verifier.contrast(text, english.contrast()).ok
    against = replace(english.contrast(), differences={**DIFFERENCES, "group:milk": -0.2, BASE: 2.0})
    assert "sign" in [fault.code for fault in english.verifier.contrast(text, against).faults]
    lower = replace(english.contrast(), differences={"group:milk": 0.1, "context:promotion": -0.4})
    assert "order" in [fault.code for fault in english.verifier.contrast(text, lower).faults]


def what_if(locale: Locale, *, categories: tuple[str, ...] = (), terms: tuple[str, ...] = (), ranks: tuple[int, int]):
    return WhatIfSpec(locale.side(BANANAS).spec, categories, terms, *ranks)


@pytest.mark.parametrize(
    ("categories", "terms", "ranks", "said"),
    [
        (
            ("milk and creamers", "soft drinks"),
            (),
            (3, 1204),
            "If milk and creamers as well as soft drinks were left out of your history, "
            "the bananas would fall from place 3 by score to place 1,204.",
        ),
        (
            (),
            ("popularity",),
            (3, 2),
            "If popularity did not count, the bananas would rise from place 3 by score to place 2.",
        ),
        (
            ("cheese",),
            ("promotion", "price"),
            (3, 3),
            "If cheese were left out of your history and promotions as well as prices did not count, "
            "the bananas would stay at place 3 by score.",
        ),
    ],
)
def test_a_what_if_tells_the_places(english: Locale, categories, terms, ranks, said: str) -> None:
    spec = what_if(english, categories=categories, terms=terms, ranks=ranks)
    text = english.writer.what_if(spec)
    assert text is not None
    assert text.text == said
    assert text.verdict.ok
    for true, false in (("bananas", "milk"), (str(ranks[0]), "9"), ("If ", "Because "), ("place", "rank")):
        assert not english.verifier.what_if(said.replace(true, false, 1), spec).ok
    for other in (
        replace(spec, rank=spec.rank + 1),
        replace(spec, rank_without=spec.rank_without + 1),
        replace(spec, categories=(*categories, "tea")),
        replace(spec, terms=(*terms, "season")),
    ):
        assert not english.verifier.what_if(said, other).ok


def test_a_chinese_what_if(chinese: Locale) -> None:
    text = chinese.writer.what_if(what_if(chinese, categories=("soft drinks", "cheese"), ranks=(3, 12)))
    assert text is not None
    assert text.text.endswith("，香蕉的得分排名会从第3位降到第12位。")


def test_an_unknown_term_has_no_sentence(english: Locale) -> None:
    assert english.writer.what_if(what_if(english, terms=("weather",), ranks=(3, 4))) is None


def test_spanish_contrasts_and_what_ifs_are_proven() -> None:
    spanish = Locale("es")
    text = spanish.writer.contrast(spanish.contrast(BANANAS))
    assert text is not None
    assert text.text == (
        "El producto «plátanos» queda más arriba porque lo has comprado cinco veces; "
        "lo que más cuenta para el producto «nata montada congelada» es que ahora está en el folleto de la tienda."
    )
    for true, false in (
        ("cinco veces", "seis veces"),
        ("lo que más cuenta", "lo único que cuenta"),
        ("plátanos", "manzanas"),
    ):
        assert not spanish.verifier.contrast(text.text.replace(true, false), spanish.contrast(BANANAS)).ok
    milk = spanish.writer.contrast(spanish.contrast(other="White milk, half gallon (store brand)"))
    assert milk is not None
    assert milk.text.startswith("El producto «leche (1 gal, marca de la tienda)» queda más arriba porque")
    moved = WhatIfSpec(spanish.side(MILK).spec, ("milk",), ("promotion",), 2, 5)
    said = spanish.writer.what_if(moved)
    assert said is not None
    assert said.text == (
        "Sin tu historial de milk y sin contar las promociones, tendrías el producto «leche» más abajo: "
        "en el puesto 5 por puntuación y no en el 2."
    )
    for true, false in (
        ("más abajo", "más arriba"),
        ("puesto 5", "puesto 6"),
        ("leche", "nata"),
        ("promociones", "marcas"),
    ):
        assert not spanish.verifier.what_if(said.text.replace(true, false), moved).ok
