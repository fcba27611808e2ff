"""Names of categories: one or two of a path, in the plural."""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from llm_explain.text.import_words import word_list
from llm_explain.text.word_boundaries import SIGN
from scoring.data.catalogue import path_of

if TYPE_CHECKING:
    from collections.abc import Collection

PATH: Final = " › "
"""What stands between two names of a path where the last one alone says too little."""

LEAST_NAMED: Final = 0.5
"""Least share of a category's titles that call the item what the category is called."""

LEAST_STEM: Final = 3
MOST_ENDING: Final = 3
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


def says_what_it_is(above: str, name: str, titles: Collection[str], locale: str) -> bool:
    """Return whether the last name of a path says what its items are.

    It does if it repeats a word of the name above, or if half of the titles call their item so, and more of them
    than call it what the name above says.

    Args:
        above: The name above, such as "Sheet music".
        name: The last name, such as "Piano".
        titles: Titles of the items.
        locale: Language of the shop.

    Returns:
        Whether it does; not if the language has no rule for the head of a title.
    """
    known = word_list(locale)
    heads = [found["head"] for title in titles if (found := re.search(known.head or r"(?!)", title))]
    own, others = ([w for w in WORD.findall(text) if w.lower() not in known.stop_words] for text in (name, above))
    if any(_are_alike(word, other) for word in own for other in others):
        return True
    n_own, n_others = (sum(any(_are_alike(head, word) for word in said) for head in heads) for said in (own, others))
    return n_own > n_others and n_own >= LEAST_NAMED * len(titles)


def _are_alike(one: str, other: str) -> bool:
    """Return whether two words differ by an ending or accents, or the first is a compound that ends in the second."""
    one, other = (unicodedata.normalize("NFD", word.casefold()) for word in (one, other))
    one, other = ("".join(sign for sign in word if not unicodedata.combining(sign)) for word in (one, other))
    if one.endswith(other) and (len(other) > LEAST_STEM or re.search(SIGN, other)):
        return True
    n_shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    n_least = min(LEAST_STEM + 1, len(one), len(other))
    return n_least >= LEAST_STEM and n_shared >= n_least and max(len(one), len(other)) - n_shared <= MOST_ENDING


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
