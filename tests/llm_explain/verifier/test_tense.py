"""Present tense needs an occasion that is recent for the user's rhythm; without one there is the past tense."""

from __future__ import annotations

import dataclasses

import pytest

from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import TONES
from llm_explain.verifier import Verifier
from tests.llm_explain.spoken_claims import CLAIMS, SCENE

HISTORY = ("repeat_item", "due", "category_affinity", "related_category", "usual_brand", "usual_price", "similar_item")


def specified(locale, kind, *licences):
    claim = dataclasses.replace(CLAIMS[kind], licences=frozenset(licences))
    return Realiser(load_lexicon(locale)).specify([claim], **SCENE)


@pytest.mark.parametrize(
    ("locale", "text", "kind"),
    [
        ("en", "You buy yogurt.", "category_affinity"),
        ("en", "You also buy cold cereal.", "related_category"),
        ("en", "You buy this about every two weeks.", "due"),
        ("en", "You come back for this about every two weeks.", "due"),
        ("en", "It's priced close to what you pay for yogurt.", "usual_price"),
        ("es", "Compras yogur.", "category_affinity"),
        ("es", "Usted compra yogur.", "category_affinity"),
        ("es", "Lo compras más o menos cada dos semanas.", "due"),
        ("zh", "你买酸奶。", "category_affinity"),
        ("zh", "你大约每两周就买这款。", "due"),
    ],
)
def test_present_tense_needs_its_licence(locale, text, kind):
    verifier = Verifier(load_lexicon(locale))
    assert verifier.verify(text, specified(locale, kind, "current")).ok
    faults = verifier.verify(text, specified(locale, kind)).faults
    assert [fault.code for fault in faults] == ["unlicensed_degree"]


@pytest.mark.parametrize(
    ("locale", "text", "kind"),
    [
        ("en", "You've bought yogurt 9 times in the past 90 days.", "category_affinity"),
        ("en", "You've bought cold cereal before.", "related_category"),
        ("en", "You've bought this about every two weeks.", "due"),
        ("en", "You chose this brand in 9 of your last 11 orders with yogurt.", "usual_brand"),
        ("en", "Its price is close to what you've paid for yogurt.", "usual_price"),
        ("es", "Has comprado yogur nueve veces en los últimos 90 días.", "category_affinity"),
        ("es", "Lo has comprado más o menos cada dos semanas.", "due"),
        ("zh", "过去90天你买过9次酸奶。", "category_affinity"),
        ("zh", "过去你大约每两周买这款。", "due"),
    ],
)
def test_past_tense_needs_none(locale, text, kind):
    assert Verifier(load_lexicon(locale)).verify(text, specified(locale, kind)).faults == ()


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("kind", HISTORY)
@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_there_is_something_to_say_without_a_recent_occasion(locale, kind, tone):
    lexicon = load_lexicon(locale)
    realiser, verifier, spec = Realiser(lexicon), Verifier(lexicon), specified(locale, kind)
    said = [
        realiser.fill(each, spec) for each in Templates(lexicon).skeletons([kind], tone) if realiser.fits(each, spec)
    ]
    assert len({text for text in said if verifier.verify(text, spec).ok}) >= 5
