"""Names of categories: one of a path, in the plural."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from llm_explain.text.import_words import word_list
from scoring.data.catalogue import path_of

if TYPE_CHECKING:
    from collections.abc import Collection

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
    return next((names[name.casefold()] for name in last if name.casefold() in names), last[0])


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
