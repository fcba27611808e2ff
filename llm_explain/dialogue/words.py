"""The file ``dialogue.yaml`` of a locale: how messages are read, how answers are worded and how they are verified."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import read_prompt_file

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "dialogue.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IntentPattern(_Strict):
    """A pattern over a message whose mentions are masked.

    Attributes:
        name: The intent.
        pattern: Regular expression; it is searched for.
    """

    name: str
    pattern: str


class Grammar(_Strict):
    """How messages are read.

    Attributes:
        ordinals: Words for places in the list; −1 is the last.
        mentions: Patterns of mentions: ``place``, ``number``, ``focus`` and ``all``.
        kinds: Pattern of words for each claim kind.
        common: Words that never tell one item from another.
        confirm: Pattern of a confirmation.
        refuse: Pattern of a refusal.
        intents: Patterns of intents, the first that matches wins.
        staff: Patterns of intents of staff, tried first for them.
        user: Pattern that finds the id of a customer.
        history: Pattern of words for past events, which make a change one of a category.
        is_spaced: Whether the locale puts spaces between words.
    """

    ordinals: dict[int, list[str]]
    mentions: dict[str, str]
    kinds: dict[str, str]
    common: list[str]
    confirm: str
    refuse: str
    intents: list[IntentPattern]
    staff: list[IntentPattern]
    user: str
    history: str
    is_spaced: bool = True


class DialogueWriter(_Strict):
    """How answers are worded.

    Attributes:
        dates: Format of dates, as Babel reads it.
        list: What stands ``between`` names and before the ``last`` one.
        terms: Names of context terms.
        kinds: Names of claim kinds.
        frames: Sentences with slots.
    """

    dates: dict[str, str]
    list: dict[str, str]
    terms: dict[str, str]
    kinds: dict[str, str]
    frames: dict[str, str]


class SentencePattern(_Strict):
    """A sentence that the verifier knows.

    Attributes:
        states: The predicate that it states.
        pattern: Regular expression of the whole sentence; its named groups are values.
    """

    states: str
    pattern: str


class DialogueRules(_Strict):
    """How answers are verified.

    Attributes:
        dates: Format of dates, as Babel reads it.
        joiner: Pattern of what stands between names.
        terms: Context term of each name.
        kinds: Claim kind of each name.
        sentences: Every sentence that an answer may contain besides those of claims.
    """

    dates: dict[str, str]
    joiner: str
    terms: dict[str, str]
    kinds: dict[str, str]
    sentences: list[SentencePattern]


class _File(_Strict):
    version: int
    grammar: Grammar
    writer: DialogueWriter
    verifier: DialogueRules

    def patterns(self) -> list[str]:
        """Return every regular expression of messages and answers."""
        intents = [each.pattern for each in (*self.grammar.intents, *self.grammar.staff)]
        return intents + [each.pattern for each in self.verifier.sentences]


@cache
def dialogue_words(locale: str) -> tuple[Grammar, DialogueWriter, DialogueRules]:
    """Read the words of a locale's conversations.

    Args:
        locale: A folder under ``prompts/``.

    Returns:
        The three sections of its ``dialogue.yaml``.

    Raises:
        PromptError: If the file is missing or breaks its schema.
    """
    text, _ = read_prompt_file(locale, FILE)
    try:
        found = _File.model_validate(yaml.safe_load(text))
        for pattern in found.patterns():
            re.compile(pattern)
    except (yaml.YAMLError, ValidationError, re.error) as error:
        raise PromptError(f"{locale}/{FILE} breaks its schema ({error}). Correct the file.") from error
    return found.grammar, found.writer, found.verifier


def place_words(ordinals: Mapping[int, list[str]]) -> dict[str, int]:
    """Return the place in a list that each ordinal means."""
    return {word: place for place, several in ordinals.items() for word in several}
