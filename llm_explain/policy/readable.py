"""Names of the catalogue as people read them: without HTML, markup, links and characters that are not drawn.

Texts, the policy's lists and the words of sensitive names read names in this one form, so that no spelling hides
a name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_LINK = re.compile(r"(?:https?|ftp)\S*|www\.\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
"""Links and e-mail addresses."""

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_INLINE = re.compile(r"</?(?:a|b|em|font|i|mark|small|span|strong|sub|sup|u|wbr)\b[^<>]{0,500}>", re.IGNORECASE)
"""Tags that part no words: "con<wbr>trol"."""

_MARKUP = re.compile(r"[<>{}\[\]|`\\^~_=@$*\"“”„«»]")
_FLAG = re.compile(r"【[^】]*】")
"""What a shop sets before or behind a title: "【官方旗舰店】"."""

_INCHES = re.compile(r"(?<=\d)[\"”]")
_TIMES = re.compile(r"(?<=[^\W_])\s?\*\s?(?=\d)")
"""What a shop writes for "times": "250 ml*24"."""

_INVISIBLE = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_NEEDLESS_JOINERS = re.compile("(?:^|(?<=[\\x00-\\x7f]))[\u200c\u200d]+|[\u200c\u200d]+(?=[\\x00-\\x7f]|$)")
"""Joiners next to a Latin letter, where no script needs them."""

_UNSEEN = re.compile(
    "(?<=\\w)[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]+"
)
"""What is not drawn behind a letter (Default_Ignorable_Code_Point); a selector behind a sign belongs to an emoji."""

_HALF_WIDTH = range(0xFF00, 0xFFF0)


@lru_cache(maxsize=1 << 14)
def readable(name: str, mark: str = " ") -> str:
    """Return a name as people read it.

    Letters and marks are in NFKC; signs such as ™ and ½ stay. So do the joiners that Persian, Indic scripts and emoji
    need, and spaces as they are.

    Args:
        name: Title, brand or category as the catalogue has it.
        mark: What stands for a link.

    Returns:
        The name.
    """
    text = html.unescape(name) if "&" in name else name
    text = _TAG.sub(" ", _INLINE.sub("", text)) if "<" in text else text
    bare = _FLAG.sub(" ", text) if "【" in text else text
    text = bare if any(map(str.isalnum, bare)) else text
    text = _LINK.sub(mark, _normal(_UNSEEN.sub("", text)))
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_drawn, text))
    return _MARKUP.sub(" ", _NEEDLESS_JOINERS.sub("", _TIMES.sub("×", _INCHES.sub("″", text))))


@lru_cache(maxsize=1 << 14)
def plain(name: str) -> str:
    """Return a readable name without differences of case, space, full width and joiners, by which names are compared.

    Results are kept, as every claim asks for its category's.
    """
    text = unicodedata.normalize("NFKC", readable(name))
    return " ".join("".join(c for c in text if unicodedata.category(c) != "Cf").casefold().split())


def _drawn(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cf" and character not in _JOINERS:
        return ""
    return " " if kind in _INVISIBLE else character


def _normal(text: str) -> str:
    """Return a text in NFKC, but for signs that NFKC would write as other characters."""
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(c if _is_sign(c) else unicodedata.normalize("NFKC", c) for c in composed)


def _is_sign(character: str) -> bool:
    is_symbol = unicodedata.category(character) in {"So", "No"} and ord(character) not in _HALF_WIDTH
    return is_symbol or character in "，：；？！（）"
