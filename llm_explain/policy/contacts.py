"""Hosts and telephone numbers in names of the catalogue: no supplier's link or number enters a text of the shop.

Titles hold points that end an abbreviation: "1.7 fl.oz/50ml", "3.4 oz.Gift Set", "12OZ.PK", "Node.js". A name is a host
only if its suffix is on the Public Suffix List. A suffix that is a word too may begin a sentence: a space behind its
point keeps the word, and mail programs make no link of it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from publicsuffixlist import PublicSuffixList

_STOPS = ".。．｡"
_DOTTED = re.compile(rf"(?<![\w.-])(?P<host>(?:[\w-]+[{_STOPS}])+[\w-]+)(?P<path>(?::\d+)?(?:[/?#]\S*)?)")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_TECHNOLOGY = re.compile(r"(?:ASP|ADO|VB|ML|Paint)\.NET")
"""Names that mail programs would link to their own sites."""

_NO_WORDS: Final = frozenset({"com", "net", "org", "info", "biz", "edu", "gov", "mobi", "xyz", "icu", "app"})
"""Frequent suffixes that no title has as a word."""

_TELEPHONE = re.compile(
    r"(?<![\w.,])(?:\(?[+0]\d{1,4}\)?(?:[ ./-]{1,2}\(?\d{2,}\)?)+|\+?\d{9,}|"
    r"(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{3,4})(?!\w)"
)
_LEAST_DIGITS = 9
"""Digits of a telephone number; shorter ones are years and sizes."""


def without_contacts(name: str) -> str:
    """Return a name without hosts and telephone numbers.

    Args:
        name: A title, a category or a brand in NFKC.

    Returns:
        The name. A space stands for "bit.ly/gift" and "0800 555 0199", and behind the point of "choc.bar".
    """
    return _TELEPHONE.sub(_unless_short, _DOTTED.sub(_unlinked, name))


def _unless_short(found: re.Match[str]) -> str:
    return " " if sum(map(str.isdigit, found.group())) >= _LEAST_DIGITS else found.group()


def _unlinked(found: re.Match[str]) -> str:
    """Return what stands for a name with points: nothing for a host, a space behind the point of what may be one."""
    whole, host, path = found.group(0, "host", "path")
    labels = re.split(f"[{_STOPS}]", host)
    if _ADDRESS.fullmatch(host):
        return " "
    public = _suffixes().publicsuffix(".".join(labels).lower()) or ""
    own, suffix = labels[: -public.count(".") - 1], labels[-1]
    has_letter = bool(own) and any(map(str.isalpha, own[-1]))
    is_spelt = len(own) > 1 and len(own[-1]) == 1  # "will.i.am"
    if not public or not own or is_spelt or _TECHNOLOGY.fullmatch(whole):
        return whole
    is_written = suffix.islower() or (suffix.isupper() and len(own[-1]) >= 4 and own[-1][0].isalpha())
    is_host = suffix.lower() in _NO_WORDS or (len(suffix) == 2 and is_written and has_letter)
    if path or not suffix.isascii() or suffix.startswith("xn--") or (is_host and len(own[-1]) > 1):
        return " "
    return re.sub(f"(?<=[{_STOPS}])", " ", whole) if has_letter else whole


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
