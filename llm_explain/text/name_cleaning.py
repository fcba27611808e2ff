"""Names of the catalogue as they may stand in a sentence."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.policy.contacts import without_contacts
from llm_explain.policy.name_set import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    import pandas as pd

_LINK = re.compile(r"(?:https?|ftp)\S*|www\.\S+", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_MARKUP = re.compile(r"[<>{}\[\]|`\\^~_=@$*\"“”„«»]")
_LONE_HASH = re.compile(r"(?<![^\W_])#+(?![^\W_])|##+")
"""A sign that is no part of a word or number as in "C#" or "#7", but of a heading or a comment."""
_FLAG = re.compile(r"【[^】]*】")
"""What a shop sets before or behind a title: "【官方旗舰店】"."""

_INCHES = re.compile(r"(?<=\d)[\"”]")
_SPACE = re.compile(r"\s+")
_BEFORE_COMMA = re.compile(r" +(?=[,;](?:\s|$))")
_INVERTED = (("¡", "!"), ("¿", "?"))
"""Marks that open a Spanish title and need the one that closes it."""

_PARENTHESES = (("(", ")"), ("（", "）"))
_NAME_END = re.compile(r"[,(]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_NEEDLESS_JOINERS = re.compile("(?:^|(?<=[\\x00-\\x7f]))[\u200c\u200d]+|[\u200c\u200d]+(?=[\\x00-\\x7f]|$)")
"""Joiners next to a Latin letter, where no script needs them."""
_DIRECTION_MARKS = dict.fromkeys(map(ord, "\u200e\u200f"))
_UNSEEN = re.compile(rf"(?<=\w)[{UNSEEN}]+")
"""What is not drawn behind a letter; a selector behind a sign belongs to an emoji."""

_HALF_WIDTH = range(0xFF00, 0xFFF0)


_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")
_FORMULA = re.compile(r"(^|[;\t\r\n]\s*)(?=[=+\-@＝＋－＠\t\r])")
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


@lru_cache(maxsize=65_536)
def clean_name(name: str, max_length: int = 60, ellipsis: str = "…") -> str:
    """Return a shop's name as it may stand in a sentence.

    No HTML, flags in 【】, control, bidirectional or markup characters, no links or telephone numbers, single spaces,
    at most ``max_length`` characters. Letters and marks are in NFKC; signs such as ™ and ½ stay. So do the joiners that
    Persian, Indic scripts and emoji need.

    Args:
        name: Title, brand or category as the catalogue has it.
        max_length: Longest name; a longer one ends at a word, outside parentheses, with ``ellipsis``.
        ellipsis: What stands for the rest.

    Returns:
        The name; empty if nothing readable is left.
    """
    text = _TAG.sub(" ", html.unescape(name)) if "&" in name or "<" in name else name
    bare = _FLAG.sub(" ", text) if "【" in text else text
    text = bare if any(map(str.isalnum, bare)) else text
    text = _LINK.sub(" ", _normal(_UNSEEN.sub("", text))).translate(_DIRECTION_MARKS)
    text = "".join(" " if unicodedata.category(c) in _INVISIBLE and c not in _JOINERS else c for c in text)
    text = _INCHES.sub("″", text)
    text = without_contacts(_MARKUP.sub(" ", _NEEDLESS_JOINERS.sub("", text)))
    text = _SPACE.sub(" ", _LONE_HASH.sub(" ", text))
    text = _BEFORE_COMMA.sub("", text)
    for opening, closing in _PARENTHESES:
        if text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    text = text.strip(" ,;:.!?，；：！？-–—/&'’\u200c\u200d")
    for opening, closing in _INVERTED:
        text += closing * (text.count(opening) > text.count(closing))
    if len(text) <= max_length:
        return text
    cut = text[: max_length - len(ellipsis)]
    head = cut.rsplit(" ", 1)[0] if " " in cut else cut
    for opening, closing in _PARENTHESES:
        head = head[: head.rindex(opening)] if head.count(opening) > head.count(closing) else head
    return head.rstrip(" ,;:.，；：-–—/&+(（") + ellipsis


def _normal(text: str) -> str:
    """Return a text in NFKC, but for signs that NFKC would write as other characters."""
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(c if _is_sign(c) else unicodedata.normalize("NFKC", c) for c in composed)


def _is_sign(character: str) -> bool:
    is_symbol = unicodedata.category(character) in {"So", "No"} and ord(character) not in _HALF_WIDTH
    return is_symbol or character in "，：；？！（）"


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
