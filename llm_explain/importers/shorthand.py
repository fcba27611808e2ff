"""Turn retail shorthand into words by rule: "FRZN VEG/DNRS" becomes "frozen vegetable and dinners"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MIN_SHOUTED_WORD: Final = 5
"""A single all-capitals word shorter than this may be a name or an acronym (LEGO, USB) and stays."""

MIN_ABBREVIATION: Final = 3
TOKEN: Final = re.compile(r"[^\s,;:()\[\]+*_\\|/&-]+|[/&]|\s-+\s|[,;:()\[\]+*_\\|-]")
JOINERS: Final = {"/", "&"}
PAUSES: Final = {",", ";", ":", "(", ")", "[", "]", "|", "\\"}
VOWEL: Final = re.compile(r"[AEIOUY]")


@dataclass(frozen=True, slots=True)
class ShorthandCleaner:
    """Words for the shorthand of a shop that has no reviewed dictionary.

    Attributes:
        words: Word by abbreviation, the abbreviation in capitals.
    """

    words: Mapping[str, str]

    def is_shorthand(self, text: str) -> bool:
        """Return whether a text looks like shorthand rather than like words.

        All capitals count, unless it is one short word; so does an abbreviation without a vowel in any spelling.

        Args:
            text: A category, brand or title.

        Returns:
            Whether ``clean`` should have it. Scripts without capitals never look like shorthand.
        """
        tokens = [token.strip(".'\"") for token in re.split(r"[\s/,&-]+", text)]
        letters = [token for token in tokens if any(character.isalpha() for character in token)]
        if any(len(t) >= MIN_ABBREVIATION and t.upper() in self.words and not VOWEL.search(t.upper()) for t in letters):
            return True
        if text.upper() != text or text.lower() == text:
            return False
        is_known = any(token in self.words for token in letters)
        return is_known or "/" in text or len(letters) > 1 or any(len(token) >= MIN_SHOUTED_WORD for token in letters)

    def clean(self, text: str) -> str:
        """Write shorthand as words in lower case.

        Args:
            text: A category, brand or title.

        Returns:
            The words: abbreviations expanded, slashes read as "and", other separators as a comma, spaces single.
            Where nothing readable is left, the text as it came.
        """
        for mark in ("W/O", "W/"):
            text = re.sub(rf"(?<!\S){mark}\s*", f"{self.words.get(mark, mark.lower())} ", text, flags=re.IGNORECASE)
        phrases: list[list[str]] = [[]]
        for token in TOKEN.findall(text):
            mark = token.strip()
            if mark in PAUSES or (set(mark) == {"-"} and token != mark):
                phrases.append([])
            elif mark in JOINERS:
                phrases[-1].append("and")
            elif any(character.isalnum() for character in mark):
                phrases[-1].append(self._word(mark))
            elif mark == "-" and phrases[-1]:
                phrases[-1].append("-")
        cleaned = ", ".join(phrase for words in phrases if (phrase := _phrase(words)))
        return cleaned or text

    def _word(self, token: str) -> str:
        bare = token.strip(".").upper()
        return self.words.get(bare) or self.words.get(token.upper()) or token.lower().strip(".")


def _phrase(words: Iterable[str]) -> str:
    joined = re.sub(r"\s*-\s*", "-", " ".join(words)).strip("- ")
    joined = re.sub(r"^(?:and\s+)+|(?:\s+and)+$", "", joined)
    joined = re.sub(r"\band(?:\s+and\b)+", "and", joined)
    return re.sub(r"\b(\w+) and (?=\w+ and )", r"\1, ", joined)
