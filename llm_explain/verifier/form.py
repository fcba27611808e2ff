"""What a sentence looks like: length, characters, where it begins and ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from babel.numbers import list_currencies

from llm_explain.records import Fault
from llm_explain.text.skeleton import SLOT
from llm_explain.text.word_boundaries import CURRENCY_SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm_explain.verifier.compiled_lexicon import CompiledLexicon

_LINK = re.compile(r"https?:|www\.|\w@\w|\w\.(?:com|net|org|io|shop|cn|de|uk)\b", re.IGNORECASE)
_MARKUP = re.compile(r"[<>\[\]|`\\^~_=*#]|&#?\w+;|\{\{|\}\}|\{%")
_CURRENCY = re.compile(rf"[{CURRENCY_SIGNS}]|\b(?:{'|'.join(sorted(list_currencies()))})\b")
_MOST_SENTENCES = 2
_SHOUTED = 4
"""Capital letters from which on a sentence without a small one is shouted."""


def form_faults(text: str, wording: CompiledLexicon, max_length: int) -> Iterator[Fault]:
    """Yield faults of length, characters and shape.

    Args:
        text: Sentence with slots.
        wording: The compiled lexicon.
        max_length: Most characters.

    Yields:
        Fault: Each fault.
    """
    if not text.strip():
        yield Fault("empty", "the text is empty but a sentence is needed")
        return
    if len(text) > max_length:
        yield Fault("too_long", f"{len(text)} characters but at most {max_length} are allowed", (max_length, len(text)))
    without_slots = SLOT.sub(lambda match: "x" * len(match.group(0)), text)
    for code, pattern in (
        ("markup", _MARKUP),
        ("link", _LINK),
        ("character", wording.stray_character),
        ("unlicensed_number", re.compile(r"\d[\d.,:/-]*")),
        ("unlicensed_price", _CURRENCY),
        ("unlicensed_percent", re.compile(r"%")),
        ("unknown_slot", re.compile(r"[{}]")),
        ("spacing", wording.form["spacing"]),
        ("repeated_word", wording.form["repeated"]),
    ):
        for match in pattern.finditer(without_slots):
            yield Fault(code, f"{match.group(0)!r} may not stand here", match.span())
    yield from _shape_faults(text, without_slots, wording)


def _shape_faults(text: str, without_slots: str, wording: CompiledLexicon) -> Iterator[Fault]:
    """Yield faults of sentence shape."""
    form = wording.form
    if not form["ends"].search(text):
        yield Fault("unfinished", "the text does not end as a sentence does", (len(text), len(text)))
    n_sentences = len(form["sentence_end"].findall(without_slots))
    if n_sentences > _MOST_SENTENCES or len(form["exclamation"].findall(without_slots)) > 1:
        yield Fault("too_many_sentences", f"at most {_MOST_SENTENCES} sentences and one ! are allowed")
    if not form["begins"].search(text):
        yield Fault("capital", f"the sentence begins with {text[:1]!r} but a capital letter is needed", (0, 1))
    letters = [letter for letter in SLOT.sub("", text) if letter.isalpha()]
    if sum(map(str.isupper, letters)) >= _SHOUTED and not any(map(str.islower, letters)):
        yield Fault("shouted", "the sentence is written in capital letters")
    if match := form["small_beginning"].search(text):
        yield Fault("capital", "a sentence begins with a small letter", match.span())
    if match := wording.imperative.search(without_slots.lower()):
        yield Fault("pressing", f"{match.group(0)!r} presses the shopper", match.span())
