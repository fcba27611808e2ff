"""The file ``dialogue.yaml`` of a locale: how messages are read, how answers are worded and how they are verified."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from llm_explain.dialogue.folding import unaccented
from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import read_prompt_file

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "dialogue.yaml"
EXAMPLES = "dialogue_examples.yaml"


Compiled = Annotated[re.Pattern[str], BeforeValidator(lambda text: re.compile(unaccented(text)))]
"""A pattern of messages, which have no accents."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grammar(_Strict):
    """How messages are read.

    Attributes:
        ordinals: Words for places in the list; −1 is the last.
        mentions: Patterns of mentions: ``place``, ``number``, ``focus``, ``article`` and ``all``.
        kinds: Pattern of words for each claim kind.
        events: Pattern of words for each event kind.
        common: Words that never tell one item from another.
        variants: Words for one thing in several regions, between "|"; a shop's own word stands for the others.
        plurals: Endings of the plural, and what the singular has instead; the first that fits is exchanged.
        confirm: Pattern of a confirmation.
        amount: Pattern of an amount, whose number is no customer.
        assent: Pattern of what may follow a confirmation and still belongs to it.
        refuse: Pattern of a refusal.
        stops: Pattern of the verbs of a message that takes something out.
        keeps: Pattern of a refusal of a change: "don't stop using …".
        resumes: Pattern of the verbs of a message that puts something back.
        conjunction: Pattern of what stands between several things that are meant together.
        dates: Patterns of a month or a day; ``{month}`` stands for the names of months.
        spans: Pattern of each other period: ``last_month`` and the like.
        budget: Pattern of a highest price.
        new: Pattern of words for what a user has not had.
        traits: Pattern of what a shop's tables do not tell of a person: age, address, health.
        cardinals: Number words after "number".
        user: Pattern that finds the id of a customer.
        generic: Pattern of words that make a mention one of a category: "purchases of …", "all kinds of …".
        which: Pattern of words that ask about a whole list: "which ones", "anything".
        below: Pattern of words that put the first of two items below the other.
        every: Pattern of words that mean each of some choices.
        either: Pattern of words that mean the two things that were spoken of last.
        both: Pattern of two customers that were spoken of last: "which of the two".
        then: Pattern of a visit that was spoken of last: "that day".
        weeks: Pattern of another week than the next one: "the week after".
        visit: Pattern of the last visit: "my last visit".
        people: Pattern of words such as "they" that mean a customer if staff speak.
        somebody: Pattern of words that mean a customer: "she", "the customer".
        here: Pattern of words for the customer whose page is open: "this customer".
        shows: Pattern of words about what a customer sees: "recommend".
        ellipsis: Pattern of a question that leaves out what it asks about: "since when?".
        verb: Pattern of what stands before a verb, which is no name: "he" of "does he smoke".
        monthly: Pattern of a mean of months: "a month".
        than: Pattern of what stands before the second of two prices that are compared.
        person: Pattern of a fact about the person: "I have …".
        also: Pattern of what joins two questions of one message.
        why: Pattern of a question for a reason and nothing else.
        next: Pattern of words that mean another item than the last one.
        negated: Pattern of what the name of a category says that it lacks: "non-dairy".
        joint: Pattern of what stands between words that belong together: "bottle of soda".
        joins: Pattern of what stands between two things that are compared, in a locale without spaces.
        is_spaced: Whether the locale puts spaces between words.
        is_head_first: Whether the main word of a name is the first one.
        is_encoded: Whether the packaged sentence encoder reads the locale's language.
        shopper: Messages of each intent; filled from ``dialogue_examples.yaml``.
        staff: The same of members of staff; intents of shoppers may occur there.
    """

    ordinals: dict[int, list[str]]
    mentions: dict[str, str]
    kinds: dict[str, Compiled]
    events: dict[str, Compiled]
    common: list[str]
    variants: list[str] = []
    plurals: dict[str, str] = {}
    confirm: Compiled
    amount: Compiled
    assent: Compiled
    refuse: Compiled
    stops: Compiled
    keeps: Compiled
    resumes: Compiled
    conjunction: Compiled
    dates: list[str]
    spans: dict[str, Compiled]
    budget: Compiled
    traits: Compiled
    new: Compiled
    user: Compiled
    cardinals: dict[str, int]
    generic: Compiled
    which: Compiled
    below: Compiled
    both: Compiled
    then: Compiled
    monthly: Compiled
    weeks: Compiled
    visit: Compiled
    people: Compiled = re.compile("(?!)")
    somebody: Compiled
    here: Compiled
    shows: Compiled
    ellipsis: Compiled
    verb: Compiled = re.compile("(?!)")
    than: Compiled
    either: Compiled
    every: Compiled
    person: Compiled
    also: Compiled
    why: Compiled
    next: Compiled
    joint: Compiled
    negated: Compiled
    joins: Compiled = re.compile("(?!)")
    is_spaced: bool = True
    is_head_first: bool = False
    is_encoded: bool = False
    shopper: dict[str, list[str]] = {}
    staff: dict[str, list[str]] = {}

    def examples(self) -> dict[str, list[str]]:
        """Return the messages of each intent."""
        intents = dict.fromkeys([*self.shopper, *self.staff])
        return {intent: [*self.shopper.get(intent, ()), *self.staff.get(intent, ())] for intent in intents}

    def texts(self) -> list[str]:
        """Return every example."""
        return [text for several in self.examples().values() for text in several]


