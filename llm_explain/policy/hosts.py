"""Hosts in names of the catalogue: a supplier's title or category must not put a link into a text of the shop."""

from __future__ import annotations

import re
from typing import Final

from babel import Locale

_SUFFIXES = (
    "com|net|org|info|biz|edu|gov|mobi|name|pro|xyz|top|shop|store|online|site|app|dev|link|click|live|club|"
    "vip|icu|tech|cloud|help|support|space|fun|website|world|today|news|email|blog|page|work|team|group|center|"
    "services|security|account|login|bank|pay|money|finance|gift|deals|sale|discount|delivery|express|uk|eu"
)
_COUNTRIES = re.findall(r"\b[a-z]{2}\b", " ".join(map(str, Locale("en").territories)).lower())
HOST: Final = re.compile(
    r"(?<![A-Za-z0-9.-])(?=[0-9.-]*[A-Za-z])(?:[A-Za-z0-9-]+[.。．｡])*"
    r"(?:[A-Za-z0-9-]+[.。．｡](?:[a-z]{2,24}|[A-Z]{2,24})(?:/|:\d)\S*|[A-Za-z0-9-]{2,}[.。．｡]"
    rf"(?:(?i:{_SUFFIXES})|{'|'.join([*_COUNTRIES, *map(str.upper, _COUNTRIES)])})(?:[?#]\S*)?(?![\w-]))"
)
"""A host, perhaps with a path, which mail programs make a link: "bit.ly/gift", not "St.Ives" or "Dr. Oetker"."""
