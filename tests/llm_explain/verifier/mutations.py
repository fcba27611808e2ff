"""Ways to make a true sentence false, or say what may not be said: each a function of text and its slot values."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _swap(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<!\w){old}(?!\w)", new, text, count=1, flags=re.IGNORECASE)


def _before_end(text: str, words: str) -> str:
    return re.sub(r"[.?!]$", f"{words}.", text)


def _shift_number(text: str, chance: random.Random) -> str:
    numbers = list(re.finditer(r"\d+", text))
    if not numbers:
        return text
    match = chance.choice(numbers)
    return text[: match.start()] + str(int(match.group(0)) + chance.choice((-1, 1))) + text[match.end() :]


def _drop_value(text: str, values: Mapping[str, str], required: set[str]) -> str:
    standing = [values[slot] for slot in sorted(required) if slot in values and values[slot] in text]
    return text.replace(standing[0], "", 1) if standing and text.count(standing[0]) == 1 else text


def _exchange(text: str, values: Mapping[str, str], chance: random.Random) -> str:
    """Exchange two different values that say different kinds of things."""
    standing = sorted(slot for slot, value in values.items() if text.count(value) == 1 and slot not in _ALIKE)
    if len(standing) < 2:
        return text
    first, second = (values[slot] for slot in chance.sample(standing, 2))
    if first in second or second in first:
        return text
    return text.replace(first, "\0").replace(second, first).replace("\0", second)


_ALIKE = {"category", "related_category", "brand_category", "price_category"}
"""Exchanging two categories that the user buys both leaves most sentences true."""

MUTATIONS: dict[str, Callable[[str, Mapping[str, str], random.Random], str]] = {
    "shift a number by one": lambda text, values, chance: _shift_number(text, chance),
    "exchange two values": _exchange,
    "drop a value": lambda text, values, chance: _drop_value(
        text, values, {"times", "interval", "related_category", "promotion", "month", "other_item"}
    ),
    "repeat a value": lambda text, values, chance: (
        _before_end(text, f", {values['times']}") if "times" in values else text
    ),
    "another category": lambda text, values, chance: _swap(text, "yogurt", "cold cereals"),
    "another category of the shop": lambda text, values, chance: _swap(text, "cold cereal", "beer"),
    "another brand": lambda text, values, chance: _swap(text, "chobani", "Fage"),
    "another item": lambda text, values, chance: text.replace("Crunchy Granola 12 oz", "Rye bread"),
    "other weeks": lambda text, values, chance: text.replace("recent weeks", "recent months"),
    "another interval": lambda text, values, chance: text.replace("two weeks", "three weeks"),
    "another unit": lambda text, values, chance: re.sub(r"\bdays\b|\bweeks\b", "months", text, count=1),
    "negate": lambda text, values, chance: re.sub(r"\b(bought|buy|is|was|were)\b", r"never \1", text, count=1),
    "negate by contraction": lambda text, values, chance: re.sub(
        r"\byou've bought\b", "you haven't bought", text, count=1
    ),
    "often": lambda text, values, chance: re.sub(r"\b(buy|bought) (related)?", r"always \1 ", text, count=1),
    "recently for often": lambda text, values, chance: _swap(text, "often", "recently"),
    "on sale": lambda text, values, chance: _before_end(text, ", and it's on sale"),
    "half price": lambda text, values, chance: _before_end(text, ", now half price"),
    "save": lambda text, values, chance: _before_end(text, ", so you save"),
    "superlative": lambda text, values, chance: _before_end(text, ", and it's the best"),
    "cheapest": lambda text, values, chance: _before_end(text, ", the cheapest of its kind"),
    "guarantee": lambda text, values, chance: _before_end(text, ", satisfaction guaranteed"),
    "health": lambda text, values, chance: _before_end(text, ", and it's good for you"),
    "press": lambda text, values, chance: _before_end(text, ", so buy now"),
    "press by an imperative": lambda text, values, chance: f"{text} Get it today.",
    "life": lambda text, values, chance: _before_end(text, ", good for your family"),
    "hype": lambda text, values, chance: _before_end(text, " and you'll love it"),
    "comparison": lambda text, values, chance: _before_end(text, ", more than other customers"),
    "a link": lambda text, values, chance: _before_end(text, ", see www.example.com"),
    "markup": lambda text, values, chance: f"<b>{text}</b>",
    "a slot left over": lambda text, values, chance: _before_end(text, " {times}"),
    "a control character": lambda text, values, chance: text[:5] + "\u202e" + text[5:],
    "a price": lambda text, values, chance: _before_end(text, " for $1.49"),
    "a percentage": lambda text, values, chance: _before_end(text, ", 20% less"),
    "a date": lambda text, values, chance: _before_end(text, " since 2 May"),
    "another language": lambda text, values, chance: f"{text} Sie kaufen das oft.",
    "another script": lambda text, values, chance: _before_end(text, " 您经常购买"),
    "too long": lambda text, values, chance: " ".join([text] * 6),
    "empty": lambda text, values, chance: "",
    "cut short": lambda text, values, chance: text[: len(text) // 2],
    "a name of the shop": lambda text, values, chance: _before_end(text, ", beside Salted butter"),
    "a cause between facts": lambda text, values, chance: text.replace(", and ", " because ", 1),
    "two words exchanged": lambda text, values, chance: text.replace("about every", "until", 1),
    "the customers instead of you": lambda text, values, chance: re.sub(
        r"\byou've\b|\byou have\b", "people", text, count=1
    ),
}
