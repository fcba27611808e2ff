"""Parts that two titles share, and what the catalogue's counts say that such a part is.

A shared part relates two items only if it is a clean phrase of both titles: "Blue Heron", not "Blue Heron Tea" of tea
towels and tea cosies. Counts decide, so that the rules hold for any language with spaces between words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from llm_explain.claims.sizes import MARK, SIZE
from llm_explain.claims.visible_links import WORD, is_alike, words_of
from scoring.data.catalogue import NO_CATEGORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm_explain.claims.shop_evidence import ShopEvidence

OPENING: Final = 1
ENDING: Final = -1
"""Ends of a title, and the step with which its words are read from there."""

LEAST_NAMES: Final = 2
"""Least names that a thing stands in, besides a name that is the thing alone."""

LEAST_RANGE_WORDS: Final = 2
"""Least words of a range: one word may be a colour, a material or a flavour."""

MOST_NAMES: Final = 0.2
"""Most names of a range as a share of all: what more names have is the shop's own name."""

LEAST_ENDINGS: Final = 0.1
"""Least share of the names with a category that end in a word of it, if things are endings."""

BETWEEN: Final = re.compile(r"(?:[\s,;:()/|–—]|-\s)+")
ANY_SIZE: Final = re.compile(SIZE.pattern, re.IGNORECASE)
SERIES: Final = re.compile(r"^(.*?\S)(?:\s*[:–—]\s.*|\s-\s.*|\s*[,(]\s*(?:[^\W\d_]+\.?\s+)?\d{1,2}\)?)$", re.DOTALL)

Words = tuple[str, ...]


class Shared(NamedTuple):
    """What two titles share, each part as the item's title writes it.

    Attributes:
        part: The shared words.
        own: The item's other words.
        known: The other title's other words.
    """

    part: str
    own: str
    known: str


class TitleParts:
    """Names of a catalogue, sorted by their words from both ends; build it once for a shop.

    A name is a title without sizes and marks. A *thing* is an ending of at least two names with other words too; all
    names with it are of one category. Its last word is in the category's name: "tea towel" of "Towels". Without
    categories, it is an ending of at least three names, and what stands before it opens another name too: each tea
    towel has a design that other things have. The word next to a thing stands there in one name alone, else it belongs
    to a longer thing. Where a tenth of the names at most end in a word of their category, things are openings, and
    their first or last word is in its name.

    Args:
        shop: The shop.
    """

    def __init__(self, shop: ShopEvidence) -> None:
        catalogue = shop.catalogue
        self._categories = catalogue.category_names
        pairs = {
            (low_words(str(title)), category)
            for title, category in zip(catalogue.titles.tolist(), catalogue.category_index.tolist(), strict=True)
        }
        ending = [self._says(name[-1], category) for name, category in pairs if name and self._categories[category]]
        self._end = ENDING if sum(ending) >= LEAST_ENDINGS * len(ending) else OPENING
        self._most = MOST_NAMES * len({name for name, _ in pairs})
        self._names = {
            end: sorted((" ".join(name[::end]) + " ", category) for name, category in pairs)
            for end in (OPENING, ENDING)
        }
        self._with = lru_cache(maxsize=1 << 16)(self._found)
        self._brands = {low_words(name) for name in catalogue.brand_names}

    def same_thing(self, title: str, other: str, category: int) -> Shared | None:
        """Return the thing that two titles of a category are, in two designs; ``None`` without one.

        Args:
            title: An item's title.
            other: Another title.
            category: Their category.

        Returns:
            The thing and both designs, which have no digits.
        """
        own, known, end = words(title), words(other), self._end
        for n in range(min(_shared(own, known, end), len(own) - 1, len(known) - 1), 0, -1):
            if self._is_whole(own, n, category) and self._is_whole(known, n, category):
                return _spoken(title, other, (_part(own, n, end), _rest(own, n, end), _rest(known, n, end)))
        return None

    def same_range(self, title: str, other: str, categories: tuple[int, int]) -> Shared | None:
        """Return the range that two things are of; ``None`` without one.

        Args:
            title: An item's title.
            other: Another title.
            categories: Their categories.

        Returns:
            At least two words with which few names begin (or end), and both things behind (before) them. No name ends
            (begins) with the last (first) of these words: peanut butter is a thing, not a range of cookies.
        """
        own, known, end = words(title), words(other), -self._end
        for n in range(min(_shared(own, known, end), len(own) - 1, len(known) - 1), LEAST_RANGE_WORDS - 1, -1):
            things = ((own, len(own) - n, categories[0]), (known, len(known) - n, categories[1]))
            if all(self._is_whole(*thing) for thing in things) and self._is_range(_part(own, n, end), end):
                return _spoken(title, other, (_part(own, n, end), _rest(own, n, end), _rest(known, n, end)))
        return None

    def outer_words(self, title: str) -> Words:
        """Return the words in small letters that titles of one range share at least; empty for a shorter title."""
        name = words(title)
        return _low(_part(name, LEAST_RANGE_WORDS, -self._end)) if len(name) > LEAST_RANGE_WORDS else ()

    def _is_whole(self, name: Words, n: int, category: int) -> bool:
        """Return whether the ``n`` words where a name has its thing are one, and no part of a longer one."""
        end = self._end
        part, longer, rest = map(_low, (_part(name, n, end), _part(name, n + 1, end), _rest(name, n, end)))
        found = self._with(part, end)
        n_longer = sum(key != _key(part, end) for key, _ in found)
        if len({key for key, _ in self._with(longer, end)}) > 1 or any(of != category for _, of in found):
            return False
        if self._categories[category] == NO_CATEGORY:
            return end == ENDING and n_longer > LEAST_NAMES and len(self._with(rest, OPENING)) >= LEAST_NAMES
        heads = {part[-1], part[0]} if end == OPENING else {part[-1]}
        return n_longer >= LEAST_NAMES and any(self._says(head, category) for head in heads)

    def _says(self, word: str, category: int) -> bool:
        """Return whether a word is in the name of a category."""
        is_word = WORD.fullmatch(word) is not None
        return is_word and any(is_alike(word, other) for other in words_of(self._categories[category]))

    def _is_range(self, part: Words, end: int) -> bool:
        """Return whether words at an end are a range: few names have them there, and no name's thing is their last."""
        low = _low(part)
        inner = low[::end][-1]
        names = self._names[-end]
        first = bisect_left(names, (inner, -1))
        is_thing = False
        while first < len(names) and names[first][0].startswith(inner):
            is_thing |= is_alike(inner, names[first][0].partition(" ")[0])
            first += 1
        return (
            WORD.fullmatch(inner) is not None
            and not is_thing
            and low not in self._brands
            and len({key for key, _ in self._with(low, end)}) <= self._most
        )

    def _found(self, part: Words, end: int) -> list[tuple[str, int]]:
        """Return the names with some words at an end, and their categories."""
        names, key = self._names[end], _key(part, end)
        return names[bisect_left(names, (key, -1)) : bisect_left(names, (key[:-1] + "!", -1))]


