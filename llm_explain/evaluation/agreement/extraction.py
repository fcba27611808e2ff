"""What the extraction file of a locale says: how the evaluation reads a finished sentence."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import Literal

import yaml
from babel.numbers import get_decimal_symbol
from pydantic import Field, ValidationError

from llm_explain.claims.registry import ClaimKinds
from llm_explain.errors import PromptError
from llm_explain.text.event_forms import event_section
from llm_explain.text.kind_words import kind_file, kind_section
from llm_explain.text.lexicon import folder_of
from llm_explain.text.prompt_files import StrictModel, read_prompt_file

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class ValueExtract(StrictModel):
    """Where a number or a day of a kind stands.

    Attributes:
        fact: The fact that it states.
        pattern: Regular expression; the group ``number`` is a number, in figures or in words, or a month. For a day,
            the words before it.
        reads: What stands there.
        times: What the number is multiplied by.
        value: The number, where the pattern alone says it.
    """

    fact: str
    pattern: str
    reads: Literal["number", "day"] = "number"
    times: float = 1.0
    value: float | None = Field(default=None, alias="is")


class KindExtract(StrictModel):
    """How a sentence shows that it speaks of one kind of reason; the section ``audit`` of the kind's file.

    Attributes:
        about: What a sentence mentions: ``item count``, ``own category``, ``other category`` or ``other item``; empty
            where the cue alone shows the kind.
        cue: Regular expression that shows the kind.
        own_category: What stands before the own category where this kind names it.
        own_category_after: What stands behind it there.
        values: Where its numbers stand.
    """

    about: Literal["", "item count", "own category", "other category", "other item"] = ""
    cue: str = ""
    own_category: str = ""
    own_category_after: str = ""
    values: tuple[ValueExtract, ...] = ()


class _Section(StrictModel):
    extract: KindExtract


class EventExtract(StrictModel):
    """How a sentence shows which kinds of event it tells; the section ``audit`` of ``event_kinds.yaml``.

    Attributes:
        words: Regular expression of each event kind.
    """

    words: dict[str, str]


class Extraction(StrictModel):
    """Cues of one locale; the file explains each entry.

    Attributes:
        words: Patterns that are used in several places; ``day_month`` is what stands between a day and its month.
        before_item: Words after which a single small word may name another item.
        this: What stands before the item itself.
        numbers: Numbers in words.
        months: Names of the months.
        bought_for: What stands before the own category where something else is bought for it.
        degrees: Words of degree by rule.
        degree_exempt: Where a word of degree belongs to another rule.
        degree_about: What a word of degree speaks of wherever it stands, by rule, as ``about`` of a kind names it.
        event_kinds: Words that tell which kind of event a sentence speaks of, by event kind.
        decimal: What parts a whole number from its decimals in the locale.
    """

    version: Literal[1]
    words: dict[str, str]
    before_item: frozenset[str]
    this: str
    numbers: dict[str, float]
    months: tuple[str, ...]
    bought_for: str
    degrees: dict[str, str]
    degree_exempt: str
    degree_about: dict[str, str] = {}
    event_kinds: dict[str, str]
    decimal: str
    kinds: dict[str, KindExtract]

    def about(self, what: str) -> str:
        """Return the first claim kind that is known by what a sentence mentions; the empty string without one."""
        return next(iter(self.all_about(what)), "")

    def all_about(self, what: str) -> tuple[str, ...]:
        """Return the claim kinds that are known by what a sentence mentions, in the order of a sentence."""
        return tuple(kind for kind, extract in self.kinds.items() if what and extract.about == what)

    @cached_property
    def times(self) -> re.Pattern[str]:
        """A number of times."""
        return re.compile(self.words["times"])

    @cached_property
    def window(self) -> re.Pattern[str]:
        """A window of days at the beginning of a text."""
        return re.compile(rf"[ ,]*{self.words['window']}(?! you)")

    @cached_property
    def category_before(self) -> re.Pattern[str]:
        """A category at the end of a text."""
        return re.compile(rf"{self.words['category']}(?: too)?[ ,:]*$")

    @cached_property
    def item_before(self) -> re.Pattern[str]:
        """Another item at the end of a text, so that a number of times behind it is the other item's."""
        return re.compile(self.words.get("other_item", "(?!)"))

    def day(self, text: str, before: str) -> float | None:
        """Return the day that a text states behind some words, as month · 100 + day of the month.

        Args:
            text: A sentence in lower case.
            before: Regular expression of the words.

        Returns:
            The number; ``None`` if no day stands there.
        """
        month = "|".join(self.months)
        between = self.words.get("day_month", " ")
        found = re.search(rf"(?:{before})(?:(?P<day>\d+){between})?(?P<month>{month})(?: ?(?P<after>\d+)(?!\d))?", text)
        day = (found["day"] or found["after"]) if found else None
        return self.number(found["month"]) * 100 + float(day) if found and day else None

    def number(self, word: str) -> float:
        """Return a number that is written in figures or in words, or that of a month.

        Args:
            word: For example ``12``, ``12 times`` or ``twelve``.

        Returns:
            The number.
        """
        if word in self.months:
            return self.months.index(word) + 1
        if word in self.numbers:  # "two or three" too
            return self.numbers[word]
        figure = word.split(" ", 1)[0].replace("," if self.decimal == "." else ".", "").replace(self.decimal, ".")
        return float(figure) if _NUMBER.fullmatch(figure) else self.numbers.get(figure, 0)


def load_extraction(locale: str = "en", kinds: ClaimKinds | None = None) -> Extraction:
    """Return the cues of a locale.

    Args:
        locale: A folder under ``prompts/``, perhaps with a region.
        kinds: Claim kinds in force; those that are installed if not given. A kind without words is left out.

    Returns:
        The checked file, with the audit's section of each kind.
    """
    return _load(locale, ClaimKinds.installed() if kinds is None else kinds)


@cache
def _load(locale: str, kinds: ClaimKinds) -> Extraction:
    folder, region = folder_of(locale)
    text, _ = read_prompt_file(folder, "extraction.yaml")
    events = event_section(folder, "audit", EventExtract).words
    spoken = {name: kind for name, kind in kinds.items() if kind_file(folder, kind).is_file()}
    of_kind = {name: kind_section(folder, kind, "audit", _Section).extract for name, kind in spoken.items()}
    decimal = get_decimal_symbol(region or folder)
    try:
        return Extraction.model_validate(
            {**yaml.safe_load(text), "kinds": of_kind, "event_kinds": events, "decimal": decimal}
        )
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"{folder}/extraction.yaml breaks its schema ({error}). Correct the file.") from error
