"""A locale is a folder: French with accents, elision and gender comes from files alone, and regions format values."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from llm_explain.errors import PromptError
from llm_explain.records import Claim
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import locales
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import Skeleton
from llm_explain.verifier import Verifier
from llm_explain.writing.prompt_lint import Linter, faulty
from tests.llm_explain.spoken_claims import CLAIMS, SCENE

FOLDER = Path(__file__).parents[2] / "data" / "prompts"
ABOUT = {"title": "Café moulu", "as_of": dt.date(2017, 12, 1)}


@pytest.fixture(autouse=True)
def _with_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXPLAIN_PROMPTS", str(FOLDER))


def claim(kind: str, *licences: str, **facts: object) -> Claim:
    return Claim(kind, "group:épicerie", "tower", 1.0, 0.5, facts, frozenset(licences))  # type: ignore[arg-type]


def grocery(*licences: str, category: str = "épicerie") -> Claim:
    return claim("category_affinity", *licences, category=category, count=9, window_days=90)


def test_the_folder_adds_a_locale_with_the_kinds_that_it_has_words_for() -> None:
    assert {"en", "es", "fr", "zh"} <= set(locales())
    assert list(load_lexicon("fr").kinds) == ["repeat_item", "category_affinity"]


def test_every_sentence_of_the_folder_has_no_fault() -> None:
    linter = Linter("fr")
    assert faulty(linter.check()) == []


def test_sentences_are_written_and_proven() -> None:
    lexicon = load_lexicon("fr")
    realiser, verifier = Realiser(lexicon), Verifier(lexicon)
    spec = realiser.specify([grocery("regularly", "current")], **ABOUT)
    said = {realiser.fill(each, spec) for each in Templates(lexicon).skeletons(["category_affinity"], "friendly")}
    assert {
        "Vous achetez régulièrement épicerie.",
        "Vous avez acheté épicerie 9 fois au cours des 90 jours.",
        "Voici un autre produit, car vous avez acheté d'épicerie.",
    } <= said
    assert all(verifier.verify(text, spec).ok for text in said)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Vous avez acheté épicerie 8 fois au cours des 90 jours.", "unlicensed_number"),
        ("Vous achetez régulièrement épicerie, délicieuse.", "hype"),
        ("Vous n'achetez régulièrement épicerie.", "unknown_word"),
        ("Vous avez regardé épicerie.", "event_kind"),
        ("Vous avez acheté épicerie, garanti.", "policy"),
        ("Élégamment, vous avez acheté épicerie.", "unknown_word"),
        ("vous avez acheté épicerie.", "capital"),
    ],
)
def test_false_sentences_are_refused(text: str, code: str) -> None:
    spec = Realiser(load_lexicon("fr")).specify([grocery("regularly", "current")], **ABOUT)
    assert code in {fault.code for fault in Verifier(load_lexicon("fr")).verify(text, spec).faults}


def test_a_word_of_degree_with_accents_needs_its_licence() -> None:
    spec = Realiser(load_lexicon("fr")).specify([grocery("current")], **ABOUT)
    faults = Verifier(load_lexicon("fr")).verify("Vous achetez régulièrement épicerie.", spec).faults
    assert [fault.code for fault in faults] == ["unlicensed_degree"]


def test_elision_follows_the_name_and_gender_the_kind_of_event() -> None:
    realiser = Realiser(load_lexicon("fr"))
    skeleton = Skeleton("Acheté, achetée : un peu de {category}.", (), "friendly", ("category",))
    dairy = realiser.specify([grocery(category="crème")], **ABOUT)
    viewed = dataclasses.replace(realiser.specify([grocery()], **ABOUT), event_kind="view")
    assert realiser.fill(skeleton, dairy) == "Acheté, achetée : un peu de crème."
    assert realiser.fill(skeleton, viewed) == "Regardé, regardée : un peu d'épicerie."


@pytest.mark.parametrize(
    ("locale", "last_date", "end", "price"),
    [
        ("en", "3 November", "4 December", "$2.99"),
        ("en-US", "November 3", "December 4", "$2.99"),
        ("en-GB", "3 November", "4 December", "US$2.99"),
        ("es", "3 de noviembre", "4 de diciembre", "2,99\u00a0US$"),
        ("es-ES", "3 de noviembre", "4 de diciembre", "2,99\u00a0US$"),
        ("es-MX", "3 de noviembre", "4 de diciembre", "USD\u00a02.99"),
        ("zh-CN", "11月3日", "12月4日", "US$2.99"),
    ],
)
def test_a_region_has_its_formats(locale: str, last_date: str, end: str, price: str) -> None:
    lexicon = load_lexicon(locale).with_currency("USD")
    realiser, verifier = Realiser(lexicon), Verifier(lexicon)
    values = realiser.specify([CLAIMS["repeat_item"], CLAIMS["promotion"], CLAIMS["usual_price"]], **SCENE).values
    assert (values["last_date"], values["promotion_end"], values["price"]) == (last_date, end, price)
    for kind, slot in (("repeat_item", "last_date"), ("promotion", "promotion_end"), ("usual_price", "price")):
        spec = realiser.specify([CLAIMS[kind]], **SCENE)
        skeletons = [each for tone in ("friendly", "formal") for each in Templates(lexicon).skeletons([kind], tone)]
        skeleton = next(each for each in skeletons if slot in each.slots and realiser.fits(each, spec))
        assert verifier.verify(realiser.fill(skeleton, spec), spec).faults == ()


def test_a_date_of_another_year_follows_the_region() -> None:
    earlier = claim("repeat_item", count=2, last="2016-11-03")
    american = Realiser(load_lexicon("en-US")).specify([earlier], **SCENE)
    assert american.values["last_date"] == "November 3, 2016"


@pytest.mark.parametrize(("locale", "share"), [("es", "80\u00a0%"), ("es-ES", "80\u00a0%"), ("es-MX", "80%")])
def test_a_share_is_written_as_the_region_writes_it(locale: str, share: str) -> None:
    lexicon = load_lexicon(locale)
    spec = Realiser(lexicon).specify([CLAIMS["usual_brand"]], **SCENE)
    skeletons = Templates(lexicon).skeletons(["usual_brand"], "friendly")
    skeleton = next(each for each in skeletons if "brand_share" in each.slots)
    assert spec.values["brand_share"] == share
    assert Verifier(lexicon).verify(Realiser(lexicon).fill(skeleton, spec), spec).faults == ()


@pytest.mark.parametrize("locale", ["en-XX", "de-DE", "xx"])
def test_an_unknown_region_or_language_is_refused(locale: str) -> None:
    with pytest.raises(PromptError, match=r"but one of en, es, fr, zh is needed, perhaps with a region"):
        load_lexicon(locale)
