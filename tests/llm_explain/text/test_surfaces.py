"""Surfaces: files that set length, sentences and tone; a request's own words come first."""

from __future__ import annotations

import pytest

from llm_explain.errors import PromptError, SettingError
from llm_explain.text.surfaces import Limits, load_surfaces, resolve


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_each_locale_has_the_four_surfaces(locale):
    assert list(load_surfaces(locale)) == ["card", "detail", "email", "push"]


def test_without_a_surface_only_the_locale_limits():
    assert resolve("en") == ("friendly", Limits())


def test_a_surface_sets_tone_length_and_sentences():
    assert resolve("en", surface="push") == ("concise", Limits(60, 1, names_item=True))
    assert resolve("en", surface="detail") == ("friendly", Limits(240, 2, second_sentence=" "))
    assert resolve("en", surface="email") == ("formal", Limits(240, 2, True, " ", 60))
    assert resolve("zh", surface="email")[1].second_sentence == ""


def test_the_request_comes_before_its_surface():
    assert resolve("en", surface="push", tone="formal", max_length=50) == ("formal", Limits(50, 1, names_item=True))
    assert resolve("en", surface="push", max_length=500)[1].max_length == load_surfaces("en")["push"].max_length


def test_an_unknown_surface_names_those_that_there_are():
    with pytest.raises(SettingError, match="surface is 'billboard' but one of card, detail, email, push is needed"):
        resolve("en", surface="billboard")


def test_a_length_that_fits_no_sentence_is_refused():
    with pytest.raises(SettingError, match="max_length is 5 but at least 20 characters are needed"):
        resolve("en", max_length=5)


def test_an_unknown_locale_names_those_that_there_are():
    with pytest.raises(PromptError, match="locale is 'xx' but one of en, es, zh is needed"):
        resolve("xx")
