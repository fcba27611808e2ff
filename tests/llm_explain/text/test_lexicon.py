"""The lexicon of a locale: schema, macros, and that code and file know the same words."""

from __future__ import annotations

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.claims.kind import ClaimKind
from llm_explain.errors import PromptError
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.skeleton import ITEM
from llm_explain.verifier.compiled_lexicon import CompiledLexicon
from llm_explain.verifier.rules import Rules

KINDS = ClaimKinds.installed()

LEXICON = load_lexicon("en")


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_writer_and_verifier_know_the_same_slots(locale):
    lexicon = load_lexicon(locale)
    rules = Rules(lexicon)
    assert set(rules.roles) == {*lexicon.kind_of_slot, ITEM}
    assert rules.required == {kind: slots.required for kind, slots in lexicon.slots.items()}
    assert all(role.holds or role.means for role in rules.roles.values())


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_rules_name_groups_slots_and_statements_that_exist(locale):
    lexicon = load_lexicon(locale)
    rules = Rules(lexicon)
    defined = {*lexicon.statements, *(name for each in rules.kinds.values() for name in each.licences.statements)}
    for of_kind in rules.kinds.values():
        assert set(of_kind.groups) <= set(lexicon.word_groups)
        assert of_kind.licences.may_state <= defined
        for role in of_kind.roles.values():
            assert {*role.twins, *filter(None, [role.partner])} <= set(rules.roles)
    of_kinds = {name for each in rules.kinds.values() for name in each.licences.needs}
    assert {*lexicon.degree_words, *lexicon.degree_patterns, *of_kinds} == set(lexicon.degrees.rules)


def test_a_kind_without_words_in_a_locale_is_left_out():
    class Weather(ClaimKind):
        name, scope, parts, position, topic = "weather", "context", ("weather",), 200, "weather"

        def find(self, evidence):
            return None

    assert list(load_lexicon("en", KINDS.extended([Weather])).kinds) == list(KINDS)


def test_every_pattern_compiles():
    wording = CompiledLexicon(LEXICON)
    assert all((wording.roles, wording.never_around, wording.states, wording.statements, wording.imperative))


def test_the_reader_takes_the_longest_phrase():
    wording = CompiledLexicon(LEXICON)
    assert [phrase.text for phrase in wording.read("it's popular with our {item} because of no sale")] == [
        "it's", "popular with", "our", "because", "of", "no", "sale",
    ]  # fmt: skip


def test_an_unknown_locale_names_those_that_there_are():
    with pytest.raises(PromptError, match=r"locale is 'xx' but one of en, es, zh is needed, perhaps with a region"):
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


@pytest.mark.parametrize("locale", ["en-abcdefgh", "en-zzzz", "en-Abcde", "en-QQ", "en-GB-abcdefgh", "en_GB_x_1"])
def test_an_invented_region_is_refused(locale: str) -> None:
    """Each would be kept with 2 MB: a client that invents them fills the memory."""
    with pytest.raises(PromptError, match="is needed"):
        load_lexicon(locale)
