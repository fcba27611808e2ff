"""Names of categories: one or two of a path, in the plural."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from llm_explain.text.import_words import word_list
from llm_explain.text.word_boundaries import SIGN
from scoring.data.catalogue import path_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

PATH: Final = " › "
"""What stands between two names of a path where the last one alone says too little."""

LEAST_NAMED: Final = 0.25
"""Least share of titles that prove a name, because they begin or end with its words."""

LEAST_STEM: Final = 3
MOST_ENDING: Final = 3
MARK: Final = re.compile(r"[,(:;/|\d]|\s[-–—]\s")
WORD: Final = re.compile(r"[^\W\d_]+")
JOINED: Final = re.compile(r"[&,+]|\w\s+(?:and|or)\s+\w")


def category_in(text: str, known: Collection[str], locale: str = "en") -> str:
    """Return the category of a new item as a catalogue names it.

    Args:
        text: A name, a path such as ``Home > Kitchen > Mugs``, or several joined by ``|``.
        known: Categories of the catalogue.
        locale: Language of the shop.

    Returns:
        ``text`` if the catalogue has it, or if it is one name. Otherwise the last name of the deepest path whose last
        name the catalogue has, in any case. If it has none of them, the last name of the deepest path.
    """
    paths = [path_of(path) for path in text.split("|")]
    deepest = sorted(filter(None, paths), key=len, reverse=True)
    if text in known or not deepest or (len(paths) == 1 and len(deepest[0]) == 1):
        return text
    names = {name.casefold(): name for name in known}
    last = [in_plural(path[-1], locale) for path in deepest]
    told = [name for path, one in zip(deepest, last, strict=True) for name in (PATH.join(path[-2:]), one)]
    return next((names[name.casefold()] for name in told if name.casefold() in names), last[0])


class TitleWords:
    """Finds the names of paths that do not say what the items below them are, such as "Piano" below "Sheet music".

    A name stands alone as long as nothing speaks against it. It does if it repeats a word of the name above, also as
    the first part of a compound ("Kat › Kattefoder"), or if a quarter of the titles begin or end with its words. Of
    another name, these speak against it: it is an audience or a size, more titles begin or end with words of the name
    above, or something below another name is called so.

    Args:
        titles: Titles of the items below each pair of a name and the one above it.
        locale: Language of the shop.
    """

    def __init__(self, titles: Mapping[tuple[str, str], Sequence[str]], locale: str) -> None:
        self._known = word_list(locale)
        self._edges = {pair: [self._ends(title) for title in own] for pair, own in titles.items()}
        self._above: defaultdict[str, set[str]] = defaultdict(set)
        for (above, name), ends in self._edges.items():
            for word in {word for own in (*ends, self._words(name)[-1:], self._words(name)[:1]) for word in own}:
                self._above[_stem(word)].add(above)

    def unclear(self) -> set[str]:
        """Return the names."""
        return {name for above, name in self._edges if not self._stands_alone(above, name)}

    def _stands_alone(self, above: str, name: str) -> bool:
        own, others, ends = self._words(name), self._words(above), self._edges[above, name]
        begins = tuple(plain(other) for other in others if len(other) >= LEAST_STEM)
        if any(plain(word).startswith(begins) or any(_are_alike(word, other) for other in others) for word in own):
            return True
        if name.casefold() in self._known.audiences:
            return False
        n_own, n_others = (
            sum(any(_are_alike(word, other) for word in words for other in said) for words in ends)
            for said in (own, others)
        )
        if n_own >= max(1, n_others, LEAST_NAMED * len(ends)):
            return True
        return n_others <= n_own and not any(self._above[_stem(word)] - {above} for word in own)

    def _words(self, text: str) -> list[str]:
        return [word for word in WORD.findall(text) if word.casefold() not in self._known.stop_words]

    def _ends(self, title: str) -> tuple[str, ...]:
        """Return the first word of a title and the last one before a mark or a number, but for "… for piano"."""
        words = WORD.findall(MARK.split(title, maxsplit=1)[0])
        is_of = len(words) > 1 and words[-2].casefold() in self._known.stop_words
        return tuple(words[:1] if is_of else {*words[:1], *words[-1:]})


def plain(word: str) -> str:
    """Return a word in small letters without accents.

    Args:
        word: The word.

    Returns:
        Its letters.
    """
    return "".join(sign for sign in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(sign))


def _stem(word: str) -> str:
    """Return the beginning of a word, so that singular and plural are mostly equal."""
    letters = plain(word)
    return letters if re.search(SIGN, letters) else letters[: max(LEAST_STEM + 1, len(letters) - MOST_ENDING)]


def _are_alike(one: str, other: str) -> bool:
    """Return whether two words differ by an ending or accents, or the first is a compound that ends in the second."""
    one, other = plain(one), plain(other)
    n_shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if re.search(SIGN, other):
        return one.endswith(other)
    n_least = min(LEAST_STEM + 1, len(one), len(other))
    is_inflected = max(len(one), len(other)) - n_shared <= MOST_ENDING and LEAST_STEM <= n_least <= n_shared
    return is_inflected or (len(_stem(other)) > LEAST_STEM + 1 and one.endswith((other, _stem(other), other[:-1])))


def in_plural(name: str, locale: str, *, is_of_things: bool = False) -> str:
    """Return the name of a category in the plural, if it ends in a word for one thing ("Hair clip", "Hat/beanie").

    Args:
        name: The name.
        locale: Language of the shop.
        is_of_things: Whether the name is known to be of things, so that the regular plural of another word is right.

    Returns:
        The plural; the name as it is if its last word has none.
    """
    plurals = word_list(locale).plurals
    parts = name.split("/")
    if JOINED.search(name):
        return name
    for place, part in enumerate(parts):
        head, space, last = part.rpartition(" ")
        found = plurals.get(last.casefold())
        if found is None and is_of_things:
            rules = word_list(locale).plural_rules.items()
            found = next((re.sub(one, many, last) for one, many in rules if re.search(one, last)), last)
        if found is None:
            return name
        parts[place] = head + space + (found.capitalize() if last[:1].isupper() else found)
    return "/".join(parts)
