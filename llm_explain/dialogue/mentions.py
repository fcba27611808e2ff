"""Finds mentions of items, categories, claim kinds and places of the list in a message."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz, process, utils

from llm_explain.dialogue.words import place_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.dialogue.words import Grammar

NEAR: Final = 88
"""Least similarity (0 to 100) of a name and words of a message."""

MOST_CHOICES: Final = 5
_MASK: Final = re.compile(r"@\w+(?:<\d+>)?")
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass
class Mentions:
    """What a message mentions, and the message with masks.

    Attributes:
        masked: The message in lower case with ``@item``, ``@group``, ``@kind`` and ``@all`` for mentions.
        items: Items in the order mentioned.
        categories: Categories in the order mentioned.
        kinds: Claim kinds.
        is_all: Whether all of the user's data is mentioned.
        unclear: Items among which a mention does not tell.
        names_focus: Whether the message says "this" or the like.
        sequence: Items and categories as ``("item", id)`` and ``("group", name)``, in the order mentioned.
    """

    masked: str
    items: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    is_all: bool = False
    unclear: list[str] = field(default_factory=list)
    names_focus: bool = False
    sequence: list[tuple[str, str]] = field(default_factory=list)

    def item(self, item_id: str) -> str:
        """Note a mention of an item and return its mask."""
        self.items.append(item_id)
        return f"@item<{len(self.items) - 1}>"

    def category(self, name: str) -> str:
        """Note a mention of a category and return its mask."""
        self.categories.append(name)
        return f"@group<{len(self.categories) - 1}>"

    def order(self) -> None:
        """Order the mentions as the message has them, and take the numbers out of the masks."""
        named_by = {"item": list(self.items), "group": list(self.categories)}
        found = re.findall(r"@(item|group)<(\d+)>", self.masked)
        self.sequence = [(mask, named_by[mask][int(place)]) for mask, place in dict.fromkeys(found)]
        for mask, named in (("@item", self.items), ("@group", self.categories)):
            places = [int(each) for each in re.findall(rf"{mask}<(\d+)>", self.masked)]
            named[:] = [named[place] for place in dict.fromkeys(places)]
        self.masked = re.sub(r"<\d+>", "", self.masked)


class NameFinder:
    """Finds names of a shop in messages of one locale.

    Args:
        grammar: How the locale's messages are read.
        titles: Names of each item, as shown and as the locale says them, the items that most users have first.
        categories: Names of each category, as the shop and as the locale says them, the largest first.
    """

    def __init__(
        self, grammar: Grammar, titles: Mapping[str, Sequence[str]], categories: Mapping[str, Sequence[str]]
    ) -> None:
        self._grammar = grammar
        self._titles = {item: [_plain(name) for name in names if name] for item, names in titles.items()}
        self._categories = {name: [_plain(each) for each in names if each] for name, names in categories.items()}
        self._places = place_words(grammar.ordinals)
        ordinals = "|".join(sorted(map(re.escape, self._places), key=len, reverse=True))
        self._patterns = {
            name: re.compile(pattern.replace("{ordinal}", f"(?P<ordinal>{ordinals})"))
            for name, pattern in grammar.mentions.items()
        }
        self._kinds = {kind: re.compile(pattern) for kind, pattern in grammar.kinds.items()}
        self._common = frozenset(grammar.common)
        self._shortest = 2 if grammar.is_spaced else 1
        patterns = " ".join(each.pattern for each in (*grammar.intents, *grammar.staff))
        self._cues = frozenset(_WORD.findall(re.sub(r"\\[a-zA-Z]", " ", patterns)))
        self._by_category_word: dict[str, str] = {}
        for category, names in self._categories.items():
            for word in {word for name in names for word in self._telling(name)}:
                self._by_category_word.setdefault(word, category)
        self._by_word: dict[str, list[str]] = {}
        for item, names in self._titles.items():
            for word in {word for name in names for word in self._telling(name)}:
                self._by_word.setdefault(word, []).append(item)

    def find(self, message: str, shown: Sequence[str], focus: str | None) -> Mentions:
        """Find what a message mentions.

        Args:
            message: What a person wrote.
            shown: Items of the list on screen, which a name means before any other item.
            focus: Item that "this" means.

        Returns:
            Mentions, and the message with masks.
        """
        found = Mentions(" ".join(message.lower().replace("’", "'").strip(" .!?¿¡。？！").split()))
        self._mask_places(found, shown)
        self._mask_shown(found, shown)
        self._mask_names(found)
        self._mask_kinds(found)
        self._mask_some(found, shown)
        self._mask_focus(found, focus)
        found.order()
        return found

    def _mask_places(self, found: Mentions, shown: Sequence[str]) -> None:
        """Mask "the second one" and "number 2"."""

        def item(match: re.Match[str]) -> str:
            groups = match.groupdict()
            number = next((group for group in match.groups() if group), "0")
            place = self._places[groups["ordinal"]] if groups.get("ordinal") else int(number)
            index = place - 1 if place > 0 else len(shown) + place
            if not 0 <= index < len(shown):
                return match.group(0)
            mask, own = found.item(shown[index]), next((group for group in match.groups() if group), match.group(0))
            return mask if groups.get("ordinal") else match.group(0).replace(own, mask)

        for name in ("number", "place"):
            if shown:
                found.masked = self._patterns[name].sub(item, found.masked)

    def _mask_shown(self, found: Mentions, shown: Sequence[str]) -> None:
        """Mask whole titles of the list."""
        for item in shown:
            for name in sorted(self._titles.get(item, ()), key=len, reverse=True):
                if self._mask(found, name, partial(found.item, item)):
                    break

    def _mask_names(self, found: Mentions) -> None:
        """Mask categories, and titles of the catalogue: the longest name first, a category before an item.

        Of several items with one title, the first of the catalogue is meant.
        """
        words = [word for word in self._tokens(found.masked) if word in self._by_word]
        rare = sorted(words, key=lambda word: len(self._by_word[word]))[:3]
        items = {name: item for word in rare for item in reversed(self._by_word[word]) for name in self._titles[item]}
        near = process.extract(
            found.masked, [*items], scorer=fuzz.partial_ratio, score_cutoff=NEAR, limit=4 * MOST_CHOICES
        )
        names = [(name, "@item", items[name]) for name, *_ in near if len(name) > self._shortest]
        for category, several in self._categories.items():
            names += [(name, "@group", category) for name in several if name[: self._shortest + 1] in found.masked]
        for name, mask, named in sorted(names, key=lambda each: (-len(each[0]), each[1])):
            self._mask(found, name, partial(found.item if mask == "@item" else found.category, named))

    def _mask_some(self, found: Mentions, shown: Sequence[str]) -> None:
        """Mask a word that tells an item of the list, such as "that cheese"."""
        if found.items:
            return
        for word in self._tokens(found.masked):
            if len(word) <= self._shortest or word in self._common:
                continue
            own = [item for item in shown if any(self._tells(word, name) for name in self._titles.get(item, ()))]
            if own and len(own) <= MOST_CHOICES:
                found.masked = found.masked.replace(word, found.item(own[0]) if len(own) == 1 else "@item", 1)
                found.unclear.extend(own if len(own) > 1 else ())
                return
        for word in self._tokens(found.masked):
            named = self._by_category_word.get(word) or self._by_category_word.get(word.rstrip("s"))
            if len(word) > self._shortest and word not in self._common | self._cues and named:
                found.masked = found.masked.replace(word, found.category(named), 1)
                return

    def _mask_kinds(self, found: Mentions) -> None:
        """Mask claim kinds and all data."""
        if self._patterns["all"].search(found.masked):
            found.masked, found.is_all = self._patterns["all"].sub("@all", found.masked), True
        for kind, pattern in self._kinds.items():
            if pattern.search(found.masked):
                found.masked = pattern.sub("@kind", found.masked)
                found.kinds.append(kind)

    def _mask_focus(self, found: Mentions, focus: str | None) -> None:
        """Mask "this"."""
        found.names_focus = self._patterns["focus"].search(found.masked) is not None
        if focus is not None and found.names_focus and not found.unclear:
            found.masked = self._patterns["focus"].sub(found.item(focus), found.masked)
        elif found.names_focus:
            found.masked = self._patterns["focus"].sub("@item", found.masked)

    def _mask(self, found: Mentions, name: str, mask: Callable[[], str]) -> bool:
        """Replace a name in the message, with a slip of the pen if it is long, and return whether it stood there."""
        edge = r"\b" if self._grammar.is_spaced else ""
        plural = "(?:s|es)?" if self._grammar.is_spaced else ""
        match = re.search(rf"(?:\bthe )?{edge}{re.escape(name)}{plural}{edge}", found.masked)
        if match is not None:
            found.masked = f"{found.masked[: match.start()]}{mask()}{found.masked[match.end() :]}"
            return True
        if len(name) < 6 or fuzz.partial_ratio(name, found.masked) < NEAR:
            return False
        at = fuzz.partial_ratio_alignment(name, found.masked)
        if at is None or "@" in found.masked[at.dest_start : at.dest_end]:
            return False
        start, end = at.dest_start, at.dest_end
        if self._grammar.is_spaced:  # whole words only
            start = found.masked.rfind(" ", 0, start + 1) + 1
            end = end if (space := found.masked.find(" ", end - 1)) < 0 else space
            end = len(found.masked) if space < 0 else end
            if not _is_slip(name, found.masked[start:end]):
                return False
        found.masked = f"{found.masked[:start]}{mask()}{found.masked[end:]}"
        return True

    def _telling(self, name: str) -> list[str]:
        return [word for word in self._tokens(name) if len(word) > self._shortest and word not in self._common]

    def _tells(self, word: str, name: str) -> bool:
        """Return whether a word of a message is one of the words of a name."""
        return any(
            word in {own, own.rstrip("s"), f"{own}s"} or (len(own) > 3 and fuzz.ratio(word, own) >= NEAR)
            for own in self._telling(name)
        )

    def _tokens(self, text: str) -> list[str]:
        """Return the words of a text, or pairs of characters where a locale puts no spaces."""
        words = [word for word in _WORD.findall(_MASK.sub(" ", text)) if not word.isdigit()]
        if self._grammar.is_spaced:
            return words
        return [
            part
            for word in words
            for part in ([word] if word.isascii() else [word[at : at + 2] for at in range(max(len(word) - 1, 1))])
        ]


def _is_slip(name: str, written: str) -> bool:
    """Return whether some words are a name with slips of the pen: word by word, each with its first letter."""
    pairs = list(zip(name.split(), written.split(), strict=False))
    return len(name.split()) == len(written.split()) and all(
        own[:1] == word[:1] and fuzz.ratio(own, word) >= NEAR - 8 for own, word in pairs
    )


def _plain(name: str) -> str:
    """Return a name in lower case without its label: "Rice cakes, 4.5 oz (store brand)" is "rice cakes"."""
    short = re.split(r"[,(（，]", name.lower().replace("’", "'"), maxsplit=1)[0]
    return " ".join((short or utils.default_process(name)).split())
