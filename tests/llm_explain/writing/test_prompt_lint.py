"""The linter: files and sentences without a fault, and what it says of one with faults."""

from __future__ import annotations

import itertools

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.errors import PromptError
from llm_explain.writing.prompt_lint import Linter, Samples, faulty

KINDS = ClaimKinds.installed()

ENGLISH = Linter("en")
CHINESE = Linter("zh")
SPANISH = Linter("es")


@pytest.mark.parametrize("linter", [ENGLISH, SPANISH, CHINESE], ids=["en", "es", "zh"])
def test_files_and_every_ninth_sentence_have_no_fault(linter):
    found = list(itertools.islice(linter.check(), 2 + len(KINDS)))
    found += [
        linter.sentence("", text, kinds, tone)
        for text, kinds, tone in [
            *((line.text, line.kinds, line.tone) for line in linter.corpus[::9]),
            *((text, kinds, tone) for _, text, kinds, tone in linter.clauses),
        ]
    ]
    assert faulty(found) == []
    assert all(each.rendered for each in found[2 + len(KINDS) :])


def test_a_sentence_is_shown_as_a_shopper_reads_it():
    found = ENGLISH.sentence("x.jsonl, line 1", "You've bought {item} {times}.", ["repeat_item"], "friendly")
    assert (found.rendered, found.faults) == ("You've bought these rice cakes 12 times.", ())
    said = CHINESE.sentence("", "推荐{item}，是因为您购买过{times}。", ["repeat_item"], "formal")
    assert (said.rendered, said.faults) == ("推荐这款米饼，是因为您购买过12次。", ())


@pytest.mark.parametrize(
    ("linter", "text", "code"),
    [
        (ENGLISH, "You've bought this amazing product {times}.", "hype"),
        (ENGLISH, "{item} is something you've bought {times}.", "slot_role"),
        (CHINESE, "这款你从未买过{times}。", "negation"),
        (CHINESE, "这款你买过{times}.", "unfinished"),
        (CHINESE, "这款你买过{times}，真好吃。", "hype"),
        (CHINESE, "因为你买过它{times}，所以现在打折。", "unlicensed_promotion"),
    ],
)
def test_a_fault_has_code_span_and_message(linter, text, code):
    found = linter.sentence("x", text, ["repeat_item"], "friendly")
    fault = next(each for each in found.faults if each.code == code)
    assert fault.message
    assert found.to_dict()["faults"][0]["span"] == list(found.faults[0].span)


def test_an_unknown_tone_is_a_fault():
    assert [each.code for each in ENGLISH.sentence("x", "Now {promotion}.", ["promotion"], "loud").faults] == ["tone"]


def test_samples_name_what_is_missing(monkeypatch):
    monkeypatch.setattr(
        "llm_explain.text.prompt_files.read_prompt_file",
        lambda *_: ("version: 1\ntitle: a\nother_titles: {}\n", ""),
    )
    with pytest.raises(PromptError, match=r"(?s)en/samples\.yaml breaks its schema .*as_of"):
        Samples.load("en")
