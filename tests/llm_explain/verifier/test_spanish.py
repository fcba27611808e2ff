"""The same verifier on Spanish: accents, inverted marks, dropped subjects, a formal address, decimal commas."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from llm_explain.skeletons.corpus import read_corpus
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.number_agreement import NumberAgreement, compiled, exchanged
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import TONES
from llm_explain.verifier import NameIndex, SkeletonVerifier, Verifier
from tests.llm_explain.spoken_claims import ALIKE, CLAIMS, SCENE

LEXICON = load_lexicon("es")
SKELETONS = SkeletonVerifier(LEXICON)
REALISER = Realiser(LEXICON)
VERIFIER = Verifier(LEXICON, NameIndex(["leche", "pan", "café con leche"]), blocklist=["vip"])
TEMPLATES = Templates(LEXICON)


def codes(text, *kinds):
    spec = REALISER.specify([CLAIMS[kind] for kind in kinds], **SCENE)
    return {fault.code for fault in VERIFIER.verify(text, spec).faults}


def test_hand_written_sentences_pass():
    corpus = read_corpus(LEXICON)
    refused = [line.text for line in corpus if SKELETONS.check(line.text, line.kinds).faults]
    assert len(corpus) >= 300
    assert refused == []


def test_values_are_written_in_the_locale_manner():
    values = REALISER.specify(list(CLAIMS.values()), **SCENE).values
    shown = {slot: values[slot] for slot in ("times", "last_date", "interval", "days_since", "category", "price")}
    assert shown == {
        "times": "doce veces",
        "last_date": "3 de noviembre",
        "interval": "dos semanas",
        "days_since": "12 días",
        "category": "yogur",
        "price": "2,99\u00a0US$",
    }
    shown = {
        slot: values[slot] for slot in ("brand_share", "users_band", "month", "season_category", "related_category")
    }
    assert shown == {
        "brand_share": "80\u00a0%",
        "users_band": "más de 250",
        "month": "las últimas semanas",
        "season_category": "yogur",
        "related_category": "cereales de desayuno",
    }


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Ya lo has comprado doce veces; la última, el 3 de noviembre.", ["repeat_item"]),
        ("Lo compras más o menos cada dos semanas; la última vez fue hace 12 días.", ["due"]),
        ("Le recomendamos este producto porque usted compra yogur.", ["category_affinity"]),
        ("¿Por qué este producto? Porque compras cereales de desayuno.", ["related_category"]),
        ("El 80\u00a0% de tus compras de yogur son de esta marca.", ["usual_brand"]),
        ("Más de 250 clientes lo han comprado en los últimos 30 días.", ["popular"]),
        ("Este producto está en el folleto de la tienda hasta el 4 de diciembre.", ["promotion"]),
    ],
)
def test_true_texts_pass(text, kinds):
    assert codes(text, *kinds) == set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Lo has comprado 13 veces.", "claim_missing"),
        ("Lo has comprado 12 días.", "claim_missing"),
        ("Nunca lo has comprado doce veces.", "negation"),
        ("Lo has comprado doce veces, y está de oferta.", "unlicensed_promotion"),
        ("Lo has comprado doce veces, delicioso.", "hype"),
        ("Lo has comprado doce veces, con leche.", "unlicensed_name"),
        ("Lo has comprado doce veces. Cómpralo.", "pressing"),
        ("Compra este producto, comprado doce veces.", "pressing"),
        ("Lo has comprado doce veces, vip.", "policy"),
        ("Lo has comprado doce veces, ver www.example.com.", "link"),
        ("You've bought this doce veces.", "unknown_word"),
        ("Lo has comprado doce veces y es popular entre nuestros clientes.", "unlicensed_popular"),
        ("Lo has comprado doce veces, una novedad.", "unlicensed_new_arrival"),
        ("Lo han comprado doce veces.", "unlicensed_crowd"),
        ("Lo has mirado doce veces.", "event_kind"),
        ("Es de nuestra marca habitual de yogur.", "claim_added"),
        ("Lo has comprado doce veces a menudo.", "slot_role"),
        ("lo has comprado doce veces.", "capital"),
    ],
)
def test_false_texts_are_caught(text, code):
    assert code in codes(text, "repeat_item")


@pytest.mark.parametrize(
    "text",
    [
        "Has comprado «Crunchy Granola 12 oz», y lo has comprado.",
        "Has comprado «Crunchy Granola 12 oz» y este producto.",
        "Has comprado «Crunchy Granola 12 oz»; este producto también lo compraste.",
        "Compraste «Crunchy Granola 12 oz», así que lo compras.",
    ],
)
def test_another_item_does_not_say_that_this_one_was_bought(text):
    assert codes("Porque compraste «Crunchy Granola 12 oz».", "similar_item") == set()
    assert "claim_added" in codes(text, "similar_item")


@pytest.mark.parametrize(("other", "is_one"), [("Large rice cakes, 6 oz", True), ("Sour cream, 16 oz", False)])
def test_an_alternative_begins_with_the_same_noun(other, is_one):
    claim = replace(CLAIMS["similar_item"], facts={"other_item_id": "10"})
    told = REALISER.specify([claim], **{**ALIKE, "titles": {"10": other}})
    assert ("like_item" in told.values) == is_one
    name = told.values["other_item"]
    forced = replace(told, values={**told.values, "like_item": name})
    assert VERIFIER.verify(f"Otra opción además de {name}, que ya compraste.", forced).ok == is_one


def repeated(**facts):
    return REALISER.specify([replace(CLAIMS["repeat_item"], facts={**CLAIMS["repeat_item"].facts, **facts})], **SCENE)


def test_one_purchase_is_told_by_its_day():
    once = repeated(count=1)
    assert "times" not in once.values
    assert VERIFIER.verify("Lo compraste el 3 de noviembre.", once).ok
    assert not VERIFIER.verify("Lo compraste el 4 de noviembre.", once).ok
    assert not VERIFIER.verify("Lo compraste el 3 de noviembre.", repeated(count=12)).ok
    assert repeated(count=1, last=None).values["times"] == "una vez"  # a log whose times are no dates


def test_a_classic_was_bought_ten_times():
    text = "Un clásico de tus compras: lo has comprado {} veces; la última, el 3 de noviembre."
    assert VERIFIER.verify(text.format("diez"), repeated(count=10)).ok
    assert not VERIFIER.verify(text.format("nueve"), repeated(count=9)).ok


def test_the_time_since_a_purchase_is_that_of_its_day():
    of_days, of_weeks, of_a_month = (repeated(count=12, last=f"2017-11-{day:02}") for day in (25, 10, 1))
    assert VERIFIER.verify("Lo has comprado doce veces; la última, hace 6 días.", of_days).ok
    assert not VERIFIER.verify("Lo has comprado doce veces; la última, hace 7 días.", of_days).ok
    assert VERIFIER.verify("Lo has comprado doce veces; la última, hace unas tres semanas.", of_weeks).ok
    assert not VERIFIER.verify("Lo has comprado doce veces; la última, hace unas dos semanas.", of_weeks).ok
    assert of_a_month.values["last_gap"] == "cerca de un mes"
    assert VERIFIER.verify("Lo compraste hace cerca de un mes.", of_a_month).ok
    assert not VERIFIER.verify("Lo compraste hace unos dos meses.", of_a_month).ok


def test_a_break_is_told_by_its_length_and_the_rhythm_before():
    claim = replace(CLAIMS["back_after_break"], facts={"interval_days": 14.0, "last": "2017-10-20"})
    stopped = REALISER.specify([claim], **SCENE)
    text = "La última vez fue hace unas {} semanas; antes, cada {} semanas, más o menos."
    assert VERIFIER.verify(text.format("seis", "dos"), stopped).ok
    assert not VERIFIER.verify(text.format("siete", "dos"), stopped).ok
    assert not VERIFIER.verify(text.format("seis", "tres"), stopped).ok
    assert not VERIFIER.verify(text.format("seis", "dos"), REALISER.specify([CLAIMS["due"]], **SCENE)).ok


def test_a_season_names_its_category():
    spec = REALISER.specify([CLAIMS["season"]], **SCENE)
    text = "En las últimas semanas hubo más {} de lo habitual en nuestras ventas."
    assert VERIFIER.verify(text.format("yogur"), spec).ok
    assert not VERIFIER.verify(text.format("queso"), spec).ok
    assert not VERIFIER.verify("En las últimas semanas los productos como este se vendieron más.", spec).ok


def test_a_last_purchase_is_one_of_the_item():
    spec = REALISER.specify([CLAIMS["repeat_item"]], **SCENE)
    date, times = spec.values["last_date"], spec.values["times"]
    assert VERIFIER.verify(f"Lo compraste por última vez el {date}; en total, {times}.", spec).ok
    assert not VERIFIER.verify(f"Tu última compra fue el {date}; en total, lo has comprado {times}.", spec).ok


def test_every_length_of_a_break_is_told():
    told = set()
    for days in range(20, 400, 3):
        last = str(SCENE["as_of"] - dt.timedelta(days=days))
        claim = replace(CLAIMS["back_after_break"], facts={"interval_days": 14.0, "last": last})
        spec = REALISER.specify([claim], **SCENE)
        lines = [each for each in TEMPLATES.of_form("back_after_break", "line") if REALISER.fits(each, spec)]
        assert {VERIFIER.verify(REALISER.fill(each, spec), spec).ok for each in lines} == {True}, days
        told.add(spec.values["break_gap"])
    assert told >= {"cerca de un mes", "unas diez semanas", "tres o cuatro meses"}
    assert not any(" o " in gap for gap in told - {"tres o cuatro meses"})


def test_an_item_of_unknown_gender_needs_no_pronoun():
    often, once = repeated(count=12), repeated(count=1)
    assert VERIFIER.verify("La última vez fue el 3 de noviembre; en total, doce veces.", often).ok
    assert VERIFIER.verify("Doce veces hasta ahora; la última, hace unas cuatro semanas.", often).ok
    assert VERIFIER.verify("La última vez fue el 3 de noviembre.", once).ok
    assert VERIFIER.verify("Iba en tu pedido del 3 de noviembre.", once).ok
    for text in (
        "La última vez fue el 3 de noviembre; en total, trece veces.",
        "Trece veces hasta ahora; la última, hace unas cuatro semanas.",
        "Ya van.",
    ):
        assert not VERIFIER.verify(text, often).ok
    assert not VERIFIER.verify("Iba en tu pedido del 4 de noviembre.", once).ok
    assert not VERIFIER.verify("Iba en tu pedido.", once).ok


def test_times_run_on_only_after_a_recent_purchase():
    recent, lapsed = repeated(count=12, last="2017-11-25"), repeated(count=12, last="2017-07-01")
    assert VERIFIER.verify("Ya van doce veces; la última, hace 6 días.", recent).ok
    for text in ("Ya van doce veces; la última, el 1 de julio.", "Ya van doce veces.", "Ya van trece veces."):
        assert not VERIFIER.verify(text, lapsed).ok
    lines = [each for each in TEMPLATES.of_form("repeat_item", "line") if REALISER.fits(each, lapsed)]
    assert lines
    assert not any("Ya van" in line.text for line in lines)


def test_a_habit_is_told_with_a_rhythm_alone():
    due = REALISER.specify([CLAIMS["due"]], **SCENE)
    assert VERIFIER.verify("Sueles comprarlo cada dos semanas; la última vez fue hace 12 días.", due).ok
    asked = "Lo compras cada dos semanas, más o menos, y la última vez fue el 15 de noviembre: ¿ya te hace falta?"
    late = replace(CLAIMS["due"], facts={**CLAIMS["due"].facts, "days_since": 16, "last": "2017-11-15"})
    assert VERIFIER.verify(asked, REALISER.specify([late], **SCENE)).ok
    early = replace(CLAIMS["due"], facts={**CLAIMS["due"].facts, "days_since": 13.9, "last": "2017-11-15"})
    assert not VERIFIER.verify(asked, REALISER.specify([early], **SCENE)).ok, "it is not due yet"
    for found, is_late in ((late, True), (early, False)):
        spec = REALISER.specify([found], **{**SCENE, "title": "Yogurt"})
        lines = [each.text for each in TEMPLATES.of_form("due", "line") if each.needs and REALISER.fits(each, spec)]
        assert {"?" in line for line in lines} == {is_late}
    for text in (
        "Sueles comprarlo cada tres semanas; la última vez fue hace 12 días.",
        "Lo compras cada dos semanas, más o menos, y la última vez fue hace 12 días: ¿ya te hace falta?",
        "Sueles comprarlo; cada dos semanas, más o menos.",
    ):
        assert not VERIFIER.verify(text, due).ok
    assert not VERIFIER.verify("Sueles comprarlo doce veces.", repeated(count=12)).ok


def test_a_pronoun_speaks_of_a_known_gender():
    agreement = NumberAgreement(LEXICON.agreement)
    text = "Has comprado este producto {times}."
    assert not agreement.is_natural(text, is_one=True, is_known=True)
    assert agreement.is_natural(text, is_one=True, is_known=False)
    assert agreement.is_natural("Lo has comprado {times}.", is_one=True, is_known=True)
    assert not agreement.is_natural("Aquí tienes {item}.", is_one=True, is_known=False)  # its title stands next to it


def test_a_pronoun_does_not_follow_another_things_brand():
    agreement = NumberAgreement(LEXICON.agreement)
    assert agreement.is_mixed("Has comprado yogur de esta marca. Además, lo han comprado más de 250 clientes.")
    assert not agreement.is_mixed("Has comprado yogur de esta marca. Además, es popular entre nuestros clientes.")
    after = "{category}. Además, en los últimos {popular_window} lo han comprado {users_band} clientes."
    assert not agreement.is_natural(f"Has comprado {after}", is_one=True, is_known=True)


def test_some_customers_are_those_just_named():
    what = [CLAIMS["popular"], CLAIMS["bought_together"]]
    spec = REALISER.specify(what, **SCENE)
    other = spec.values["together_item"]
    said = f"algunos lo pidieron junto con {other}, que tú también compraste."
    assert VERIFIER.verify(f"Es popular entre nuestros clientes, y {said}", spec).ok
    assert not VERIFIER.verify(f"Es popular, y {said}", spec).ok
    assert not VERIFIER.verify(f"Más de 250 clientes lo han comprado en los últimos 30 días, y {said}", spec).ok
    assert not VERIFIER.verify(f"Es popular entre nuestros clientes, y {said.replace('algunos', 'todos')}", spec).ok


def test_the_first_of_three_is_not_said_of_all_three():
    three = REALISER.specify(
        [replace(CLAIMS["best_seller"], facts={**CLAIMS["best_seller"].facts, "among": 3})], **SCENE
    )
    where = three.values["best_category"]
    text, among = f"{{}} en {where} en los últimos {{}} días.", "Una de las opciones más compradas"
    assert VERIFIER.verify(text.format(among, 30), three).ok
    assert not VERIFIER.verify(text.format("Lo más comprado", 30), three).ok
    assert not VERIFIER.verify(text.format(among, 90), three).ok
    assert not VERIFIER.verify(f"{among} en {where}.", three).ok


def test_customers_choose_what_they_buy_not_what_they_view():
    about = CLAIMS["best_seller"].facts
    bought, viewed = (
        REALISER.specify([replace(CLAIMS["best_seller"], facts={**about, **more})], **SCENE)
        for more in ({}, {"event_kind": "view"})
    )
    text = f"Es {bought.values['best_place']} en {bought.values['best_category']} en los últimos 30 días."
    assert VERIFIER.verify(text, bought).ok
    assert viewed.values["best_place"].endswith("más populares")
    assert not VERIFIER.verify(text, viewed).ok


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("Compraste «Crunchy Granola 12 oz», y algunos clientes pidieron las dos cosas juntas.", True),
        ("Algunos clientes lo pidieron junto con «Crunchy Granola 12 oz», que tú también compraste.", True),
        ("Los clientes lo pidieron junto con «Crunchy Granola 12 oz», que tú también compraste.", False),
        ("Algunos clientes pidieron las dos cosas juntas.", False),
        ("Algunos clientes lo pidieron, que tú también compraste, junto con «Crunchy Granola 12 oz».", False),
    ],
)
def test_what_others_ordered_with_a_past_item(text, is_true):
    assert (codes(text, "bought_together") == set()) == is_true


@pytest.mark.parametrize("tone", TONES)
def test_every_tone_keeps_its_address(tone):
    texts = [each.text.lower() for kind in LEXICON.kinds for each in TEMPLATES.skeletons([kind], tone)]
    words = {word.strip(".,;:¿?") for text in texts for word in text.split()}
    assert not words & (
        {"tú", "tu", "tus", "te", "ti", "has", "compras", "sueles", "vuelves", "compraste", "comprabas"}
        if tone == "formal"
        else {"usted", "le"}
    ) - {"compras"}


def test_a_subject_that_is_known_is_dropped():
    texts = {each.text for each in TEMPLATES.skeletons(["repeat_item", "promotion"], "friendly")}
    assert any(" y está {promotion}" in text for text in texts)
    assert not any("  " in text for text in texts)


@pytest.mark.parametrize("tone", TONES)
def test_combinations_that_nobody_wrote_have_sentences(tone):
    for kinds in [("usual_price", "new_arrival"), ("due", "similar_item"), ("popular", "season")]:
        assert len({each.opening for each in TEMPLATES.skeletons(kinds, tone)}) >= 6


def watched():
    return REALISER.specify(
        [replace(CLAIMS["similar_item"], facts={**CLAIMS["similar_item"].facts, "event_kind": "watch"})], **SCENE
    )


def test_a_verb_of_another_kind_of_event_stands_for_no_noun():
    """ "Compra" is a purchase and "he buys"; "ve" is only "he watches"."""
    spec = watched()
    said = {
        REALISER.fill(each, spec)
        for each in TEMPLATES.skeletons(["similar_item"], "concise")
        if REALISER.fits(each, spec)
    }
    assert any("iste «Crunchy Granola 12 oz»" in text for text in said)
    assert not any(" ve de " in text for text in said)
    assert VERIFIER.verify("Porque viste «Crunchy Granola 12 oz».", spec).ok
    assert not VERIFIER.verify("Por tu ve de «Crunchy Granola 12 oz».", spec).ok


AMERICAN = load_lexicon("es-MX")


def test_american_spanish_tells_what_is_past_in_the_preterite_and_quotes_as_it_does():
    realiser, verifier = Realiser(AMERICAN), Verifier(AMERICAN)
    spec = realiser.specify([CLAIMS["frequent_item"]], **SCENE)
    skeletons = Templates(AMERICAN).skeletons(["frequent_item"], "friendly")
    said = {realiser.fill(each, spec) for each in skeletons if realiser.fits(each, spec)}
    assert "Porque compraste “Crunchy Granola 12 oz” doce veces." in said
    assert not any("has comprado" in text or "«" in text for text in said)
    assert all(verifier.verify(text, spec).ok for text in said)
    assert not verifier.verify("Porque compraste “Crunchy Granola 12 oz” once veces.", spec).ok


def test_what_lasts_until_today_stays_in_the_perfect():
    said = {each.text for each in Templates(AMERICAN).of_form("due", "line")}
    assert any("Hasta ahora lo has comprado" in text for text in said)


def test_no_sentence_is_lost_in_america():
    exchanges = compiled(AMERICAN.said)
    for kinds in LEXICON.kinds.every_combination():
        if len(kinds) == 1:
            own, other = (each.skeletons(kinds, "friendly") for each in (TEMPLATES, Templates(AMERICAN)))
            assert {exchanged(each.text, exchanges) for each in own} == {each.text for each in other}, kinds
