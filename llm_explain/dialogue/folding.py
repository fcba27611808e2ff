"""Text as messages and names are compared: without accents, in lower case."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Return a text in lower case, without accents and curly quotes."""
    return unaccented(text.replace("’", "'")).lower()


def unaccented(text: str) -> str:
    """Return a text, or a pattern, without accents."""
    if text.isascii():
        return text
    return "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
