"""Mutants of the form of a text: cut, doubled, marked up, or with invisible characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.evaluation.mutated_words import before_end

if TYPE_CHECKING:
    import random

    from llm_explain.evaluation.distractors import Distractors
    from llm_explain.evaluation.true_texts import TrueText

_CONTROL = "\x00\x07\x08\x0b\x1b\x7f\x85\t\r\n"
_BIDIRECTIONAL = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u2028\u2029\ue000\U000e0041"
_ALIKE = {"a": "а", "e": "е", "o": "ο", "c": "с", "i": "і", "p": "р", "y": "у", "u": "ս", "n": "ո"}
"""Letters of other scripts that look like Latin ones."""
_PICTURES = "😀🔥💯⭐❤️✔➜★"
_FRAMES = ("<b>{}</b>", "*{}*", "`{}`", "<p>{}", "[{}](x)", "_{}_", "# {}", "> {}", "~~{}~~", "&quot;{}&quot;", "<{}>")
_SLOTS = ("{times}", "{{item}}", "{category}", "{0}", "%s", "{% if x %}", "${price}", "{item.__class__}", "[[brand]]")


def _inserted(text: str, piece: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(text))
    return text[:place] + piece + text[place:]


def markup(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Mark the text up."""
    return chance.choice(_FRAMES).format(text.text)


def link(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Add a link or an address."""
    return before_end(text.text, chance.choice(distractors.words.links))


def left_over_slot(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Leave a slot, or what a template engine would read, in the text."""
    return before_end(text.text, f" {chance.choice(_SLOTS)}")


def control_character(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Put a control character into the text."""
    return _inserted(text.text, chance.choice(_CONTROL), chance)


def bidirectional_character(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Turn the direction of writing."""
    return _inserted(text.text, chance.choice(_BIDIRECTIONAL), chance)


def invisible_character(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Put a character without width into the text."""
    return _inserted(text.text, chance.choice(_INVISIBLE), chance)


def picture(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Put a pictogram at the end."""
    return f"{text.text} {chance.choice(_PICTURES)}"


def letter_of_another_script(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Exchange a letter for one that looks alike."""
    places = [place for place, letter in enumerate(text.text) if letter in _ALIKE]
    if not places:
        return None
    place = chance.choice(places)
    return text.text[:place] + _ALIKE[text.text[place]] + text.text[place + 1 :]


def injected_start(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Begin with what a prompt or a template would obey."""
    return chance.choice(distractors.words.injected) + text.text


def cut_short(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """End in the middle."""
    words = text.text.split(" ")
    if len(words) == 1:
        return text.text[: chance.randint(1, len(text.text) - 1)]
    return " ".join(words[: chance.randint(1, len(words) - 1)])


def cut_at_a_word(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """End at a word from which the sentence cannot end, with a stop."""
    words = text.text[:-1].split(" ")
    ends = [
        place for place, word in enumerate(words) if word in _NO_END and " ".join(words[: place + 1])[-6:] != "new in"
    ]
    return " ".join(words[: chance.choice(ends) + 1]) + "." if ends else None


_NO_END = frozenset(("a", "an", "and", "because", "every", "in", "of", "on", "our", "the", "with", "your", "you've"))


def too_long(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say the text again and again."""
    return " ".join([text.text] * (distractors.lexicon.max_length // len(text.text) + 1))


def said_twice(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say the text twice."""
    return f"{text.text} {text.text}"


def without_letters(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say nothing."""
    return chance.choice(("", " ", ".", "…", "\n", "?", "- -"))


def shouted(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Shout."""
    upper: str = text.text.upper()
    louder: list[str] = [text.text[:-1] + "!!!", text.text[:-1] + "?!", *([upper] if upper != text.text else [])]
    return chance.choice(louder)
