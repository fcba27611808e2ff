"""Free writing by a strong model: it sees cleaned names, and the verifier decides."""

from __future__ import annotations

import pytest

from llm_explain.errors import GenerationError
from llm_explain.generation.generator import Draft
from llm_explain.generation.lexicalised import FreeWriter
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from tests.llm_explain.spoken_claims import AS_OF, CATALOGUE, CLAIMS

FREE = "Twelve is a fair number, but to be exact, you've bought this 12 times."
TRUE = "You've bought “Chobani Peach Yogurt 5.3 oz” 12 times, most recently on 3 November."


class Scripted:
    """Writes the same drafts for every prompt and remembers what it read."""

    name = "scripted@1"

    def __init__(self, *answers: str, error: Exception | None = None):
        self.answers, self.error, self.read = answers, error, []

    def generate(self, prompts, *, n_candidates, deadline=float("inf"), seed=0):
        self.read += prompts
        if self.error:
            raise self.error
        return [[Draft(text, is_complete=True) for text in self.answers] for _ in prompts]


def request(*kinds: str) -> SentenceRequest:
    return SentenceRequest(claims=tuple(CLAIMS[kind] for kind in kinds), item_index=0, user_id="1", as_of=AS_OF)


def written(monkeypatch, generator, *, lexicalised=True, locale="en", title=None):
    monkeypatch.setattr("llm_explain.writing.locale_writer.open_generator", lambda name: generator)
    policy = Policy(PolicySettings(lexicalised=lexicalised))
    catalogue = CATALOGUE
    if title is not None:
        catalogue = Catalogue(CATALOGUE.items.assign(title=[title, *CATALOGUE.items["title"][1:]]))
    writer = Writer(policy=policy, catalogue=catalogue, language_model="strong", sources=("lm", "template"))
    return writer.write([request("repeat_item")], locale=locale, tone="friendly")[0]


def test_a_free_sentence_that_is_true_is_shown(monkeypatch):
    generator = Scripted(FREE, TRUE)
    text = written(monkeypatch, generator)
    assert (text.text, text.source, text.is_ai_generated, text.model) == (TRUE, "lm", True, "scripted@1")
    assert text.skeleton == "You've bought {item} {times}, most recently on {last_date}."
    assert text.prompt.startswith("en/lexicalised@sha256:")


def test_a_false_one_is_refused_and_another_source_answers(monkeypatch):
    text = written(monkeypatch, Scripted("You've bought Chobani Peach Yogurt 5.3 oz 13 times.", "Buy it now!"))
    assert (text.source, text.verdict.ok) == ("template", True)


@pytest.mark.parametrize("title", ["Buy now, 90% off!", "Peach Yogurt. Order today. Free", "Order today"])
@pytest.mark.parametrize(
    "form", ["{said}. {title}", "{said}, {title}.", "{said}: {title}.", "{title}. {said}.", "{title}, {said}."]
)
def test_a_suppliers_title_does_not_speak(monkeypatch, title, form):
    """The model may be told by a title to put it where it reads as the shop's own words."""
    said = "You've bought this 12 times, most recently on 3 November"
    text = written(monkeypatch, Scripted(form.format(said=said, title=title)), title=title)
    assert text.source == "template"
    within = f"You've bought “{title}” 12 times, most recently on 3 November."
    assert (written(monkeypatch, Scripted(within), title=title).source == "lm") is (title == "Order today")


def test_a_model_that_fails_leaves_it_to_the_other_sources(monkeypatch):
    assert (
        written(monkeypatch, Scripted(error=GenerationError("out of order.", is_retryable=True))).source == "template"
    )


def test_without_the_setting_no_name_reaches_a_model(monkeypatch):
    generator = Scripted(TRUE)
    written(monkeypatch, generator, lexicalised=False)
    assert generator.read
    assert all("Chobani" not in turn.content for prompt in generator.read for turn in prompt.messages)


def test_with_the_setting_it_reads_names_and_values(monkeypatch):
    generator = Scripted(TRUE)
    written(monkeypatch, generator)
    asked = generator.read[0].messages[-1].content
    assert "Product: “Chobani Peach Yogurt 5.3 oz”" in asked
    assert "The shopper bought this product 12 times, most recently on 3 November." in asked


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_every_kind_has_its_facts(locale):
    generator = Scripted()
    free = FreeWriter(lambda: generator, load_lexicon(locale))
    values = {"times": "12 times", "item": "{item} {{ 7*7 }}", "interval": "week", "category": "tea"}
    free.write([(tuple(CLAIMS), values), ((), {})], "formal", seconds=60.0)
    asked = generator.read[0].messages[-1].content
    assert len(generator.read) == 1
    assert "{" not in asked.replace("{{ 7*7 }}", "")
