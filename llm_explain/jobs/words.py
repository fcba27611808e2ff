"""A job's file of words, ``prompts/<locale>/<job>.yaml``: a section for the writer and one for the verifier.

Neither section reads the other. Expressions are sandboxed Jinja expressions over facts, as in claim kinds' files.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from llm_explain.claims.registry import ClaimKinds
from llm_explain.errors import PromptError
from llm_explain.text.lexicon import folder_of, load_lexicon
from llm_explain.text.prompt_files import read_prompt_file

if TYPE_CHECKING:
    from llm_explain.text.lexicon import Lexicon

Section = TypeVar("Section", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Phrases(_Strict):
    """How the writer states one kind.

    Attributes:
        values: Expression of each slot over the facts.
        texts: Texts with slots in braces; one with a slot that has no value is not used.
        reasons: Of a headline: what stands before the first reason, in place of ``joins.reasons``.
        opposing: The same before the first opposing driver.
    """

    values: dict[str, str] = {}
    texts: tuple[str, ...]
    reasons: str | None = None
    opposing: str | None = None


class Joins(_Strict):
    """How the writer joins the parts of a text.

    Attributes:
        reasons: Between headline and first reason.
        between: Between reasons, and between opposing drivers.
        last: Before the last of several.
        opposing: Before the first opposing driver.
        end: End of a sentence.
        next: Between sentences.
        yet: Before a claim at the end that speaks against the headline.
        also: Before another claim at the end.
    """

    reasons: str
    between: str
    last: str
    opposing: str
    end: str
    next: str
    yet: str = ""
    also: str = ""


class WriterWords(_Strict):
    """The writer's section.

    Attributes:
        names: Words by name of a thing, which expressions read as ``names``.
        measures: Measures besides those of the lexicon.
        headlines: Phrases by kind of headline.
        kinds: Phrases by claim kind.
        closing: Phrases by kind of closing sentence.
        joins: How they are joined.
        shared: Expressions of slots that every kind has.
    """

    shared: dict[str, str] = {}
    names: dict[str, str] = {}
    measures: dict[str, dict[str, str]] = {}
    headlines: dict[str, Phrases]
    kinds: dict[str, Phrases]
    closing: dict[str, Phrases] = {}
    joins: Joins


class Proof(_Strict):
    """How the verifier reads and proves a statement of one kind.

    Attributes:
        reads: Regular expressions of the whole statement with named parts; ``<name>`` stands for a macro.
        holds: Expression over the named parts, ``facts`` and ``as_of`` that is true if the statement is.
        reasons: Of a headline: a regular expression in place of ``grammar.reasons``.
        opposing: The same for ``grammar.opposing``.
    """

    reads: tuple[str, ...]
    holds: str
    reasons: str | None = None
    opposing: str | None = None


class Grammar(_Strict):
    """Regular expressions of what joins the parts of a text; their meanings are those of ``Joins``."""

    reasons: str
    between: str
    opposing: str
    end: str
    next: str
    yet: str = ""
    also: str = ""


class VerifierWords(_Strict):
    """The verifier's section.

    Attributes:
        macros: Regular expressions by name.
        unit_macros: Those of counts with a unit, in place of macros of the same name; ``{unit}`` stands for it.
        headlines: Proofs by kind of headline.
        kinds: Proofs by claim kind.
        closing: Proofs by kind of closing sentence.
        grammar: What joins them.
        shared: Expression that must be true of each statement besides its own; the empty text if there is none.
        max_length: Most characters of a text.
    """

    macros: dict[str, str] = {}
    unit_macros: dict[str, str] = {}
    headlines: dict[str, Proof]
    kinds: dict[str, Proof]
    closing: dict[str, Proof] = {}
    grammar: Grammar
    shared: str = ""
    max_length: int = 600


def job_lexicon(locale: str, currency: str | None) -> Lexicon:
    """Return the lexicon that a job's values are written and read by.

    Args:
        locale: A folder under ``prompts/``, perhaps with a region.
        currency: ISO 4217 code; ``None`` for a shop that does not state it.

    Returns:
        The lexicon, without claim kinds.
    """
    return load_lexicon(locale, ClaimKinds(())).with_currency(currency)


def job_section(
    locale: str, job: str, section: Literal["writer", "verifier", "audit"], model: type[Section]
) -> Section:
    """Return one section of a job's file.

    Args:
        locale: A folder under ``prompts/``, perhaps with a region.
        job: Name of the job.
        section: Name of the section.
        model: Schema of the section.

    Returns:
        The checked section.

    Raises:
        PromptError: If the file is missing, is no YAML, or the section breaks its schema.
    """
    folder, _ = folder_of(locale)
    where = f"{folder}/{job}.yaml"
    content = _read(folder, job)
    try:
        return model.model_validate(content.get(section))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (section, *first["loc"])))
        raise PromptError(f"{where}: {place} breaks its schema ({first['msg']}). Correct the file.") from error


@cache
def _read(folder: str, job: str) -> dict[str, Any]:
    text, _ = read_prompt_file(folder, f"{job}.yaml")
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PromptError(f"{folder}/{job}.yaml is no valid YAML ({error}). Correct the file.") from error
    if not isinstance(content, dict) or content.get("version") != 1:
        raise PromptError(f"{folder}/{job}.yaml has no 'version: 1' but it must begin with it. Correct the file.")
    return content
