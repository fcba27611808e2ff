"""The lexicon of a locale: schema, macros, and that code and file know the same words."""

from __future__ import annotations

import pytest

from llm_explain.claims import KINDS as CLAIM_KINDS
from llm_explain.errors import PromptError
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.skeleton import ITEM, KIND_OF_SLOT, KINDS
from llm_explain.verifier.compiled_lexicon import Wording

LEXICON = load_lexicon("en")


def test_every_claim_kind_has_its_place_in_the_order_of_a_sentence():
    assert set(KINDS) == set(CLAIM_KINDS)


def test_every_slot_has_roles():
    assert set(LEXICON.roles) == {*KIND_OF_SLOT, ITEM}


def test_rules_name_kinds_and_slots_that_exist():
    assert set().union(*(licensed.kinds for licensed in LEXICON.licensed.values())) <= set(KINDS)
    assert set(LEXICON.states) | set(LEXICON.granted_degrees) <= set(KINDS)
    assert {*LEXICON.twins, *LEXICON.partners, *LEXICON.partners.values()} <= set(KIND_OF_SLOT)
    assert set(LEXICON.never_around) <= set(LEXICON.roles)
    assert set(LEXICON.degree_words) == set(LEXICON.degrees.rules)


def test_every_pattern_compiles():
    wording = Wording(LEXICON)
    assert all((wording.roles, wording.never_around, wording.states, wording.statements, wording.imperative))


def test_the_reader_takes_the_longest_phrase():
    wording = Wording(LEXICON)
    assert [phrase.text for phrase in wording.read("it's popular with our {item} because of no sale")] == [
        "it's", "popular with", "our", "because", "of", "no", "sale",
    ]  # fmt: skip


def test_an_unknown_locale_names_those_that_there_are():
    with pytest.raises(PromptError, match=r"locale is 'xx' but one of en, zh is needed. Choose one of these"):
        load_lexicon("xx")


@pytest.mark.parametrize("locale", ["../en", "en/..", "", "e n"])
def test_a_locale_is_a_plain_name(locale):
    with pytest.raises(PromptError, match="the name of a folder under prompts/ is needed"):
        load_lexicon(locale)


def test_an_unknown_macro_is_refused():
    with pytest.raises(PromptError, match="macro <nobody> is unknown"):
        LEXICON.pattern("a <nobody> b")


def test_a_broken_pattern_is_refused():
    with pytest.raises(PromptError, match="is invalid"):
        LEXICON.pattern("(")
