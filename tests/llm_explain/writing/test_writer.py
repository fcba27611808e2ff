"""Texts of the writer: verified, varied, deterministic, and never in trouble for the caller."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from llm_explain.errors import GenerationError, MissingExtraError, SettingError
from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.generator import Draft
from llm_explain.policy.policy import Policy, PolicySettings
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.text.skeleton import TONES, opening
from llm_explain.text.surfaces import resolve
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from tests.llm_explain.spoken_claims import AS_OF, CATALOGUE, CLAIMS, claim


def request(*kinds, item_index=0, user_id="u", is_neutral=False):
    claims = tuple(CLAIMS[kind] for kind in kinds)
    return SentenceRequest(claims=claims, item_index=item_index, user_id=user_id, as_of=AS_OF, is_neutral=is_neutral)


@pytest.fixture(scope="module")
def writer():
    return Writer(policy=Policy(), catalogue=CATALOGUE)


class ScriptedGenerator:
    """Answers every prompt with the same drafts, or fails."""

    name = "scripted@1"

    def __init__(self, answers=(), error=None):
        self.answers, self.error, self.calls = answers, error, 0

    def generate(self, prompts, *, n_candidates, deadline=float("inf"), seed=0):
        self.calls += 1
        if self.error:
            raise self.error
        return [[Draft(text, is_complete=True) for text in self.answers] for _ in prompts]


def with_model(generator):
    written = Writer(policy=Policy(), catalogue=CATALOGUE, sources=("lm", "template"))

    def open_generator():
        if isinstance(generator, MissingExtraError):
            raise generator
        return generator

    written._locale_writers("en")._sources["lm"] = ModelSource(open_generator, load_lexicon("en"))
    return written


def test_an_amount_in_a_currency_of_letters_is_proven():
    kroner = Writer(policy=Policy(currency="SEK"), catalogue=CATALOGUE)
    (text,) = kroner.write([request("usual_price")])
    assert text.verdict.ok
    assert "SEK\u00a02.99" in text.text


@pytest.mark.parametrize("tone", TONES)
def test_no_two_texts_of_a_list_share_skeleton_or_opening(writer, tone):
    texts = writer.write([request("repeat_item", "due", item_index=index) for index in range(10)], tone=tone)
    assert all(text is not None and text.verdict.ok for text in texts)
    assert len({text.skeleton for text in texts}) == 10
    assert len({opening(text.skeleton) for text in texts}) == 10
    assert len({opening(text.text) for text in texts}) == 10


def test_the_same_request_gives_the_same_text(writer):
    again = Writer(policy=Policy(), catalogue=CATALOGUE)
    requests = [request("repeat_item", "promotion", item_index=index) for index in range(4)]
    assert [text.text for text in writer.write(requests)] == [text.text for text in again.write(requests)]


def test_users_hear_different_sentences(writer):
    texts = {writer.write([request("repeat_item", user_id=f"u{number}")])[0].skeleton for number in range(30)}
    assert len(texts) >= 6


def test_a_neutral_text_gives_no_reason(writer):
    for index in range(10):
        (text,) = writer.write([request("popular", item_index=index, is_neutral=True)])
        assert "because" not in text.text.lower()
        assert text.verdict.ok


def test_claims_carry_their_names_as_sentences_say_them():
    items = pd.DataFrame({"item_id": [str(n) for n in range(8)], "title": ["Cheap green tea, evil.com"] * 8})
    writer = Writer(policy=Policy(), catalogue=Catalogue(items.assign(category="", brand=None)))
    other, group = writer.named(request("frequent_item", "related_category"))
    assert other.to_dict()["names"] == {"other_item_id": "“Cheap green tea”"}
    assert group.names == {"category": group.facts["category"]}


LONG = "Vintage Rose Hanging Heart T-Light Holder With Three Painted Doves, 12 cm"


def of_long_titles(surface, *kinds, form="sentence"):
    titles = {0: LONG, 7: "Antique White Hanging Heart Candle Lantern With Two Painted Hens, 9 cm"}
    items = pd.DataFrame(
        {"item_id": [str(n) for n in range(8)], "title": [titles.get(n, f"Tea {n}") for n in range(8)]}
    )
    writer = Writer(policy=Policy(), catalogue=Catalogue(items.assign(category="", brand=None)))
    tone, limits = resolve("en", surface=surface)
    requests = [SentenceRequest(tuple(CLAIMS[kind] for kind in kinds), 0, "u", AS_OF, True, form)]
    return writer.write(requests, tone=tone, limits=limits)[0]


@pytest.mark.parametrize(
    ("surface", "kind", "longest", "name"),
    [
        ("push", "repeat_item", 60, "“Vintage Rose Hanging Heart…”: "),
        ("push", "similar_item", 60, "“Antique White Hanging…”"),
        ("card", "bought_together", 110, "“Antique White Hanging Heart"),
    ],
)
def test_a_short_text_shortens_long_names(surface, kind, longest, name):
    text = of_long_titles(surface, kind)
    assert len(text.text) <= longest
    assert name in text.text
    assert text.verdict.ok


def test_a_subject_line_names_the_item_or_asks():
    line = of_long_titles("email", "repeat_item", form="subject")
    assert line.text.startswith("“Vintage Rose Hanging Heart…”: ")


def test_lines_that_say_most_take_turns(writer):
    requests = [
        SentenceRequest((CLAIMS["due"],), index, "u", AS_OF, is_neutral=True, form="line") for index in range(10)
    ]
    skeletons = [text.skeleton for text in writer.write(requests)]
    assert len(set(skeletons)) >= 3
    assert all(text.startswith("You buy") for text in skeletons)  # the habit lasts
    assert max(map(skeletons.count, skeletons)) <= 4


def test_a_list_asks_once(writer):
    texts = [
        text.text for text in writer.write([request("similar_item", item_index=n, is_neutral=True) for n in range(4)])
    ]
    assert sum(text.endswith("?") for text in texts) <= 1


def test_nothing_to_say_is_no_text(writer):
    assert writer.write([request()]) == [None]


def test_a_promotion_that_may_not_be_spoken_has_no_text(writer):
    coupon = claim("promotion", label="coupon", start="2017-11-27", end="2017-12-05", store_id="")
    assert writer.write([SentenceRequest((coupon,), 0, "u", AS_OF)]) == [None]


def test_a_brand_that_the_policy_lets_nobody_name_is_not_named():
    writer = Writer(policy=Policy(PolicySettings(unnameable_brands=("^Chobani$",))), catalogue=CATALOGUE)
    requests = [request("usual_brand", item_index=1, user_id=f"u{number}") for number in range(20)]
    assert not any("Chobani" in writer.write([each])[0].text for each in requests)


def test_a_sensitive_item_is_never_named():
    policy = Policy(PolicySettings(), categories=["yogurt"])
    writer = Writer(policy=policy, catalogue=CATALOGUE)
    for tone in TONES:
        texts = writer.write([SentenceRequest((CLAIMS["promotion"],), 0, f"u{n}", AS_OF) for n in range(12)], tone=tone)
        assert all(text is not None and "Chobani" not in text.text for text in texts)


def test_provenance_of_a_template():
    (text,) = Writer(policy=Policy(), catalogue=CATALOGUE, sources=("lm", "template")).write([request("due")])
    assert (text.source, text.is_ai_generated, text.model) == ("template", False, "")
    assert text.prompt.startswith(("en/skeletons@sha256:", "en/grammar@sha256:"))


def test_a_verified_draft_of_the_model_is_spoken():
    generator = ScriptedGenerator(["You've bought this {times}, so it's here again."])
    (text,) = with_model(generator).write([request("repeat_item")])
    assert text.text == "You've bought this 12 times, so it's here again."
    assert (text.source, text.is_ai_generated, text.model) == ("lm", True, "scripted@1")
    assert text.prompt.startswith("en/prompt@sha256:")


def test_an_accepted_draft_is_kept_for_the_next_request():
    generator = ScriptedGenerator(["You've bought this {times}, so it's here again."])
    writer = with_model(generator)
    for _ in range(3):
        writer.write([request("repeat_item")])
    assert generator.calls == 1


@pytest.mark.parametrize("draft", ["You've never bought this {times}.", "Buy it now!", "", "You bought {title}."])
def test_a_false_draft_falls_back_to_a_template(draft):
    (text,) = with_model(ScriptedGenerator([draft])).write([request("repeat_item")])
    assert text.source == "template"


@pytest.mark.parametrize("is_retryable", [True, False])
def test_a_model_that_fails_changes_only_the_source(is_retryable):
    generator = ScriptedGenerator(error=GenerationError("out of memory", is_retryable=is_retryable))
    writer = with_model(generator)
    assert [writer.write([request("due")])[0].source for _ in range(2)] == ["template", "template"]
    assert generator.calls == (2 if is_retryable else 1)


def test_missing_weights_are_said_once(caplog):
    writer = with_model(MissingExtraError("the packaged language model is not installed."))
    for _ in range(3):
        assert writer.write([request("due")])[0].source == "template"
    assert [record.message for record in caplog.records] == [
        "the packaged language model is not installed. Sentences come from the other sources."
    ]


def test_after_warming_up_no_skeleton_of_the_phrasebook_is_verified_again(writer, monkeypatch):
    assert writer.warm_up() > 500
    phrasebook = writer._locale_writers("en")._phrasebook
    monkeypatch.setattr(phrasebook, "_verifier", None)  # whoever asks it now fails
    (text,) = writer.write([request("repeat_item")])
    assert text.source == "phrasebook"


def test_a_locale_without_a_phrasebook_has_nothing_to_warm_up(writer):
    assert writer.warm_up("zh") == 0


class Fluent:
    """Writes a different true sentence about repeat purchases for each prompt."""

    name = "fluent@1"
    openings = ("You've", "So far you've", "By now you've", "To date you've", "Already, you've")

    def __init__(self):
        self.batches, self.deadlines = [], []

    def generate(self, prompts, *, n_candidates, deadline=float("inf"), seed=0):
        first = sum(self.batches)
        self.batches.append(len(prompts))
        self.deadlines.append(deadline - time.monotonic())
        texts = [f"{self.openings[(first + n) % 5]} bought this {{times}}." for n in range(len(prompts))]
        return [[Draft(text, is_complete=True)] for text in texts]


def live(generator, sources):
    writer = Writer(policy=Policy(), catalogue=CATALOGUE, sources=sources)
    source = ModelSource(lambda: generator, load_lexicon("en"), n_candidates=1)
    writer._locale_writers("en")._sources["lm"] = source
    return writer


def test_with_the_model_first_it_writes_the_whole_list_in_one_batch():
    generator = Fluent()
    texts = live(generator, ("lm", "phrasebook", "template")).write([request("repeat_item")] * 4)
    assert [text.source for text in texts] == ["lm"] * 4
    assert generator.batches == [4]
    assert len({text.text for text in texts}) == 4


def test_what_the_model_did_not_write_comes_from_the_next_source():
    texts = live(Fluent(), ("lm", "phrasebook", "template")).write([request("repeat_item"), request("due")])
    assert [text.source for text in texts] == ["lm", "phrasebook"]


def test_the_model_is_asked_before_a_template_once_the_phrasebook_repeats_itself():
    generator = Fluent()
    writer = live(generator, ("phrasebook", "lm", "template"))
    phrasebook = writer._locale_writers("en")._sources["phrasebook"]
    only = phrasebook.skeletons(["repeat_item"], "friendly")[:3]
    phrasebook.skeletons = lambda kinds, tone: only
    sources = [text.source for text in writer.write([request("repeat_item")] * 5)]
    assert sources.count("phrasebook") <= 3
    assert sources.count("lm") == generator.batches[0] == 5 - sources.count("phrasebook")


def test_the_order_of_one_call_replaces_that_of_the_writer():
    writer = live(Fluent(), ("phrasebook", "lm", "template"))
    (text,) = writer.write([request("repeat_item")], sources=("lm", "template"))
    assert text.source == "lm"


def test_loading_the_model_does_not_count_against_the_deadline():
    generator = Fluent()

    def load_slowly():
        time.sleep(0.05)
        return generator

    writer = live(generator, ("lm", "template"))
    writer._locale_writers("en")._sources["lm"] = ModelSource(load_slowly, load_lexicon("en"))
    writer.write([request("repeat_item")], deadline=0.04)
    assert generator.deadlines[0] > 0


@pytest.mark.parametrize("sources", [(), ("lm",), ("template", "lm"), ("model", "template"), ("lm", "lm", "template")])
def test_an_order_without_a_sure_end_is_refused(sources):
    with pytest.raises(SettingError, match=r"sources are .* but different ones of phrasebook, lm, template are needed"):
        Writer(policy=Policy(), catalogue=CATALOGUE, sources=sources)


def test_a_kind_that_only_lines_state_speaks_of_plays_too(writer):
    assert writer.speaks(claim("most_bought", (), category="yogurt", window_days=300, event_kind="play"))
