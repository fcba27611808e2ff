"""The phrasebook: read, never trusted, spoken first, and the one that ships."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from llm_explain.errors import PromptError
from llm_explain.generation.phrasebook_build import SAME_OPENING
from llm_explain.skeletons.phrasebook import FILE, Phrasebook, PhrasebookHeader, PhrasebookSource, verifier_hash
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import prompts_root
from llm_explain.text.skeleton import TONES, opening
from llm_explain.verifier import SkeletonVerifier

ENGLISH = load_lexicon("en")
HEADER = PhrasebookHeader("en", "model@sha256:1", "en/tuned@sha256:2", "sha256:3", "sha256:4")
BOOK = Phrasebook(HEADER, {(("repeat_item",), "friendly"): ("You've bought this {times}.", "On sale, bought {times}!")})


def test_what_is_written_is_read_back(tmp_path):
    BOOK.write(tmp_path / FILE)
    read = Phrasebook.read(tmp_path / FILE)
    assert (read.header, read.sentences) == (BOOK.header, BOOK.sentences)
    assert read.digest.startswith("sha256:")
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"locale": "en"}\n{"kinds": ["x"]}'])
def test_a_broken_file_is_refused(tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(PromptError, match=r"cannot be read as a phrasebook .* llm-explain phrasebook build"):
        Phrasebook.read(tmp_path / FILE)


def test_the_file_is_not_trusted():
    source = PhrasebookSource(BOOK, ENGLISH)
    assert [each.text for each in source.skeletons(["repeat_item"], "friendly")] == ["You've bought this {times}."]
    assert source.skeletons(["repeat_item"], "formal") == ()
    assert source.warm_up() == 1


def test_its_sentences_carry_the_model_that_wrote_them():
    (skeleton,) = PhrasebookSource(BOOK, ENGLISH).skeletons(["repeat_item"], "friendly")
    assert skeleton.model == "model@sha256:1"
    assert skeleton.origin == f"en/{FILE}@"


def test_a_sentence_that_a_person_changed_says_so(tmp_path):
    text = "You've bought this {times}."
    replace(BOOK, edited=frozenset({text})).write(tmp_path / FILE)
    book = Phrasebook.read(tmp_path / FILE)
    assert book.edited == {text}
    assert set(book.sentences[("repeat_item",), "friendly"]) == set(BOOK.sentences[("repeat_item",), "friendly"])
    (skeleton,) = PhrasebookSource(book, ENGLISH).skeletons(["repeat_item"], "friendly")
    assert skeleton.model == "model@sha256:1; edited"


def test_the_verifier_hash_follows_the_lexicon():
    assert verifier_hash(ENGLISH) == verifier_hash(ENGLISH)
    assert verifier_hash(ENGLISH) != verifier_hash(ENGLISH.model_copy(update={"digest": "sha256:other"}))


class TestShipped:
    """The English phrasebook in the package."""

    @pytest.fixture(scope="class")
    @classmethod
    def book(cls):
        return Phrasebook.read(prompts_root() / "en" / FILE)

    def test_it_has_what_is_said_most_in_every_tone(self, book):
        for kinds in (("repeat_item",), ("related_category",), ("popular",), ("repeat_item", "popular")):
            for tone in TONES:
                assert len(book.sentences[kinds, tone]) >= 5, (kinds, tone)

    def test_nearly_all_of_its_sentences_pass_the_verifier_of_today(self, book):
        verifier = SkeletonVerifier(ENGLISH)
        texts = [(text, *each) for each in sorted(book.sentences)[::5] for text in book.sentences[each]]
        accepted = [text for text, kinds, tone in texts if verifier.accept(text, kinds, tone=tone)]
        assert len(accepted) >= 0.98 * len(texts)

    def test_a_combination_opens_in_several_ways(self, book):
        for combination, texts in book.sentences.items():
            openings = [opening(text) for text in texts]
            assert max(map(openings.count, openings)) <= SAME_OPENING, combination

    def test_its_header_names_the_tuned_model(self):
        lines = (prompts_root() / "en" / FILE).read_text(encoding="utf-8").splitlines()
        assert "smollm2-135m-instruct@" in json.loads(lines[0])["model"]
