"""Names that may be sensitive, found by words of ``prompts/*/import.yaml``."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

from llm_explain.policy.readable import plain
from llm_explain.text.import_words import word_list, words
from llm_explain.text.word_boundaries import SIGN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PARTED: Final = re.compile(rf"(?<=\w)[.·•*_'’/-]+(?=\w)|(?<=\b\w) (?=\w\b)|(?<={SIGN})[\W_]+(?={SIGN})")
"""What parts a word as no writer does: "con-doms", "H.I.V."."""

_LOOK_ALIKE: Final = str.maketrans(
    "øđħıłŧƀƅƍƽǀɑɡɣɨɩɪɯʀʋʏʝͺαβγεζηικμνορστυχϒϝϲϳϻавгекмнорстухьѕіјѡѵүһҽӏԁԍԛԝագզհոռստցքօᎠᎡᎢᎥᎩᎪ"
    "ᎫᎬᎱᎳᎷᎻᎽᏀᏂᏃᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏳᏴᴄᴏᴑᴜᴠᴡᴢᴦᶃᶌẝỿⲅⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭⳑꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴꙇꜱꞙꞟꞵꬲꬵꬽꭇꭈꭎꭒꭓꭚ",
    "odhiltbbgslagyiiiwruyjiabyezhikmvopotuxyfcjmabrekmhopctyxbsijwvyheidgqwwqqhnnusgfodrtiya"
    "jerwmhyghzbrwsvslcpkdgbcoouvwzrgyfyrhlkmnopctyxlbpddtgkjczfmnlsrvhwxyaelouisfubeforruuxy",
)
"""Letters that look like Latin ones (Unicode Technical Standard 39), and letters with a stroke."""

_WORD: Final = re.compile(r"[^\W\d_]{5,}")
"""Stems that are a word of five letters or more, which hardly any two words make by chance."""

LEAST_STEMS: Final = 5
"""Sensitive words of a script from which on its names are read."""

_FIGURES: Final = str.maketrans("013457", "oieast")
_AMONG_LETTERS: Final = re.compile(r"(?<=[a-z])[013457](?=[a-z])")


def sensitive_names(names: Iterable[str], locale: str = "en") -> dict[str, str]:
    """Find names that may be sensitive.

    Args:
        names: Titles or categories.
        locale: Language of the shop. Words of another language may be harmless in it.

    Returns:
        Reason by name, for those in which a word begins like a sensitive one.
    """
    found = {}
    for name in names:
        if reason := sensitive_reason(name, locale):
            found[name] = reason
    return found


def sensitive_reason(name: str, locale: str = "en") -> str:
    """Return why a name may be sensitive in any language; empty if it hardly is."""
    rests = [_exceptions(locale).sub(" ", each) for each in dict.fromkeys(_spellings(name))]
    return next((reason for reason, pattern in _stems() if any(map(pattern.search, rests))), "")


def unread_scripts(names: Iterable[str]) -> Counter[str]:
    """Count names in scripts of which too few sensitive words are known, so that none of them is found.

    Args:
        names: Titles or categories.

    Returns:
        Names by script, such as ``THAI``.
    """
    return Counter(script for name in names if not name.isascii() for script in _scripts(name) - _read_scripts())


@cache
def _read_scripts() -> frozenset[str]:
    """Return the scripts of which at least ``LEAST_STEMS`` sensitive words are known."""
    known = Counter(script for stems in words().sensitive.values() for stem in stems for script in _scripts(stem))
    return frozenset(script for script, number in known.items() if number >= LEAST_STEMS)


def _scripts(text: str) -> set[str]:
    return {unicodedata.name(c, "LATIN").partition(" ")[0].partition("-")[0] for c in plain(text) if c.isalpha()}


def _spellings(name: str) -> Iterator[str]:
    """Yield what a name reads as: without look-alike letters, accents, figures for letters, and signs within words."""
    yield plain(name)
    read = plain(_skeleton(name.casefold()))
    yield read
    yield _AMONG_LETTERS.sub(lambda figure: figure.group().translate(_FIGURES), read)
    yield _PARTED.sub("", read)


def _skeleton(text: str) -> str:
    """Return a text with Latin letters for those that look like them, and without accents."""
    letters = unicodedata.normalize("NFD", text.translate(_LOOK_ALIKE))
    return "".join(c for c in letters if not unicodedata.combining(c)).translate(_LOOK_ALIKE)


@cache
def _stems() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return one pattern a reason: a stem at the beginning of a word, or anywhere in a script without spaces.

    A stem with letters that look like Latin ones is also found as names are read, so that a word of two scripts is.
    """
    compiled = []
    for reason, listed in words().sensitive.items():
        stems = [*listed, *(_skeleton(stem) for stem in listed if stem.translate(_LOOK_ALIKE) != stem)]
        parts = [
            re.escape(stem) if not stem.isascii() and _has_no_spaces(stem) else rf"(?<!\w){stem}" for stem in stems
        ]
        parts += [rf"^(?=\w+(?: \w+){{1,2}}$){_apart(stem)}\w{{0,3}}$" for stem in stems if _WORD.fullmatch(stem)]
        compiled.append((reason, re.compile("|".join(parts), re.IGNORECASE)))
    return tuple(compiled)


def _apart(word: str) -> str:
    """Return a pattern of a word that spaces may part: a whole name such as "Con doms"."""
    return " ?".join(word)


def _has_no_spaces(stem: str) -> bool:
    return any("\u3040" <= character <= "\u9fff" for character in stem)


@cache
def _exceptions(locale: str) -> re.Pattern[str]:
    """Return what is harmless, in any language or in the shop's alone: "douche" is a shower in French."""
    listed = (*words().sensitive_exceptions, *word_list(locale).harmless)
    return re.compile("|".join(listed) or r"(?!)", re.IGNORECASE)
