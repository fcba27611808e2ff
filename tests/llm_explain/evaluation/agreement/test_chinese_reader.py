"""Chinese sentences, read: the hand-written ones give their reasons and numbers back."""

from __future__ import annotations

import pytest

from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import ROUNDING, Reader, as_stated
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import SLOT, Skeleton
from llm_explain.writing.prompt_lint import sample_claim
from tests.llm_explain.spoken_claims import ALIKE, ALIKE_CATALOGUE, CATALOGUE, CLAIMS, SCENE

LEXICON = load_lexicon("zh")
REALISER = Realiser(LEXICON)
READER, OF_ALIKE = (Reader(Names.of(each, "zh"), "zh") for each in (CATALOGUE, ALIKE_CATALOGUE))
ABOUT = {"title": SCENE["title"], "category": "yogurt"}
STATED = {"until": "2017-12-04"}
"""What the sentences say of a fact that their claim gives in another form: the last day of a promotion."""


def test_every_hand_written_sentence_gives_its_reasons_back() -> None:
    wrong = []
    for line in read_corpus(LEXICON):
        slots = {
            kind: [slot for slot in SLOT.findall(line.text) if slot in LEXICON.slots[kind].every] for kind in line.kinds
        }
        given = REALISER.specify([CLAIMS[kind] for kind in line.kinds], **SCENE).values
        claims = [
            CLAIMS[kind] if {*own} <= {*given} else sample_claim(kind, LEXICON, own) for kind, own in slots.items()
        ]
        skeleton = Skeleton(line.text, line.kinds, "friendly", tuple(SLOT.findall(line.text)))
        scene, reader = (ALIKE, OF_ALIKE) if "like" in "".join(skeleton.slots) else (SCENE, READER)
        text = REALISER.fill(skeleton, REALISER.specify(claims, **scene))
        mentions = reader.read(text, **ABOUT)
        facts = {claim.kind: {**claim.facts, **STATED} for claim in claims}
        values = all(
            abs(value - as_stated(facts[each.kind].get(name))) <= ROUNDING.get(name, 1e-9)
            for each in mentions
            if each.kind in facts
            for name, value in each.values.items()
        )
        if {each.kind for each in mentions} != set(line.kinds) or not values:
            wrong.append((text, line.kinds, mentions))
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这款你买过12次，上次是在11月3日。", [("repeat_item", "", {"count": 12.0, "last": 1103.0})]),
        ("近90天你买过9次酸奶。", [("category_affinity", "yogurt", {"count": 9.0})]),
        ("目前在海报上，到12月4日为止。", [("promotion", "", {"until": 1204.0})]),
    ],
)
def test_counts_days_and_ends_are_read(text: str, expected: list[tuple[str, str, dict[str, float]]]) -> None:
    assert [(each.kind, each.name, each.values) for each in READER.read(text, **ABOUT)] == expected


def test_words_of_degree_are_read() -> None:
    (mention,) = READER.read("你经常买酸奶，这款就是为你挑的。", **ABOUT)
    assert set(mention.degrees) == {"often", "current"}
    (mention,) = READER.read("你最近买过酸奶。", **ABOUT)
    assert mention.degrees == ("recently",)


def test_the_kind_of_event_is_read() -> None:
    assert READER.event_kinds("这款你播放过12次。", **ABOUT) == {"play"}
    assert READER.event_kinds("这款你买过12次。", **ABOUT) == {"purchase"}
