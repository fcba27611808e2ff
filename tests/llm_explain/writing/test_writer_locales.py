"""The number of locales that a writer keeps is bounded: a client may name any region."""

from __future__ import annotations

from babel import localedata

from llm_explain.policy.policy import Policy
from llm_explain.text.lexicon import MAX_LOCALES
from llm_explain.writing.writer import Writer
from tests.llm_explain.spoken_claims import CATALOGUE


def test_a_writer_keeps_a_bounded_number_of_locales() -> None:
    writer = Writer(policy=Policy(), catalogue=CATALOGUE, language_model=None)
    regions = [name.replace("_", "-") for name in localedata.locale_identifiers() if name.startswith("en_")]
    regions = [name for name in regions if name.count("-") == 1][: MAX_LOCALES + 8]
    assert len(regions) > MAX_LOCALES
    for locale in regions:
        writer._locale_writers(locale)
    assert writer._locale_writers.cache_info().currsize == MAX_LOCALES
