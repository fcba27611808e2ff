"""Hosts in names of the catalogue: a supplier's title or category must not put a link into a text of the shop.

Titles hold points that end an abbreviation: "1.7 fl.oz/50ml", "3.4 oz.Gift Set", "12OZ.PK", "Node.js". So a suffix
must be one that domains have, and where it may also begin a sentence, case and length of the word before it decide.
"""

from __future__ import annotations

import re
from typing import Final

from babel import Locale

_SUFFIXES = "com|net|org|info|biz|edu|gov|mobi"
_WORDS = (
    "name|pro|xyz|top|shop|store|online|site|app|dev|link|click|live|club|"
    "vip|icu|tech|cloud|help|support|space|fun|website|world|today|news|email|blog|page|work|team|group|center|"
    "services|security|account|login|bank|pay|money|finance|gift|deals|sale|discount|delivery|express"
)
"""Suffixes that are words too."""

_COUNTRIES = "|".join([*re.findall(r"\b[a-z]{2}\b", " ".join(map(str, Locale("en").territories)).lower()), "uk", "eu"])
"""Each suffix of two letters is a country's: "oz", "ft" and "js" are none."""

_END = r"(?:[?#]\S*)?(?![\w-])"
HOST: Final = re.compile(
    # Names of technologies, which mail programs would link to their own sites.
    r"(?<![A-Za-z0-9.-])(?!(?:ASP|ADO|VB|ML|Paint)\.NET(?![\w./:?#-]))"
    r"(?=[0-9.-]*[A-Za-z])(?:[A-Za-z0-9-]+[.。．｡])*(?:"
    rf"[A-Za-z0-9-]+[.。．｡](?:{_COUNTRIES}|{_COUNTRIES.upper()}|[a-z]{{3,24}}|[A-Z]{{3,24}})(?:/|:\d)\S*|"
    rf"[A-Za-z0-9-]{{2,}}[.。．｡](?i:{_SUFFIXES}){_END}|"
    rf"(?=[0-9-]*[A-Za-z])[A-Za-z0-9-]{{2,}}[.。．｡](?:{_WORDS}|{_COUNTRIES}){_END}|"
    r"[A-Z][A-Za-z0-9-]{3,}[.。．｡](?:[A-Za-z0-9-]+[.。．｡])*"
    rf"(?:{_WORDS.title()}|{_WORDS.upper()}|{_COUNTRIES.upper()}){_END})"
)
"""A host, perhaps with a path, which mail programs make a link: "bit.ly/gift", not "St.Ives" or "Dr. Oetker"."""
