"""Prompts: strict, sandboxed, versioned, and without names or numbers of the shop."""

from __future__ import annotations

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.errors import PromptError
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.text import prompt_files as prompts
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import read_prompt_file

KINDS = ClaimKinds.installed()

LEXICON = load_lexicon("en")


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "en").mkdir()
    monkeypatch.setattr(prompts, "prompts_root", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_the_prompt_names_every_required_slot(kind):
    prompt = PromptTemplate(LEXICON).render([kind], tone="friendly")
    assert [message.role for message in prompt.messages] == ["system", "user"]
    for slot in load_lexicon("en").slots[kind].required:
        assert f"{{{slot}}}" in prompt.messages[-1].content


def test_examples_are_turns_of_the_conversation():
    prompt = PromptTemplate(LEXICON).render(["due"], tone="formal", examples=[(["season"], "In {month}.")])
    assert [message.role for message in prompt.messages] == ["system", "user", "assistant", "user"]
    assert prompt.messages[2].content == "In {month}."


def test_the_origin_is_name_and_hash():
    template = PromptTemplate(LEXICON)
    assert template.origin == f"en/prompt@{read_prompt_file('en', 'prompt.j2')[1]}"
    assert template.version == "1"


def test_a_prompt_without_a_version_is_refused(root):
    (root / "en" / "prompt.j2").write_text("=== user\nhello")
    with pytest.raises(PromptError, match="starts with '=== user"):
        PromptTemplate(LEXICON)


def test_an_undefined_name_is_refused(root):
    (root / "en" / "prompt.j2").write_text("{# version: 1 #}\n=== user\n{{ title }}")
    with pytest.raises(PromptError, match="'title' is undefined"):
        PromptTemplate(LEXICON).render(["due"], tone="friendly")


def test_the_sandbox_holds(root):
    (root / "en" / "prompt.j2").write_text("{# version: 1 #}\n=== user\n{{ ''.__class__.__mro__ }}")
    with pytest.raises(PromptError, match="unsafe"):
        PromptTemplate(LEXICON).render(["due"], tone="friendly")


def test_invalid_jinja_is_refused(root):
    (root / "en" / "prompt.j2").write_text("{# version: 1 #}\n{% if %}")
    with pytest.raises(PromptError, match="is no valid Jinja"):
        PromptTemplate(LEXICON)


def test_a_file_that_is_not_utf8_is_refused(root):
    (root / "en" / "x.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(PromptError, match="is not UTF-8"):
        read_prompt_file("en", "x.yaml")
