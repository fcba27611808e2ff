"""Mutants whose words stay and whose names, numbers, dates or prices are not those of the claims."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm_explain.text.skeleton import ITEM_LABEL
from llm_explain.text.word_boundaries import any_of, bounded

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from llm_explain.evaluation.distractors import Distractors
    from llm_explain.evaluation.true_texts import TrueText

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAMES = ("item", "other_item")
_CATEGORIES = ("name",)
_DATES = ("date",)
_PRICES = ("price", "range")


def another(choices: Sequence[str], text: TrueText, chance: random.Random) -> str | None:
    """Return a choice that is neither a value of the sentence nor part of one.

    Args:
        choices: What to choose from.
        text: The sentence.
        chance: Source of chance.

    Returns:
        One of the choices; ``None`` where ten draws found none.
    """
    own = [value.casefold() for value in text.values.values()]
    for _ in range(10 if choices else 0):
        drawn = chance.choice(choices)
        if not any(drawn.casefold() in value or value in drawn.casefold() for value in own):
            return drawn
    return None


def _one_of(slots: frozenset[str], text: TrueText, chance: random.Random) -> str | None:
    standing = sorted(slots & set(text.slots))
    return chance.choice(standing) if standing else None


def _replaced(slot: str | None, value: str | None, text: TrueText) -> str | None:
    """Return the sentence with a value exchanged, unless another slot has the new value too."""
    if slot is None or not value or value in text.values.values():
        return None
    return text.with_values({slot: value})


def drop_value(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Leave a required value out."""
    slot = _one_of(distractors.required, text, chance)
    if slot is None or sum(value == text.values[slot] for value in text.values.values()) > 1:
        return None
    return re.sub(r" (?=[ ,.;:])|^ ", "", text.with_values({slot: ""}))


