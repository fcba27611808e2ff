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

CUT: Final = "\u241f"
"""A sign that no title has; it stands where a contact was."""

_STOPS = ".。．｡"
_DOTTED = re.compile(rf"(?<![\w.-])(?P<host>(?:[\w-]+[{_STOPS}])+[\w-]+)(?P<path>(?::\d+)?(?:[/?#]\S*)?)")
_APART = re.compile(r"(?<!\w)\w(?: \w)+ ?\. ?\w(?: \w)+(?!\w)|\bwww\s+\S+\s+\S+|[\w-]+ ?\(dot\) ?[\w-]+", re.IGNORECASE)
"""Hosts that are written so that only people read them: "e v i l . c o m", "www evil com", "evil(dot)com"."""

_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_TECHNOLOGY = re.compile(r"(?:ASP|ADO|VB|ML|Paint)\.NET")
"""Names that mail programs would link to their own sites."""

_NO_WORDS: Final = frozenset({"com", "net", "org", "info", "biz", "edu", "gov", "mobi", "xyz", "icu", "app"})
"""Frequent suffixes that no title has as a word."""

_UNITS: Final = frozenset({"cm", "gr", "in", "kg", "mg", "ml", "mm", "pk"})
"""Suffixes of countries that are units behind a number: "500.ml"."""

_TELEPHONE = re.compile(
    r"(?<![\w.,])(?:\+?\d{9,}|\(?[+0]\d{1,4}\)?(?:[ ./-]{1,2}\(?\d{2,}\)?)+|"
    r"[+(]{0,2}\d{1,4}\)?(?:[ ./·–-]{1,3}\(?\d{2,4}\)?){2,}|\d(?: \d){8,})(?!\w)"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_LEAST_DIGITS = 9
"""Digits of a telephone number; shorter ones are years and sizes."""


def without_contacts(name: str, mark: str = " ") -> str:
    """Return a name without hosts and telephone numbers.

    Args:
        name: A title, a category or a brand in NFKC.
        mark: What stands for a host or a number.

    Returns:
        The name. The mark stands for "bit.ly/gift" and "0800 555 0199", and a space behind the point of "choc.bar".
    """
    return _TELEPHONE.sub(_unless_other, _DOTTED.sub(_unlinked, _APART.sub(CUT, name))).replace(CUT, mark)


def _unless_other(found: re.Match[str]) -> str:
    """Return a mark for a telephone number; a date and sizes in their order stay."""
    text = found.group()
    groups = re.findall(r"\d+", text)
    is_list = len(groups) > 1 and groups == sorted(groups, key=int) and text[0] not in "+(0"
    is_date = _YEAR.search(text) is not None and text[0] not in "+("
    lengths = [*map(len, groups)]
    is_usual = lengths[:3] == [3, 3, 3] or (lengths == [3, 4, 4] and text[0] == "1")
    return text if sum(lengths) < _LEAST_DIGITS or is_date or (is_list and not is_usual) else CUT


def _unlinked(found: re.Match[str]) -> str:
    """Return what stands for a name with points: a mark for a host, a space behind the point of what may be one."""
    whole, host, path = found.group(0, "host", "path")
    labels = re.split(f"[{_STOPS}]", host)
    if _ADDRESS.fullmatch(host):
        return CUT
    public = _suffixes().publicsuffix(".".join(labels).lower()) or ""
    own, suffix = labels[: -public.count(".") - 1], labels[-1]
    if not public or not own or _TECHNOLOGY.fullmatch(whole) or (own[-1].isdecimal() and suffix.lower() in _UNITS):
        return whole
    is_written = suffix.islower() or (suffix.isupper() and len(own[-1]) >= 4)
    is_word = own[-1].isdecimal() or (own[-1][0].isalpha() and len(own[-1]) > 1)
    is_host = suffix.lower() in _NO_WORDS or (len(suffix) == 2 and is_written and is_word)
    if path or is_host or not suffix.isascii() or suffix.startswith("xn--"):
        return CUT
    return re.sub(f"(?<=[{_STOPS}])", " ", whole)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
