"""The language of a shop, found in its names and in the headers of its exports."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.text.import_words import word_list
from llm_explain.text.prompt_files import prompts_root

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS: Final = ("title", "category", "category_narrow", "description")
MOST_TEXTS: Final = 5_000
LEAST_TEXTS: Final = 3
TIMES_NEXT: Final = 1.5
"""A language counts if it has this many times as many texts as any other."""


def language_of(tables: Iterable[pd.DataFrame], headers: Iterable[str]) -> str | None:
    """Return the language of a shop.

    Args:
        tables: Rows with names and descriptions, as the export has them.
        headers: Headers of the export; they count where the names do not tell.

    Returns:
        A folder of ``prompts`` with an ``import.yaml``; ``None`` if the texts do not tell.
    """
    columns = [table[name] for table in tables for name in COLUMNS if name in table]
    texts = pd.concat(columns).dropna().drop_duplicates().head(MOST_TEXTS) if columns else pd.Series(dtype="str")
    words = sorted(set(headers))  # those with underscores may be names of a system in another language
    split = [word.replace("_", " ") for word in words]
    told = (_commonest(each) for each in (texts, *(pd.Series(each, dtype="str") for each in (words, split))))
    return next(filter(None, told), None)


def _commonest(texts: pd.Series) -> str | None:
    words = {name: [{*own.findall(text)} for text in texts] for name, (own, _) in _patterns().items()}
    counts = {name: -2 * int(texts.str.contains(other).sum()) for name, (_, other) in _patterns().items()}
    for language, found in words.items():  # "de" is a word of several languages
        rest = (words[name] for name in words if name != language)
        known = [set[str]().union(*each) for each in zip(*rest, strict=True)]
        counts[language] += sum(bool(own - other) for own, other in zip(found, known, strict=True))
    best, *others = sorted(counts, key=lambda name: -counts[name])
    next_best = max((counts[name] for name in others), default=0)
    return best if counts[best] >= max(LEAST_TEXTS, TIMES_NEXT * next_best) else None


@cache
def _patterns() -> dict[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    locales = sorted(path.parent.name for path in prompts_root().glob("*/import.yaml"))
    told = {name: word_list(name) for name in locales}
    return {
        name: (re.compile(found.language, re.IGNORECASE), re.compile(found.other_language or r"(?!)", re.IGNORECASE))
        for name, found in told.items()
        if found.language
    }
