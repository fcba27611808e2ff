"""Names of the catalogue as they may stand in a sentence."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

_LINK = re.compile(r"(?:https?|ftp)\S*|www\.\S+", re.IGNORECASE)
_MARKUP = re.compile(r"[<>{}\[\]|`\\^~_=@$*#\"“”„«»]|&(?:#?\w+);")
_SPACE = re.compile(r"\s+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@lru_cache(maxsize=65_536)
def clean_name(name: str, max_length: int = 60, ellipsis: str = "…") -> str:
    """Return a shop's name as it may stand in a sentence.

    NFKC, no control, bidirectional or markup characters, no links, single spaces, at most ``max_length`` characters.

    Args:
        name: Title, brand or category as the catalogue has it.
        max_length: Longest name; a longer one ends at a word with ``ellipsis``.
        ellipsis: What stands for the rest.

    Returns:
        The name; empty if nothing readable is left.
    """
    text = _LINK.sub(" ", unicodedata.normalize("NFKC", name))
    text = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in text)
    text = _SPACE.sub(" ", _MARKUP.sub(" ", text))
    text = text if text.count("(") == text.count(")") else text.replace("(", "").replace(")", "")
    text = text.strip(" ,;:.!?-–—/&+'’")
    if len(text) <= max_length:
        return text
    cut = text[: max_length - len(ellipsis)]
    head = cut.rsplit(" ", 1)[0] if " " in cut else cut
    return head.rstrip(" ,;:.-–—/&+(") + ellipsis


def inside_sentence(title: str, common_words: Container[str]) -> str:
    """Return a title as it stands within a sentence: "Donuts" is no name, "Fisher-Price toy" begins with one.

    Args:
        title: A title, as a rule with a capital first letter.
        common_words: Words that the shop writes in lower case elsewhere.

    Returns:
        The title, with a small first letter where its first word is a common one.
    """
    first = title.split(" ", 1)[0].rstrip(",")
    is_common = first[1:].islower() and all(part in common_words for part in first.lower().split("-") if part)
    return title[:1].lower() + title[1:] if is_common else title
