"""The writer's section of a claim kind's file: its slots, their values, and sentences that state it.

One file for each claim kind and locale, ``prompts/<locale>/claims/<kind>.yaml``. The verifier and the audit read other
sections of it and share no model with this one.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import LOADER, StrictModel, locale_root

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.claims.kind import ClaimKind

Section = TypeVar("Section", bound=BaseModel)

VERSION = 1


class Slots(StrictModel):
    """Slots of one claim kind.

    Attributes:
        required: Slots that a sentence has exactly once.
        optional: Slots that a sentence has at most once.
        preferred: Optional slots that a sentence has if they have a value and there is room.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """Return all slots, the required ones first."""
        return (*self.required, *self.optional)


class Clauses(StrictModel):
    """Clauses of the grammar.

    Attributes:
        full: Clauses that can stand alone or after a word such as "because".
        short: Fragments, for the concise tone.
        again: Full clauses for a sentence that has already named what ``again_after`` lists.
        again_short: Fragments for such a sentence.
        line: Whole sentences for a card under the heading of *again*.
        badge: Whole sentences for a badge.
        heading: Whole sentences for the heading of a shelf; it is shown without the stop.
    """

    full: tuple[str, ...]
    short: tuple[str, ...]
    again: tuple[str, ...] = ()
    again_short: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    badge: tuple[str, ...] = ()
    heading: tuple[str, ...] = ()


class PromptPart(StrictModel):
    """One line of the prompt that asks a language model for a sentence with slots.

    Attributes:
        meaning: What the slot stands for, or what the sentence is to state without a slot.
        slot: The slot, without braces.
    """

    meaning: str
    slot: str = ""


class PromptWords(StrictModel):
    """What a language model reads of a kind.

    Attributes:
        task: Lines of the prompt for a sentence with slots.
        fact: The claim as a sentence with slots, for a model that sees values.
        optional: Words before the value of a slot that may have none.
    """

    task: tuple[PromptPart, ...]
    fact: str
    optional: dict[str, str] = {}


class Panel(StrictModel):
    """How the component on a web page tells the claim, by CLDR plural category where it depends on a number.

    Attributes:
        reason: Text with facts in braces.
        unnamed: Text for a claim about an item that has no name.
        of_other_events: Text for events that are no purchases.
        unnamed_of_other_events: Both.
    """

    reason: str | dict[str, str]
    unnamed: str | dict[str, str] = ""
    of_other_events: str | dict[str, str] = ""
    unnamed_of_other_events: str | dict[str, str] = ""


class KindWords(StrictModel):
    """What the writer knows of one claim kind.

    Attributes:
        name: Short label.
        slots: Slots of its sentences.
        values: Expression of each slot over the claim's facts (``llm_explain/text/values.py``).
        says: What a sentence has named once it states this kind.
        again_after: What must have been named for the ``again`` clauses.
        alike: Tag of kinds whose sentences differ only in their slots.
        needs_frame: Whether a full clause by itself says too little: "you bought eggs" does not tell why.
        clauses: Clauses of the grammar.
        prompt: What a language model reads.
        samples: Facts of a sample claim, for the linter.
        other_samples: Facts of more sample claims, for sentences with slots that the first one does not give.
        panel: How a web page tells the claim.
    """

    name: str
    slots: Slots
    values: dict[str, str]
    says: frozenset[str] = frozenset()
    again_after: frozenset[str] = frozenset()
    alike: str = ""
    needs_frame: bool = False
    clauses: Clauses
    prompt: PromptWords
    samples: dict[str, Any]
    other_samples: tuple[dict[str, Any], ...] = ()
    panel: Panel


def kind_file(locale: str, kind: ClaimKind) -> Path:
    """Return the path of a claim kind's words, which need not exist.

    Args:
        locale: A folder under ``prompts/``.
        kind: The claim kind.

    Returns:
        ``<locale>/claims/<name>.yaml`` under the kind's own prompts folder, or under the package's.
    """
    return (kind.prompts or locale_root(locale)) / locale / "claims" / f"{kind.name}.yaml"


def kind_digest(locale: str, kind: ClaimKind) -> str:
    """Return the SHA-256 of a claim kind's words.

    Args:
        locale: A folder under ``prompts/``.
        kind: The claim kind.

    Returns:
        Hexadecimal digest.
    """
    return hashlib.sha256(kind_file(locale, kind).read_bytes()).hexdigest()


def kind_section(
    locale: str, kind: ClaimKind, section: Literal["writer", "verifier", "audit"], model: type[Section]
) -> Section:
    """Return one section of a claim kind's file.

    Args:
        locale: A folder under ``prompts/``.
        kind: The claim kind.
        section: Name of the section.
        model: Schema of the section.

    Returns:
        The checked section.

    Raises:
        PromptError: If the file is missing, is no YAML, or the section is missing or breaks its schema.
    """
    path = kind_file(locale, kind)
    content = _read(path)
    where = f"{locale}/claims/{path.name}"
    if section not in content:
        raise PromptError(f"{where} has no section {section!r} but its reader needs one. Add the section.")
    try:
        return model.model_validate(content[section])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (section, *first["loc"])))
        raise PromptError(f"{where}: {place} breaks its schema ({first['msg']}). Correct the file.") from error


@cache
def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  both are safe loaders
    except OSError as error:
        raise PromptError(f"{path} cannot be read but a claim kind's words are needed. Write the file.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PromptError(f"{path} is no valid YAML ({error}). Correct the file.") from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise PromptError(f"{path} has no 'version: {VERSION}' but the file must begin with it. Correct the file.")
    return content
