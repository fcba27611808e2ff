"""Names of the shop in a sentence: found by their words alone, the longest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.name_dictionary import load_name_dictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from scoring.data.catalogue import Catalogue

MOST_WORDS: Final = 16
"""Longest name that is looked for."""

_IDEOGRAPH = "[㐀-鿿]"
_OPENING, _CLOSING = frozenset("“「«"), frozenset("”」»")
"""Quotation marks around titles."""

_BEGINS, _ENDS = frozenset("(（"), frozenset(")）")
"""Parentheses around the size and the brand of a title."""

_WORD = re.compile(rf"{_IDEOGRAPH}|(?:(?!{_IDEOGRAPH})[^\W_])+(?:['’](?:(?!{_IDEOGRAPH})[^\W_])+)*")
"""A word: letters and figures, or one sign of a script that writes no spaces."""

Place = Literal["own", "cat", "item", "other"]
"""The item's own category, another category, the item itself, another item."""


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a masked sentence.

    Attributes:
        place: What it names.
        name: The category, or the title, as the tables have it.
        start: Where its mask begins.
        end: Where its mask ends.
    """

    place: Place
    name: str
    start: int
    end: int


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, in lower case and without punctuation."""
    return tuple(match.group().casefold() for match in _WORD.finditer(text))


def product(title: str) -> str:
    """Return a title without its size and mark: "Rice cakes, 4.5 oz (store brand)" is rice cakes."""
    return re.split(r",| \(", title, maxsplit=1)[0]


def _joined(name: str, joins: Mapping[str, str]) -> str:
    for join, other in joins.items():
        name = re.sub(join, other, name)
    return name


class Names:
    """Every category and title of a shop; titles are found with their size and without.

    Args:
        categories: Names of the categories.
        titles: Titles of the items.
        spoken: Gives the words of a locale for a category or a product; the shop's own if not given.
        either: What may stand in a category where one of several things was bought, by pattern; nothing if not given.
    """

    def __init__(
        self,
        categories: Iterable[str],
        titles: Iterable[str],
        *,
        spoken: Callable[[str], str] = str,
        either: Mapping[str, str] | None = None,
    ) -> None:
        self._spoken = spoken
        named = list(categories)
        self._categories = {words(_joined(spoken(name), either or {})): name for name in named}
        self._categories |= {words(spoken(name)): name for name in named}
        known = list(titles)
        self._titles = {words(spoken(product(name))): name for name in known} | {words(name): name for name in known}

    @classmethod
    def of(cls, catalogue: Catalogue, locale: str = "en") -> Names:
        """Return the names of a catalogue, in the words of a locale where its dictionaries have some."""
        find = load_name_dictionary(locale).find
        titles = dict.fromkeys(str(title) for title in catalogue.titles)
        either = load_lexicon(locale).spoken_names.either
        return cls(catalogue.category_names, titles, spoken=lambda name: find(name) or name, either=either)

    def mask(
        self, text: str, *, title: str, category: str, before_item: Collection[str] = (), titles: Collection[str] = ()
    ) -> tuple[str, list[Found]]:
        """Replace names by what they are.

        Args:
            text: A finished sentence.
            title: Title of the recommended item.
            category: Its category.
            before_item: Words after which a single small word may name another item.
            titles: Titles that are read as items where a category has the same name.

        Returns:
            The sentence in lower case with ``[own]``, ``[cat]``, ``[item]`` and ``[other]``, and the names behind them.
        """
        tokens = list(_WORD.finditer(text))
        own, item = words(self._spoken(category)), (words(title), words(self._spoken(product(title))))
        as_items = {words(self._spoken(product(name))) for name in titles}
        masked, found, done, place = "", [], 0, 0
        while place < len(tokens):
            may_be_item = place > 0 and tokens[place - 1].group().casefold() in before_item
            size, what, name = self._longest(tokens, place, own, category, item, as_items, may_be_item=may_be_item)
            if what is None:
                place += 1
                continue
            begin, end = tokens[place].start(), tokens[place + size - 1].end()
            if text[end : end + 1] in _ENDS and any(sign in text[begin:end] for sign in _BEGINS):
                end += 1
            is_quoted = text[begin - 1 : begin] in _OPENING and text[end : end + 1] in _CLOSING
            masked += text[done : begin - is_quoted].lower()
            start = len(masked)
            masked += f"[{what}]"
            found.append(Found(what, name, start, len(masked)))
            place += size
            done = end + is_quoted
        return masked + text[done:].lower(), found

    def _longest(
        self,
        tokens: list[re.Match[str]],
        place: int,
        own: tuple[str, ...],
        category: str,
        item: tuple[tuple[str, ...], ...],
        as_items: Collection[tuple[str, ...]],
        *,
        may_be_item: bool,
    ) -> tuple[int, Place | None, str]:
        """Return the longest name that begins at a word; of equally long ones a category before a title."""
        said = tuple(token.group().casefold() for token in tokens[place : place + MOST_WORDS])
        for size in range(len(said), 0, -1):
            name = said[:size]
            if name in as_items and name in self._titles:
                return size, "item" if name in item else "other", self._titles[name]
            if name == own or self._categories.get(name) == category:
                return size, "own", self._categories.get(name, "")
            if name in item:
                return size, "item", self._titles.get(name, "")
            if name in self._categories:
                return size, "cat", self._categories[name]
            if name in self._titles and (size > 1 or may_be_item or tokens[place].group()[:1].isupper()):
                return size, "other", self._titles[name]
        return 0, None, ""
