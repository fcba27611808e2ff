"""Names that may be sensitive, found by words of ``prompts/*/import.yaml``."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from llm_explain.text.import_words import words

if TYPE_CHECKING:
    from collections.abc import Iterable


def sensitive_names(names: Iterable[str]) -> dict[str, str]:
    """Find names that may be sensitive.

    Args:
        names: Titles or categories.

    Returns:
        Reason by name, for those in which a word begins like a sensitive one.
    """
    found = {}
    for name in names:
        if reason := sensitive_reason(name):
            found[name] = reason
    return found


def sensitive_reason(name: str) -> str:
    """Return why a name may be sensitive; empty if it hardly is."""
    rest = _exceptions().sub(" ", name)
    return next((reason for reason, pattern in _stems() if pattern.search(rest)), "")


@cache
def _stems() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return one pattern a reason: a stem at the beginning of a word, or anywhere in a script without spaces."""
    compiled = []
    for reason, stems in words().sensitive.items():
        parts = [
            re.escape(stem) if not stem.isascii() and _has_no_spaces(stem) else rf"(?<!\w){stem}" for stem in stems
        ]
        compiled.append((reason, re.compile("|".join(parts), re.IGNORECASE)))
    return tuple(compiled)


def _has_no_spaces(stem: str) -> bool:
    return any("\u3040" <= character <= "\u9fff" for character in stem)


@cache
def _exceptions() -> re.Pattern[str]:
    return re.compile("|".join(words().sensitive_exceptions) or r"(?!)", re.IGNORECASE)
