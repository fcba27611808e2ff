"""Where a text is shown, and the limits that this sets: files under ``prompts/<locale>/surfaces.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_explain.errors import PromptError, SettingError
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import read_prompt_file
from llm_explain.text.skeleton import TONES, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_TONE: Tone = "friendly"
"""Tone of a text for which neither the request nor a surface names one."""

LEAST_LENGTH = 20
"""No sentence is shorter, so a request for less could never be answered."""


class Surface(BaseModel):
    """What one surface asks of a text.

    Attributes:
        max_length: Most characters.
        max_sentences: Most sentences.
        tone: Tone where a request names none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length: Annotated[int, Field(ge=LEAST_LENGTH)]
    max_sentences: Annotated[int, Field(ge=1, le=2)]
    tone: Tone


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    surfaces: dict[str, Surface]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a text may be, beyond the locale's own limit.

    Attributes:
        max_length: Most characters; ``None`` for the locale's limit.
        max_sentences: Most sentences; ``None`` for the locale's limit.
    """

    max_length: int | None = None
    max_sentences: int | None = None


@cache
def load_surfaces(locale: str) -> Mapping[str, Surface]:
    """Return the surfaces of a locale by name.

    Args:
        locale: A folder under ``prompts/``.

    Returns:
        The surfaces.

    Raises:
        PromptError: If the file is missing or breaks its schema.
    """
    text, _ = read_prompt_file(load_lexicon(locale).locale, "surfaces.yaml")
    try:
        return _File.model_validate(yaml.safe_load(text)).surfaces
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"{locale}/surfaces.yaml breaks its schema ({error}). Correct the file.") from error


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
    limits = Limits(min(lengths, default=None), asked.max_sentences if asked else None)
    return tone or (asked.tone if asked else DEFAULT_TONE), limits