def repeat_value(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say a value twice, in place or at the end."""
    slot = _one_of(frozenset(text.slots), text, chance)
    if slot is None or sum(value == text.values[slot] for value in text.values.values()) > 1:
        return None
    value = text.values[slot]
    if chance.random() < 1 / 2:
        return text.with_values({slot: f"{value}{chance.choice((' ', ', ', ' and '))}{value}"})
    return f"{text.text[:-1]}, {value}{text.text[-1]}"


def swap_values(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Exchange two values.

    Two categories that the user buys both would leave many a sentence true, and so would two values without words:
    "Apples: on display" is "On display: apples".
    """
    standing = sorted(set(text.slots))
    if len(standing) < 2 or not any(letter.isalpha() for part in text.parts[::2] for letter in part):
        return None
    first, second = chance.sample(standing, 2)
    if text.values[first] == text.values[second] or {first, second} <= distractors.read_as(*_CATEGORIES):
        return None
    return text.with_values({first: text.values[second], second: text.values[first]})


def shift_number(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Add one to a number in a value, or take one away."""
    slot = _one_of(frozenset(text.slots) - distractors.read_as(*_NAMES, *_CATEGORIES, "brand"), text, chance)
    numbers = list(_NUMBER.finditer(text.values[slot])) if slot else []
    if slot is None or not numbers:
        return None
    match = chance.choice(numbers)
    digits = match.group(0)
    whole = digits.split(".")[0].replace(",", "")
    shifted = str(max(int(whole) + chance.choice((-1, 1)), 0)) + digits[len(digits.split(".")[0]) :]
    return _replaced(slot, text.values[slot][: match.start()] + shifted + text.values[slot][match.end() :], text)


def number_in_words(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Exchange a number in words for another, "once" and "twice" included."""
    slot = _one_of(distractors.read_as("times", "interval"), text, chance)
    if slot is None:
        return None
    first, *rest = text.values[slot].split(" ")
    numbers = distractors.lexicon.numbers_in_words
    if first in numbers:
        other = [number for number in numbers if number != first]
        return _replaced(slot, " ".join((chance.choice(other), *rest)), text)
    measures = [form for form in distractors.lexicon.measures["times"].values() if "{" not in form]
    return _replaced(slot, another(measures, text, chance), text) if first in measures else None


def shift_date(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Move a date by one day."""
    slot = _one_of(distractors.read_as(*_DATES), text, chance)
    if slot is None:
        return None
    shift = chance.choice((-1, 1))
    moved = re.sub(r"\d+", lambda match: str(int(match.group(0)) + shift), text.values[slot], count=1)
    return _replaced(slot, moved, text)


def another_month(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Name another month."""
    slot = _one_of(distractors.read_as(*_DATES, "month"), text, chance)
    own = next((month for month in distractors.months if slot and month in text.values[slot]), None)
    if slot is None or own is None:
        return None
    other = chance.choice([month for month in distractors.months if month != own])
    return _replaced(slot, text.values[slot].replace(own, other), text)


def change_unit(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say weeks for days and the like."""
    slot = _one_of(frozenset(text.slots) - distractors.read_as(*_NAMES, *_CATEGORIES, "brand"), text, chance)
    if slot is None:
        return None
    said = re.search(rf"(?:{bounded(any_of(tuple(distractors.words.units)))})$", text.values[slot])
    if said is None:
        return None
    return _replaced(
        slot, text.values[slot][: said.start()] + chance.choice(distractors.words.units[said.group(0)]), text
    )


def change_price(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say another price, or another currency."""
    slot = _one_of(distractors.read_as(*_PRICES), text, chance)
    if slot is None:
        return None
    if chance.random() < 1 / 4:
        return _replaced(slot, text.values[slot].replace("$", chance.choice("€£¥")), text)
    return _replaced(slot, another(distractors.by_slot[slot], text, chance), text)


def another_value(
    reads: tuple[str, ...], text: TrueText, distractors: Distractors, chance: random.Random
) -> str | None:
    """Say a value that another sentence has in the same slot.

    Args:
        reads: What the slots to choose from are read as.
        text: The sentence.
        distractors: Values of other sentences.
        chance: Source of chance.

    Returns:
        The mutant.
    """
    slot = _one_of(distractors.read_as(*reads), text, chance)
    return _replaced(slot, another(distractors.by_slot[slot], text, chance), text) if slot else None


def unspoken_value(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say in one slot what the claims have for another one that the sentence leaves out."""
    slot = _one_of(frozenset(text.slots), text, chance)
    absent = sorted(set(text.values) - set(text.slots) - {ITEM_LABEL})
    if slot is None or not absent:
        return None
    other = chance.choice(absent)
    is_alike = {slot, other} <= distractors.read_as(*_CATEGORIES) or text.values[slot] == text.values[other]
    return None if is_alike else text.with_values({slot: text.values[other]})


def another_category(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Name another category of the catalogue."""
    return _replaced(
        _one_of(distractors.read_as(*_CATEGORIES), text, chance), another(distractors.categories, text, chance), text
    )


def another_brand(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Name another brand."""
    return _replaced(
        _one_of(distractors.read_as("brand"), text, chance), another(_BRANDS or distractors.brands, text, chance), text
    )


_BRANDS = ("Kellogg's", "Nestlé", "Heinz", "Coca-Cola", "brand #12", "their own brand", "your own brand", "no brand")
"""Brands known everywhere; the data of many a shop name none."""


def another_item(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Name another item of the catalogue."""
    return _replaced(
        _one_of(distractors.read_as(*_NAMES), text, chance), another(distractors.titles, text, chance), text
    )


def sensitive_name(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Name a category that no text may name."""
    name = another(distractors.sensitive, text, chance)
    if name is None:
        return None
    slot = _one_of(distractors.read_as(*_CATEGORIES, *_NAMES), text, chance)
    return _replaced(slot, name, text) if slot else f"{text.text[:-1]}, {name}{text.text[-1]}"


def item_for_category(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Name the category of another sentence where this one says "this"."""
    match = re.search(distractors.words.bought_this, text.text)
    name = another(distractors.categories, text, chance)
    return f"{text.text[: match.start(1)]}{name}{text.text[match.end(1) :]}" if match and name else None


def facts_of_another(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say the same kinds of claim with another user's facts."""
    other = chance.choice(distractors.by_kinds[text.kinds])
    differ = [slot for slot in other.slots if other.values[slot] not in text.values.values()]
    return other.text if differ else None