class _Examples(_Strict):
    shopper: dict[str, str]
    staff: dict[str, str]


class DialogueWriter(_Strict):
    """How answers are worded.

    Attributes:
        dates: Format of dates, as Babel reads it.
        staff: What stands for each pattern of a frame that speaks to the customer, if staff are told of one.
        list: What stands ``between`` names and before the ``last`` one.
        terms: Names of context terms.
        kinds: Names of claim kinds.
        events: Names of event kinds.
        deeds: What a user did, by kind of event.
        meanings: What an intent asks for, as a choice.
        frames: Sentences with slots.
    """

    dates: dict[str, str]
    staff: dict[str, str]
    list: dict[str, str]
    terms: dict[str, str]
    kinds: dict[str, str]
    events: dict[str, str]
    deeds: dict[str, str]
    meanings: dict[str, str]
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
        staff: What stands for each part of a sentence's pattern, if staff are told of a customer.
        joiner: Pattern of what stands between names.
        terms: Context term of each name.
        kinds: Claim kind of each name.
        events: Event kind of each name.
        deeds: Event kind of each verb.
        sentences: Every sentence that an answer may contain besides those of claims.
    """

    dates: dict[str, str]
    staff: dict[str, str]
    joiner: str
    terms: dict[str, str]
    kinds: dict[str, str]
    events: dict[str, str]
    deeds: dict[str, str]
    sentences: list[SentencePattern]


class _File(_Strict):
    version: int
    grammar: Grammar
    writer: DialogueWriter
    verifier: DialogueRules

    def patterns(self) -> list[str]:
        """Return every regular expression of answers."""
        return [each.pattern for each in self.verifier.sentences]


@cache
def dialogue_words(locale: str) -> tuple[Grammar, DialogueWriter, DialogueRules]:
    """Return the sections of a locale's ``dialogue.yaml``; ``PromptError`` if it is missing or breaks its schema."""
    text, _ = read_prompt_file(locale, FILE)
    examples, _ = read_prompt_file(locale, EXAMPLES)
    try:
        found = _File.model_validate(yaml.safe_load(text))
        said = _Examples.model_validate(yaml.safe_load(examples))
        for pattern in found.patterns():
            re.compile(pattern)
    except (yaml.YAMLError, ValidationError, re.error) as error:
        raise PromptError(f"{locale}/{FILE} breaks its schema ({error}). Correct the file.") from error
    messages = {"shopper": _split(said.shopper), "staff": _split(said.staff)}
    return found.grammar.model_copy(update=messages), found.writer, found.verifier


def place_words(ordinals: Mapping[int, list[str]]) -> dict[str, int]:
    """Return the place in a list that each ordinal means."""
    return {word: place for place, several in ordinals.items() for word in several}


def _split(examples: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        intent: [text.strip() for text in several.split("|") if text.strip()] for intent, several in examples.items()
    }
