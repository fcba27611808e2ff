"""All names of a catalogue, found in a text in one pass, the longest at each place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from llm_explain.text.word_boundaries import LETTER, SIGN

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = re.compile(rf"{LETTER}+(?:['’]{LETTER}+)*|{SIGN}")
"""A word, or one sign of a script that does not part words."""


class NameMatch(NamedTuple):
    """A name of the catalogue in a text.

    Attributes:
        name: The words of the name, lower-cased.
        start: First character.
        end: Character after the last.
    """

    name: str
    start: int
    end: int


class NameIndex:
    """Titles, brands and categories of one catalogue, by their words.

    A dictionary of word sequences under their first word: one look-up for each word of the text that begins no name,
    and one for each length that a name with this first word has otherwise.

    Args:
        names: Names as the catalogue has them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._by_first: dict[str, set[tuple[str, ...]]] = {}
        self._lengths: dict[str, list[int]] = {}
        self._add(names)

    def _add(self, names: Iterable[str]) -> None:
        added: dict[str, set[tuple[str, ...]]] = {}
        for name in names:
            if words := tuple(_TOKEN.findall(name.casefold())):
                added.setdefault(words[0], set()).add(words)
        for first, sequences in added.items():
            self._by_first[first] = self._by_first.get(first, set()) | sequences
            self._lengths[first] = sorted({len(words) for words in self._by_first[first]}, reverse=True)

    def with_names(self, names: Iterable[str]) -> NameIndex:
        """Return an index with more names.

        Args:
            names: Names as the catalogue has them.

        Returns:
            The index; this one stays as it is.
        """
        index = NameIndex(())
        index._by_first, index._lengths = dict(self._by_first), dict(self._lengths)
        index._add(names)
        return index

    def __len__(self) -> int:
        """Return the number of different names."""
        return sum(map(len, self._by_first.values()))

    def find(self, text: str) -> list[NameMatch]:
        """Return the names in a text, longest first at each place, without overlap.

        Args:
            text: Any text.

        Returns:
            Matches in order.
        """
        tokens = [(match.group(0).casefold(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
        found: list[NameMatch] = []
        place = 0
        while place < len(tokens):
            length = self._longest(tokens, place)
            if length:
                words = tokens[place : place + length]
                found.append(NameMatch(" ".join(word for word, _, _ in words), words[0][1], words[-1][2]))
            place += length or 1
        return found

    def _longest(self, tokens: list[tuple[str, int, int]], place: int) -> int:
        """Return how many words the longest name at this place has; 0 if none begins here."""
        first = tokens[place][0]
        sequences = self._by_first.get(first, set())
        for length in self._lengths.get(first, ()):
            if tuple(word for word, _, _ in tokens[place : place + length]) in sequences:
                return length
        return 0
