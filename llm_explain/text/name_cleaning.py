"""Names of the catalogue as they may stand in a sentence."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.policy.contacts import CUT, without_contacts
from llm_explain.policy.readable import readable

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    import pandas as pd

_LONE_HASH = re.compile(r"(?<![^\W_])#+(?![^\W_])|##+")
"""A sign that is no part of a word or number as in "C#" or "#7", but of a heading or a comment."""
_CONTENT = re.compile(r"[\u3040-\u9fff]|[^\W\d_]{3,}")
_LEAST_CONTENT = 2
"""Words, or characters of a script without spaces, that a title has besides a contact."""

_LEADS_ON = re.compile(rf"(?<!\w)[^\W\d_\u3040-\u9fff]{{1,3}}\s*{CUT}|[^\W\d_].*{CUT}.*[^\W\d_]", re.DOTALL)
"""A short word before a contact, such as "at" or "von", or a contact amid words: what is left is no name."""

_EMPTY = re.compile(r"[(（]\s*[)）]")
_SPACE = re.compile(r"\s+")
_BEFORE_COMMA = re.compile(r" +(?=[,;](?:\s|$))")
_INVERTED = (("¡", "!"), ("¿", "?"))
"""Marks that open a Spanish title and need the one that closes it."""

_PARENTHESES = (("(", ")"), ("（", "）"))
_NAME_END = re.compile(r"[,(]")

_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")
_FORMULA = re.compile(r"(^|[;\t\r\n][\s\"']*)(?=[=+\-@＝＋－＠\t\r])")
"""Where a spreadsheet reads a formula in a cell of a CSV file; many split it at a semicolon."""


def as_cell(text: str) -> str:
    """Return a text of the shop's tables as a cell of a CSV file that people open: an apostrophe before each formula.

    Args:
        text: A title or an id as the tables have it.

    Returns:
        The text; a number is no formula.
    """
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1'", text)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table for people, each of its texts as ``as_cell`` returns it; JSON and Parquet have them unchanged.

    Args:
        table: Rows.
        path: File to write.
    """
    texts = table.select_dtypes(include=["object", "str", "category"])
    cells = {
        str(name): texts[name].map(lambda cell: as_cell(cell) if isinstance(cell, str) else cell) for name in texts
    }
    table.assign(**cells).to_csv(path, index=False)


_QUOTED = re.compile(r"(?<!\w)['‘’]\w")


@lru_cache(maxsize=65_536)
def clean_name(name: str, max_length: int = 60, ellipsis: str = "…") -> str:
    """Return a shop's name as it may stand in a sentence.

    It is the readable name without hosts and telephone numbers, with single spaces, at most ``max_length`` characters.
    What is left of "Call 0800 555 0199" or "Jackets at evil.com for you" is the name of nothing, and is left out.

    Args:
        name: Title, brand or category as the catalogue has it.
        max_length: Longest name; a longer one ends at a word, outside parentheses, with ``ellipsis``.
        ellipsis: What stands for the rest.

    Returns:
        The name; empty if no name is left.
    """
    text = without_contacts(readable(name, CUT), CUT)
    if CUT in text and (len(_CONTENT.findall(text)) < _LEAST_CONTENT or _LEADS_ON.search(text)):
        return ""
    text = text.replace(CUT, " ")
    text = _SPACE.sub(" ", _EMPTY.sub(" ", _LONE_HASH.sub(" ", text)))
    text = _BEFORE_COMMA.sub("", text)
    for opening, closing in _PARENTHESES:
        if text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    bare = text.strip(" ,;:.!?，；：！？-–—/&'’\u200c\u200d")
    end = text[text.find(bare) + len(bare) :][:1]  # the second mark of "Tomato 'Black Krim'"
    text = bare + end if end in {"'", "’"} and _QUOTED.search(bare) else bare
    for opening, closing in _INVERTED:
        text += closing * (text.count(opening) > text.count(closing))
    if len(text) <= max_length:
        return text
    cut = text[: max_length - len(ellipsis)]
    head = cut.rsplit(" ", 1)[0] if " " in cut else cut
    for opening, closing in _PARENTHESES:
        head = head[: head.rindex(opening)] if head.count(opening) > head.count(closing) else head
    return head.rstrip(" ,;:.，；：-–—/&+(（") + ellipsis


def inside_sentence(title: str, common_words: Container[str]) -> str:
    """Return a title as it stands within a sentence: "Donuts" is no name, "Fisher-Price toy" begins with one.

    Args:
        title: A title, as a rule with a capital first letter.
        common_words: Words that the shop writes in lower case elsewhere.

    Returns:
        The title, with a small first letter where its first word is a common one and no capital follows in its name:
        "Die Hard (1988)" is a name, whatever other titles write in lower case.
    """
    first = title.split(" ", 1)[0].rstrip(",")
    name = _NAME_END.split(title, maxsplit=1)[0]
    if any(word[:1].isupper() for word in name.split()[1:]):
        return title
    is_common = first[1:].islower() and all(part in common_words for part in first.lower().split("-") if part)
    return title[:1].lower() + title[1:] if is_common else title
