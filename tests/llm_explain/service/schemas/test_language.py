"""The language of an answer whose request names none."""

from __future__ import annotations

import pytest

from llm_explain.service.schemas import language


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", "en"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("fr, es;q=0.5", "es"), ("es;q=0", "en"), ("xx;q=no, zh", "zh")],
)
def test_the_best_language_with_words_is_spoken(header: str, expected: str) -> None:
    assert language.negotiate(header, "en") == expected


def test_a_header_of_a_thousand_languages_costs_no_more_than_one_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(language, "folder_of", lambda locale: read.append(locale) or language.PromptError)
    header = ",".join(f"zz-A{n};q=0" for n in range(1_000))
    assert language.negotiate(header, "en") == "en"
    assert len(read) == language.MOST_TAGS
