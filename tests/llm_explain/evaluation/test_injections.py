"""Hostile titles, brands and categories: they stand in their slot, cleaned, or nowhere, and no model reads them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import unicodedata
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.generator import Draft
from llm_explain.policy.policy import Policy
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.number_agreement import NumberAgreement
from llm_explain.text.prompt_files import prompts_root
from llm_explain.text.realiser import Realiser
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.text.skeleton import SLOT, TONES
from llm_explain.verifier import NameIndex, Verifier
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from tests.llm_explain.spoken_claims import claim

INJECTIONS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "injections.txt").read_text(encoding="utf-8").splitlines()
]
LEXICON = load_lexicon("en")
LIMIT = LEXICON.formats.max_name_length
NAME_SLOTS = {
    "item",
    "other_item",
    "known_item",
    "category",
    "related_category",
    "brand",
    "brand_category",
    "price_category",
}
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
REALISER, TEMPLATES, VERIFIER = Realiser(LEXICON), Templates(LEXICON), Verifier(LEXICON)
AGREEMENT = NumberAgreement(LEXICON.agreement)
DEGREES = ("often", "usually")
COMBINATIONS = (("category_affinity",), ("usual_brand",), ("similar_item",), ("related_category", "repeat_item"))


def hostile_claims(name):
    """Return a claim of each kind that names something, with a hostile name in it."""
    return {
        "category_affinity": claim("category_affinity", DEGREES, category=name, count=9, window_days=90),
        "related_category": claim("related_category", DEGREES, category=name, count=4, window_days=365),
        "usual_brand": claim("usual_brand", DEGREES, brand=name, category=name, share=0.8, count=9),
        "similar_item": claim("similar_item", ("some", "crowd"), other_item_id="7", next_share=0.3),
        "repeat_item": claim("repeat_item", DEGREES, count=12, last="2017-11-03"),
    }


@cache
def sentences(name):
    """Return a sentence of each combination with a hostile name in every slot that takes a name."""
    found = []
    verifier = VERIFIER.with_names(NameIndex([name]))
    for number, kinds in enumerate(COMBINATIONS):
        claims = [hostile_claims(name)[kind] for kind in kinds]
        spec = REALISER.specify(claims, title=name, as_of=dt.date(2017, 12, 1), titles={"7": name})
        skeletons = TEMPLATES.skeletons(kinds, TONES[number % 3])
        values = dict(spec.values)
        for skeleton in [each for each in skeletons if each.fits(values, spec.licences)][:1]:
            text = REALISER.fill(skeleton, spec)
            pieces = AGREEMENT.pieces(skeleton.text, spec.is_of_many, spec.is_feminine)
            found.append((pieces, values, text, verifier.verify(text, spec)))
    return found


def _around(pieces, values):
    """Return a pattern of a skeleton with the values in their slots and an article that agrees, and nothing else."""
    said = [re.sub(r"\b([Aa])n?(?=\\ $)", r"\1n?", re.escape(literal)) for literal in pieces[::2]]
    slots = [f"(?i:{'|'.join(map(re.escape, _forms(slot, values)))})" for slot in pieces[1::2]]
    return "".join(part for pair in zip(said, [*slots, ""], strict=True) for part in pair)


def _forms(slot, values):
    """Return a value, and for the item also its label, which stands before a colon."""
    return [values[slot], values["item_label"]] if slot == "item" else [values[slot]]


def test_there_are_at_least_300_different_injections():
    assert len(set(INJECTIONS)) == len(INJECTIONS) >= 300


def _invisible(text: str) -> list[str]:
    """Return invisible characters, but for joiners between letters or signs that need them."""
    needed = re.sub("(?<=[^\\x00-\\x7f])[\u200c\u200d](?=[^\\x00-\\x7f])", "", text)
    return [letter for letter in needed if unicodedata.category(letter) in INVISIBLE]


@pytest.mark.parametrize("start", range(0, len(INJECTIONS), 50))
def test_a_hostile_name_alters_nothing_beyond_its_slot(start):
    for name in INJECTIONS[start : start + 50]:
        for pieces, values, text, verdict in sentences(name):
            assert re.fullmatch(_around(pieces, values), text, re.DOTALL)
            if verdict.ok:
                assert not set("<>{}[]`\\|^~") & set(text), name
                assert not _invisible(text), name
                assert len(text) <= LEXICON.max_length


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_hostile_name_is_cleaned_and_short(name):
    cleaned = REALISER.name(name)
    assert len(cleaned) <= LIMIT
    assert not set("<>{}[]`\\|^~_$*@=") & set(cleaned)
    assert not re.search(r"(?<![^\W_])#(?![^\W_])", cleaned)
    assert not _invisible(cleaned)
    assert "\n" not in cleaned
    assert "http" not in cleaned.casefold() or "//" not in cleaned


def test_most_hostile_names_leave_an_accepted_sentence_or_none():
    """A refused sentence is never shown; one that is shown was accepted with the name in its slot."""
    verdicts = [verdict.ok for name in INJECTIONS[::5] for _, _, _, verdict in sentences(name)]
    assert sum(verdicts) > 0.5 * len(verdicts)


class Recorder:
    """A generator that writes down what it is asked."""

    name = "recorder"

    def __init__(self):
        self.read = []

    def generate(self, prompts, *, n_candidates, deadline=float("inf"), seed=0):
        self.read += [message.content for prompt in prompts for message in prompt.messages]
        return [[Draft("{item}: you buy {category}.", is_complete=True)] for _ in prompts]


def hostile_shop():
    """Return a catalogue whose every title, category and brand is hostile."""
    names = [name for name in INJECTIONS if name.strip()]
    ids = [str(number) for number in range(len(names))]
    return Catalogue(pd.DataFrame({"item_id": ids, "title": names, "category": names, "brand": names}))


def test_no_name_reaches_a_model(monkeypatch):
    recorder, catalogue = Recorder(), hostile_shop()
    source = ModelSource(lambda: recorder, LEXICON)
    monkeypatch.setattr("llm_explain.writing.locale_writer._model_source", lambda *args: source)
    writer = Writer(
        policy=Policy.load(prompts_root() / "policy.yaml"),
        catalogue=catalogue,
        language_model="recorder",
        sources=("lm", "template"),
    )
    names = catalogue.titles.tolist()
    for item_index, name in list(enumerate(names))[::4]:
        own = hostile_claims(name)
        own["similar_item"] = dataclasses.replace(
            own["similar_item"], facts={"other_item_id": str(item_index), "next_share": 0.3}
        )
        for kinds in COMBINATIONS:
            claims = tuple(own[kind] for kind in kinds)
            request = SentenceRequest(claims, item_index, "u1", pd.Timestamp("2017-12-01"))
            (text,) = writer.write([request], deadline=5.0)
            assert text is None or text.verdict.ok
            if text is not None:
                assert set(SLOT.findall(text.skeleton)) & NAME_SLOTS or "repeat_item" in kinds
    read = "\n".join(recorder.read)
    assert recorder.read
    distinctive = [name for name in names if len(name) > 12 and name not in _OWN_WORDS]
    assert [name for name in distinctive if name in read] == []


_OWN_WORDS = {"{promotion_end}", "popular with our customers", "new in our range"}
"""What the prompts say themselves."""
