"""The reader of finished sentences on Spanish: accents, decimal commas, a subject that is left out."""

from __future__ import annotations

import pytest

from llm_explain.evaluation.agreement.extraction import load_extraction
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import ROUNDING, Reader, as_stated
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import SLOT, TONES, Skeleton
from llm_explain.writing.prompt_lint import sample_claim
from tests.llm_explain.spoken_claims import ALIKE, ALIKE_CATALOGUE, CATALOGUE, CLAIMS, SCENE

LEXICON = load_lexicon("es").with_currency("EUR")
REALISER = Realiser(LEXICON)
READER, OF_ALIKE = (Reader(Names.of(each, "es"), "es") for each in (CATALOGUE, ALIKE_CATALOGUE))
ABOUT = {"title": SCENE["title"], "category": "yogurt"}
SAID = {**{kind: sample_claim(kind, LEXICON) for kind in LEXICON.kinds}, **CLAIMS}
"""A claim of every kind."""

STATED = {"until": "2017-12-04"}
"""What the sentences say of a fact that their claim gives in another form: the last day of a promotion."""


def said_of(kinds, text):
    """Return a claim of each kind that gives every slot of a sentence."""
    slots = {kind: [slot for slot in SLOT.findall(text) if slot in LEXICON.slots[kind].every] for kind in kinds}
    given = REALISER.specify([SAID[kind] for kind in kinds], **SCENE).values
    return [SAID[kind] if {*own} <= {*given} else sample_claim(kind, LEXICON, own) for kind, own in slots.items()]


def is_read(text, kinds, reader=READER, claims=SAID):
    """Return whether a sentence gives its kinds and their numbers back."""
    facts = {kind: {**claims[kind].facts, **STATED} for kind in kinds}
    mentions = reader.read(text, **ABOUT)
    values = all(
        abs(value - as_stated(facts[each.kind].get(name))) <= ROUNDING.get(name, 1e-9)
        for each in mentions
        if each.kind in facts
        for name, value in each.values.items()
    )
    return {each.kind for each in mentions} == set(kinds) and values


def test_every_hand_written_sentence_gives_its_reasons_back() -> None:
    wrong = []
    for line in read_corpus(LEXICON):
        skeleton = Skeleton(line.text, line.kinds, "friendly", tuple(SLOT.findall(line.text)))
        claims = said_of(line.kinds, line.text)
        scene, reader = (ALIKE, OF_ALIKE) if "like" in "".join(skeleton.slots) else (SCENE, READER)
        text = REALISER.fill(skeleton, REALISER.specify(claims, **scene))
        if not is_read(text, line.kinds, reader, claims={claim.kind: claim for claim in claims}):
            wrong.append((text, line.kinds, READER.read(text, **ABOUT)))
    assert wrong == []


@pytest.mark.parametrize("tone", TONES)
def test_the_sentences_of_the_grammar_give_their_reasons_back(tone) -> None:
    wrong, said = [], 0
    for kinds in LEXICON.kinds.every_combination():
        spec = REALISER.specify([SAID[kind] for kind in kinds], **SCENE)
        for skeleton in Templates(LEXICON).skeletons(kinds, tone)[::7]:
            if REALISER.fits(skeleton, spec):
                said += 1
                text = REALISER.fill(skeleton, spec)
                wrong += [] if is_read(text, kinds) else [(text, kinds, READER.read(text, **ABOUT))]
    assert said > 100
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ya lo has comprado 12 veces; la última, el 3 de noviembre.",
            [("repeat_item", "", {"count": 12.0, "last": 1103.0})],
        ),
        ("Has comprado yogur 9 veces en los últimos 90 días.", [("category_affinity", "yogurt", {"count": 9.0})]),
        ("Sale en nuestro folleto hasta el 4 de diciembre.", [("promotion", "", {"until": 1204.0})]),
        ("En las últimas semanas hubo más yogur de lo habitual en nuestras ventas.", [("season", "", {})]),
    ],
)
def test_counts_days_and_decimals_are_read(text: str, expected: list[tuple[str, str, dict[str, float]]]) -> None:
    assert [(each.kind, each.name, each.values) for each in READER.read(text, **ABOUT)] == expected


@pytest.mark.parametrize(("locale", "number"), [("es", "1.234,5"), ("es-MX", "1,234.5"), ("en", "1,234.5")])
def test_a_number_is_read_as_the_region_writes_it(locale: str, number: str) -> None:
    assert load_extraction(locale).number(number) == 1234.5


def test_words_of_degree_and_kinds_of_event_are_read() -> None:
    (mention,) = READER.read("Compras yogur a menudo, así que hemos pensado en este producto.", **ABOUT)
    assert set(mention.degrees) == {"often", "current"}
    assert READER.event_kinds("Lo has reproducido 12 veces.", **ABOUT) == {"play"}
    assert READER.event_kinds("Lo has comprado 12 veces.", **ABOUT) == {"purchase"}


def test_badges_and_lines_give_their_kinds_back() -> None:
    wrong, said = [], 0
    for kind in LEXICON.kinds:
        spec = REALISER.specify([SAID[kind]], **SCENE)
        for skeleton in (*Templates(LEXICON).of_form(kind, "badge"), *Templates(LEXICON).of_form(kind, "line")):
            if REALISER.fits(skeleton, spec):
                said += 1
                text = REALISER.fill(skeleton, spec)
                wrong += [] if is_read(text, [kind]) else [(text, kind, READER.read(text, **ABOUT))]
    assert said > 12
    assert wrong == []
