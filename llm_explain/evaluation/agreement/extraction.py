"""What the extraction file of a locale says: how the evaluation reads a finished sentence."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import read_prompt_file


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Extraction(_Strict):
    """Cues of one locale; the file explains each entry.

    Attributes:
        words: Patterns that are used in several places.
        before_item: Words after which a single small word may name another item.
        this: What stands before the item itself.
        numbers: Numbers in words.
        months: Names of the months.
        cues: What shows that a sentence speaks of a kind of reason.
        own_category: Whose a mention of the own category is.
        values: Where a kind's number stands.
        degrees: Words of degree by rule.
        degree_exempt: Where a word of degree belongs to another rule.
        causes: What makes a fact a reason.
        against: What turns it round.
        constant: A sentence that fits everybody.
    """

    version: Literal[1]
    words: dict[str, str]
    before_item: frozenset[str]
    this: str
    numbers: dict[str, int]
    months: tuple[str, ...]
    cues: dict[str, str]
    own_category: dict[str, str]
    values: dict[str, str]
    degrees: dict[str, str]
    degree_exempt: str
    causes: str
    against: str
    constant: str

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

    def number(self, word: str) -> int:
        """Return a number that is written in figures or in words.

        Args:
            word: For example ``12``, ``12 times`` or ``twelve``.

        Returns:
            The number.
        """
        figure = word.split(" ", 1)[0].replace(",", "")
        return int(figure) if figure.isdigit() else self.numbers.get(figure, 0)


@cache
def load_extraction(locale: str = "en") -> Extraction:
    """Return the cues of a locale.

    Args:
        locale: A folder under ``prompts/``.

    Returns:
        The checked file.

    Raises:
        PromptError: If the file is missing or breaks its schema.
    """
    text, _ = read_prompt_file(locale, "extraction.yaml")
    try:
        return Extraction.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"{locale}/extraction.yaml breaks its schema ({error}). Correct the file.") from error
