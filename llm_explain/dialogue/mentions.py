"""What a message mentions: items, categories, places of the list and kinds of events.

A mention keeps every reading: items of the list, a category, items of the catalogue. The intent decides among them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from llm_explain.dialogue.intents import MASK

MOST_CHOICES: Final = 5
SURE_NAME: Final = 4
"""Strength of a whole name, or of words that tell an item on screen."""

WEAK: Final = 2
"""Strength of a mention that is a mere part of a name which is not on screen."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Some words of a message, and what they may mean.

    Attributes:
        start: Place of the first character.
        end: Place after the last character.
        shown: Items of the list that the words may mean.
        category: Category that the words name, as a whole or in part.
        items: Items of the catalogue with the words as their title, or with the words in it.
        is_whole: Whether the words are the whole name of what they may mean.
        is_definite: Whether an article or a pronoun precedes the words, or the words are a place of the list.
        is_main: Whether the words hold the main word of a name: "milk" of "white milk", not of "milk chocolate".
        categories: Categories of a like meaning, among which the words do not tell.
        is_like: Whether the words only have a like meaning, or stand in the title of one item alone.
        plain: Item of the catalogue whose title is the words, without a label.
        led: Category whose name is the words or begins with them: "coffee" of "coffee and creamers".
        own: Items of the user's history that the words mean; empty if they are all of one category.
    """

    start: int
    end: int
    shown: tuple[str, ...] = ()
    category: str | None = None
    items: tuple[str, ...] = ()
    is_whole: bool = True
    is_definite: bool = False
    is_main: bool = True
    categories: tuple[str, ...] = ()
    is_like: bool = False
    led: str | None = None
    plain: str | None = None
    own: tuple[str, ...] = ()

    @property
    def readings(self) -> tuple[str, ...]:
        """What the words may mean if they do not tell: items or categories."""
        return (self.shown or self.categories or self.items)[:MOST_CHOICES]

    @property
    def strength(self) -> float:
        """How surely the words are a name of the shop; 2 or less for a mere part of one that is not on screen."""
        if self.shown:
            return (6 if self.is_whole else 5 if self.is_main else 3) + 0.5 * self.is_definite
        if self.is_like or self.is_whole:
            return (3 if self.is_like else 4) + 0.5 * self.is_definite
        return 2 if self.category is not None else 1


@dataclass
class Mentions:
    """What a message mentions.

    Attributes:
        text: The message in lower case, without accents.
        found: Mentions in the order of the message.
        kinds: Claim kinds.
        events: Event kinds.
        is_all: Whether all of the user's data is mentioned.
        is_event_alone: Whether the clause of the first event kind has no word that may be a name.
        focus_at: Place of a word such as "this"; ``None`` for none.
        focuses: Places of all such words.
        unknown: Words that neither the shop nor the examples of messages have.
    """

    text: str
    found: list[Mention] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    is_all: bool = False
    is_event_alone: bool = False
    focus_at: int | None = None
    focuses: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()

    def masked(self, start: int = 0, end: int | None = None, *, least: float = WEAK) -> str:
        """Return a part of the message with a mask for each mention of a greater strength."""
        text = self.text[:end]
        for each in reversed(self.within(start, len(text))):
            if each.strength > least:
                text = f"{text[: each.start]}{MASK}{text[each.end :]}"
        return text[start:]

    def maskings(self, start: int, end: int) -> list[str]:
        """Return a part of the message with masks for sure names, and one with masks for parts of names as well."""
        return list(dict.fromkeys((self.masked(start, end), self.masked(start, end, least=0))))

    def is_told_of(self, mention: Mention) -> bool:
        """Return whether unknown words are part of a mention: "oat milk"."""
        return any(word in self.unknown for word in self.text[mention.start : mention.end].split())

    def within(self, start: int, end: int) -> list[Mention]:
        """Return the mentions in a part of the message."""
        return [each for each in self.found if start <= each.start and each.end <= end]
