"""Names of the catalogue as they may stand in a sentence."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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
