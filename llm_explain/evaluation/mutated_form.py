"""Mutants of the form of a text: cut, doubled, marked up, or with invisible characters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from llm_explain.evaluation.mutated_words import before_end

if TYPE_CHECKING:
    import random

    from llm_explain.evaluation.distractors import Distractors, Mutation
    from llm_explain.evaluation.true_texts import TrueText

_CONTROL = "\x00\x07\x08\x0b\x1b\x7f\x85\t\r\n"
_BIDIRECTIONAL = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u2028\u2029\ue000\U000e0041"
_ALIKE = {"a": "а", "e": "е", "o": "ο", "c": "с", "i": "і", "p": "р", "y": "у", "u": "ս", "n": "ո"}
"""Letters of other scripts that look like Latin ones."""
_PICTURES = "😀🔥💯⭐❤️✔➜★"
_FRAMES = ("<b>{}</b>", "*{}*", "`{}`", "<p>{}", "[{}](x)", "_{}_", "# {}", "> {}", "~~{}~~", "&quot;{}&quot;", "<{}>")
_SLOTS = ("{times}", "{{item}}", "{category}", "{0}", "%s", "{% if x %}", "${price}", "{item.__class__}", "[[brand]]")


def _inserted(pieces: str, text: TrueText, _: Distractors, chance: random.Random) -> str:
    place = chance.randrange(1, len(text.text))
    return text.text[:place] + chance.choice(pieces) + text.text[place:]


def _letter_of_another_script(text: TrueText, _: Distractors, chance: random.Random) -> str | None:
    """Exchange a letter for one that looks alike."""
    places = [place for place, letter in enumerate(text.text) if letter in _ALIKE]
    if not places:
        return None
    place = chance.choice(places)
    return text.text[:place] + _ALIKE[text.text[place]] + text.text[place + 1 :]


def _cut_short(text: TrueText, _: Distractors, chance: random.Random) -> str | None:
    """End in the middle."""
    words = text.text.split(" ")
    if len(words) == 1:
        return text.text[: chance.randint(1, len(text.text) - 1)]
    return " ".join(words[: chance.randint(1, len(words) - 1)])


def _cut_at_a_word(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """End at a word from which the sentence cannot end, with a stop."""
    words = text.text[:-1].split(" ")
    ends = [place for place, word in enumerate(words) if word in distractors.words.no_end]
    return " ".join(words[: chance.choice(ends) + 1]) + "." if ends else None


def _too_long(text: TrueText, distractors: Distractors, _: random.Random) -> str | None:
    """Say the text again and again."""
    return " ".join([text.text] * (distractors.lexicon.max_length // len(text.text) + 1))


def _shouted(text: TrueText, _: Distractors, chance: random.Random) -> str | None:
    upper: str = text.text.upper()
    louder: list[str] = [text.text[:-1] + "!!!", text.text[:-1] + "?!", *([upper] if upper != text.text else [])]
    return chance.choice(louder)


FORM: Final[dict[str, Mutation]] = {
    "markup": lambda text, _, chance: chance.choice(_FRAMES).format(text.text),
    "link": lambda text, distractors, chance: before_end(text.text, chance.choice(distractors.words.links)),
    "left_over_slot": lambda text, _, chance: before_end(text.text, f" {chance.choice(_SLOTS)}"),
    "control_character": partial(_inserted, _CONTROL),
    "bidirectional_character": partial(_inserted, _BIDIRECTIONAL),
    "invisible_character": partial(_inserted, _INVISIBLE),
    "picture": lambda text, _, chance: f"{text.text} {chance.choice(_PICTURES)}",
    "letter_of_another_script": _letter_of_another_script,
    "injected_start": lambda text, distractors, chance: chance.choice(distractors.words.injected) + text.text,
    "cut_short": _cut_short,
    "cut_at_a_word": _cut_at_a_word,
    "too_long": _too_long,
    "said_twice": lambda text, *_: f"{text.text} {text.text}",
    "without_letters": lambda _, __, chance: chance.choice(("", " ", ".", "…", "\n", "?", "- -")),
    "shouted": _shouted,
}
"""Mutations by the name of their kind."""
