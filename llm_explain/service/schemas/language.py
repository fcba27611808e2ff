"""The language of an answer whose request names none: what ``Accept-Language`` prefers, else that of the shop."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from llm_explain.errors import PromptError
from llm_explain.text.lexicon import DEFAULT_LOCALE, folder_of

MOST_TAGS: Final = 10
"""Languages of a header that are read. Each costs a fraction of a millisecond before a request is authenticated."""

preferred: Final = ContextVar("preferred", default=DEFAULT_LOCALE)
"""The language that the client of this task prefers."""


def spoken() -> str:
    """Return the language of an answer whose request names none."""
    return preferred.get()


def negotiate(header: str, default: str) -> str:
    """Return the first language of ``Accept-Language`` that has words, by quality.

    Args:
        header: The header, of which ``MOST_TAGS`` languages count; empty if the request has none.
        default: The answer if no language of the header has words.

    Returns:
        A locale.
    """
    for tag in sorted(header.split(",", MOST_TAGS)[:MOST_TAGS], key=_quality, reverse=True):
        locale = tag.partition(";")[0].strip()
        try:
            folder_of(locale)
        except PromptError:
            continue
        if _quality(tag) > 0:
            return locale
    return default


def _quality(tag: str) -> float:
    """Return the quality of ``fr;q=0.7``; 1 if it has none."""
    _, _, quality = tag.replace(" ", "").partition(";q=")
    try:
        return float(quality or 1)
    except ValueError:
        return 0.0
