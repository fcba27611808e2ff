"""The writer's words of event kinds: sentences are written of purchases and exchanged for another kind.

The verifier reads another section of ``event_kinds.yaml`` (``llm_explain/verifier/event_words.py``).
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import LOADER, StrictModel, read_prompt_file
from llm_explain.text.word_boundaries import any_of, bounded
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "event_kinds.yaml"

Section = TypeVar("Section", bound=BaseModel)


class EventForms(StrictModel):
    """How a locale writes about events of each kind.

    Attributes:
        purchase: Every word or phrase that tells a purchase, or where one happens.
        not_of_purchases: Words of them that stand for another kind alone, such as what lies in a basket now.
        forms: Word of a purchase and its form, by event kind. A word that tells no purchase may have a form too. An
            empty form says that the kind has none: "lo compraste" where one enrols *in* something. A key with a
            capital counts for that spelling alone.
        works: Kinds whose items are works, such as films: a title is a name, with which no word agrees.
    """

    purchase: tuple[str, ...]
    not_of_purchases: tuple[str, ...] = ()
    forms: dict[str, dict[str, str]]
    works: frozenset[str] = frozenset()

    @classmethod
    def load(cls, locale: str) -> EventForms:
        """Return the forms of a locale.

        The call raises ``PromptError`` if the file is missing or breaks its schema.

        Args:
            locale: A folder under ``prompts/``.

        Returns:
            The checked section.
        """
        return event_section(locale, "writer", cls)

    def exchange(self, texts: Iterable[str], event_kind: str) -> list[str] | None:
        """Return the literal texts of a sentence for a kind of event, keeping capital first letters.

        Args:
            texts: Texts that are written of purchases.
            event_kind: Kind of the events that the sentence tells.

        Returns:
            The texts; ``None`` if a word of a purchase has no form in the kind.
        """
        given = list(texts)
        if event_kind == PURCHASE:
            return None if any(map(self._no_purchases.search, given)) else given
        forms = self.forms.get(event_kind)
        if forms is None:
            return None
        words = self._words[event_kind]

        def of(match: re.Match[str]) -> str:
            return forms.get(match.group(0), forms.get(match.group(0).lower(), ""))

        if not all(of(match) for text in given for match in words.finditer(text)):
            return None

        def form(match: re.Match[str]) -> str:
            other = of(match)
            return other[:1].upper() + other[1:] if match.group(0)[0].isupper() else other

        return [words.sub(form, text) for text in given]

    @cached_property
    def _no_purchases(self) -> re.Pattern[str]:
        words = any_of(self.not_of_purchases)
        return re.compile(bounded(words) if words else "(?!)", re.IGNORECASE)

    @cached_property
    def _words(self) -> dict[str, re.Pattern[str]]:
        """Words of a purchase, and others that a kind has a form for, by event kind."""
        return {
            kind: re.compile(bounded(any_of({*self.purchase, *own})), re.IGNORECASE) for kind, own in self.forms.items()
        }


@cache
def _content(locale: str) -> dict[str, Any]:
    text, _ = read_prompt_file(locale, FILE)
    try:
        content = yaml.load(text, Loader=LOADER)  # noqa: S506  both are safe loaders
    except yaml.YAMLError as error:
        raise PromptError(f"{locale}/{FILE} is no valid YAML ({error}). Correct the file.") from error
    return content if isinstance(content, dict) else {}


def event_section(locale: str, section: str, model: type[Section]) -> Section:
    """Return one reader's section of a locale's event kinds.

    Args:
        locale: A folder under ``prompts/``.
        section: ``writer``, ``verifier`` or ``audit``.
        model: Schema of the section.

    Returns:
        The checked section.

    Raises:
        PromptError: If the file is missing or the section breaks its schema.
    """
    try:
        return model.model_validate(_content(locale).get(section))
    except ValidationError as error:
        raise PromptError(f"{locale}/{FILE}: {section} breaks its schema ({error}). Correct the file.") from error
