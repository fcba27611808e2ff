"""The words of component and shop: the same in every locale, for every kind of claim, and none missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.service.api.pages import STATIC
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import prompts_root
from llm_explain.text.storefront import storefront_words

KINDS = ClaimKinds.installed()

LOCALES = sorted(path.parent.name for path in prompts_root().glob("*/storefront.json"))


def words(locale: str) -> dict[str, Any]:
    """Return the words of a locale."""
    return storefront_words(load_lexicon(locale))


def slots(text: str | dict[str, str]) -> set[str]:
    """Return what is filled into a text, in whichever of its forms."""
    return {
        slot for form in ([text] if isinstance(text, str) else text.values()) for slot in re.findall(r"\{(\w+)\}", form)
    }


def test_english_chinese_and_spanish_are_there():
    assert {"en", "zh", "es"} <= set(LOCALES)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_says_the_same(locale):
    english, other = words("en"), words(locale)
    for section, texts in english.items():
        if isinstance(texts, dict):
            assert list(other[section]) == list(texts), section
            for key, text in texts.items():
                assert slots(other[section][key]) == slots(text), (section, key)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_of_claim_can_be_told(locale):
    assert {key.removesuffix("_unnamed") for key in words(locale)["reasons"]} == set(KINDS)


PAGES = [STATIC / name / "index.html" for name in ("shop", "analyst")]


@pytest.mark.parametrize("section", ["why", "page", "shop", "analyst"])
def test_every_word_that_the_pages_ask_for_is_there_and_every_one_is_asked_for(section):
    words_of_section = words("en")[section]
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*Path(STATIC).rglob("*.js"), *PAGES])
    for key in words_of_section:
        stem = key.rsplit("_", 1)[0] + "_"
        asked = (f'"{key}"', f"`{stem}$", f'data-text="{section}.{key}"')
        is_label = key.endswith("_named") or key in ("light", "dark", "auto")
        assert is_label or any(each in text for each in asked), key
    for key in re.findall(rf'say\("{section}", "(\w+)"|data-text="{section}\.(\w+)"', text):
        assert "".join(key) in words_of_section, key


def test_no_script_or_style_stands_in_the_page():
    page = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in Path(STATIC).rglob("*.js"))
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", scripts
    )
