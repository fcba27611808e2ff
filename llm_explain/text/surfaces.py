"""Where a text is shown, and the limits that this sets: files under ``prompts/<locale>/surfaces.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from llm_explain.errors import SettingError
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import StrictModel, read_yaml
from llm_explain.text.skeleton import TONES, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_TONE: Tone = "friendly"
"""Tone of a text for which neither the request nor a surface names one."""

LEAST_LENGTH = 20
"""No sentence is shorter, so a request for less could never be answered."""


class Surface(StrictModel):
    """What one surface asks of a text.

    Attributes:
        max_length: Most characters.
        max_sentences: Most sentences.
        tone: Tone where a request names none.
        names_item: Whether the text should name the item, because no title stands next to it.
        adds_fact: Whether a second sentence states one more fact about the item, where one holds.
        subject_length: Most characters of a subject line; ``None`` for a surface without one.
    """

    max_length: Annotated[int, Field(ge=LEAST_LENGTH)]
    max_sentences: Annotated[int, Field(ge=1, le=2)]
    tone: Tone
    names_item: bool = False
    adds_fact: bool = False
    subject_length: Annotated[int, Field(ge=LEAST_LENGTH)] | None = None


class _File(StrictModel):
    version: Literal[1]
    between_sentences: str = " "
    surfaces: dict[str, Surface]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a surface asks of a text, beyond the locale's own limit.

    Attributes:
        max_length: Most characters; ``None`` for the locale's limit.
        max_sentences: Most sentences; ``None`` for the locale's limit.
        names_item: Whether sentences that name the item are preferred.
        second_sentence: What stands before a second sentence, with one more fact; ``None`` for one sentence.
        subject_length: Most characters of a subject line; ``None`` for none.
    """

    max_length: int | None = None
    max_sentences: int | None = None
    names_item: bool = False
    second_sentence: str | None = None
    subject_length: int | None = None


@cache
def load_surfaces(locale: str) -> Mapping[str, Surface]:
    """Return the surfaces of a locale by name.

    The call raises ``PromptError`` if the file is missing or breaks its schema.

    Args:
        locale: A folder under ``prompts/``.

    Returns:
        The surfaces.
    """
    return _load(locale).surfaces


@cache
def _load(locale: str) -> _File:
    return read_yaml(load_lexicon(locale).locale, "surfaces.yaml", _File)[0]


def resolve(
    locale: str, *, surface: str | None = None, tone: Tone | None = None, max_length: int | None = None
) -> tuple[Tone, Limits]:
    """Return the tone and the limits of a request; its own come before its surface's.

    Args:
        locale: A folder under ``prompts/``.
        surface: Name of a surface; ``None`` for no limits but the locale's.
        tone: Tone that the request names, if any.
        max_length: Most characters that the request allows, if it says so.

    Returns:
        Tone and limits.

    Raises:
        SettingError: If the surface or the tone is unknown, or the length is too small for a sentence.
    """
    surfaces = load_surfaces(locale)
    if surface is not None and surface not in surfaces:
        raise SettingError(f"surface is {surface!r} but one of {', '.join(surfaces)} is needed. Choose one of these.")
    if tone is not None and tone not in TONES:
        raise SettingError(f"tone is {tone!r} but one of {', '.join(TONES)} is needed. Choose one of these.")
    if max_length is not None and max_length < LEAST_LENGTH:
        raise SettingError(
            f"max_length is {max_length} but at least {LEAST_LENGTH} characters are needed. "
            "Allow more, or show no text."
        )
    asked = surfaces[surface] if surface is not None else None
    lengths = [length for length in (max_length, asked.max_length if asked else None) if length is not None]
    longest = min(lengths, default=None)
    if asked is None:
        return tone or DEFAULT_TONE, Limits(longest)
    limits = Limits(
        longest,
        asked.max_sentences,
        asked.names_item,
        _load(locale).between_sentences if asked.adds_fact else None,
        asked.subject_length,
    )
    return tone or asked.tone, limits