def same_series(title: str, other: str) -> str | None:
    """Return the name of the series that two titles are of: what stands before a colon, a dash or a small number.

    Args:
        title: A title, such as "Dark Water, Part 2" or "Planet: Oceans".
        other: Another title.

    Returns:
        The name as the title writes it; ``None`` if the titles share none. One of them may be the name alone.
    """
    own, known = (SERIES.match(each) for each in (title, other))
    names = [found.group(1) if found else each for found, each in ((own, title), (known, other))]
    if not (own or known) or title.lower() == other.lower() or names[0].lower() != names[1].lower():
        return None
    return names[0] if WORD.search(names[0]) else None


@lru_cache(maxsize=1 << 16)
def words(title: str) -> Words:
    """Return the words of a title without sizes and what stands in parentheses, as the title writes them."""
    return tuple(filter(None, BETWEEN.split(ANY_SIZE.sub(" ", MARK.sub(" ", title)))))


def low_words(title: str) -> Words:
    """Return the same in small letters."""
    return _low(words(title))


def _shared(first: Words, second: Words, end: int) -> int:
    """Return how many words at an end two names share."""
    pairs: Iterator[tuple[str, str]] = zip(_low(first)[::end], _low(second)[::end], strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def _spoken(title: str, other: str, parts: tuple[Words, Words, Words]) -> Shared | None:
    """Return parts as texts; ``None`` unless each is a phrase of its title without digits."""
    said = Shared(*map(" ".join, parts))
    is_phrase = said.part in title and said.own in title and said.known in other
    is_phrase &= said.own.lower() != said.known.lower()
    return said if is_phrase and all(WORD.search(each) and not re.search(r"\d", each) for each in said) else None


def _part(name: Words, n: int, end: int) -> Words:
    return name[:n] if end == OPENING else name[-n:]


def _rest(name: Words, n: int, end: int) -> Words:
    return name[n:] if end == OPENING else name[:-n]


def _low(name: Words) -> Words:
    return tuple(word.lower() for word in name)


def _key(part: Words, end: int) -> str:
    return " ".join(part[::end]) + " "
