"""The verifier reads along: what it could never accept is barred, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
from tiny import prompt, tiny_tokenizer  # noqa: E402

from llm_explain.generation.proofreading import Proofreader  # noqa: E402
from llm_explain.generation.sampling import Nucleus  # noqa: E402

_NUCLEUS = Nucleus(temperature=1.0, top_p=0.9)
_ASKED = torch.zeros((1, 3), dtype=torch.long)


def ids(text: str) -> list[int]:
    tokens: list[int] = tiny_tokenizer()(text, add_special_tokens=False)["input_ids"]
    return tokens


def read(written: str, likely: dict[str, float], *, locale: str = "en", grammar: str = "start: T") -> dict[str, bool]:
    """Return which single-token continuations of a text are still possible."""
    tokenizer = tiny_tokenizer()
    scores = torch.full((1, len(tokenizer)), -20.0)
    places = {text: ids(text)[0] for text in likely}
    for text, score in likely.items():
        scores[0, places[text]] = score
    asked = replace(prompt("repeat_item"), locale=locale, slots=("times", "last_date"), grammar=grammar)
    reader = Proofreader(tokenizer, _NUCLEUS, [asked])
    reader(_ASKED, scores)  # the first call sees the prompt alone
    found = reader(torch.cat([_ASKED, torch.tensor([ids(written)])], dim=1), scores)
    return {text: bool(found[0, place].isfinite()) for text, place in places.items()}


def test_a_token_that_loses_the_sentence_is_barred() -> None:
    assert read("You last bought it on {", {"t": 2.0, "l": 1.9}) == {"t": False, "l": True}
    assert read("You've bought it {", {"t": 2.0, "l": 1.9}) == {"t": True, "l": False}


def test_a_full_stop_behind_a_refused_sentence_is_barred() -> None:
    likely = {".": 2.0, ",": 1.9}
    assert read("You've bought it {times}", likely) == {".": True, ",": True}
    assert read("It's {promotion}, so you've bought it {times}", likely) == {".": False, ",": False}
    assert read("Because you've bought it {times}, it's here {times}", likely)["."] is False
    assert read("You've bought it", likely) == {".": False, ",": True}  # how often?
    assert read("You've bought it", likely, grammar="") == {".": True, ",": True}  # a second sentence may say it


def test_tokens_that_come_in_for_barred_ones_are_read_too() -> None:
    assert read("It's bes", {"t": 9.0, "b": 4.0, "i": -1.0}) == {"t": False, "b": False, "i": True}  # "besides"


def test_a_draft_that_cannot_be_mended_is_ended() -> None:
    end = tiny_tokenizer().eos_token
    assert read("It's best, ", {"a": 1.0, end: -9.0}) == {"a": False, end: True}


def test_without_a_locale_nobody_reads_along() -> None:
    assert read("You've bought it about {", {"t": 2.0, "l": 1.9}, locale="") == {"t": True, "l": True}
