"""The dialogues of one shop: one for each locale, and one reading of messages for each language."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from llm_explain.dialogue.dialogue import Dialogue
from llm_explain.errors import PromptError
from llm_explain.text.lexicon import MAX_LOCALES, folder_of
from llm_explain.text.prompt_files import locales

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer


class Dialogues:
    """Opens dialogues; safe to share between threads. The first one of a language takes seconds in a large shop.

    Args:
        explainer: The shop.
    """

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer
        self._languages: dict[str, Dialogue] = {}
        self._open = lru_cache(maxsize=MAX_LOCALES)(self._opened)
        self._lock = Lock()

    def of(self, locale: str) -> Dialogue:
        """Return the dialogue of a locale; ``PromptError`` without words for it. A language shares what reads names."""
        if self.is_ready(locale):
            return self._open(locale)
        with self._lock:  # the service warms up while it answers: names are read once
            found = self._open(locale)
            if not found.is_prepared:
                found.prepare()
            return found

    def open_all(self, first: str) -> None:
        """Open a dialogue of each language that has words, so that no message waits for it."""
        for locale in dict.fromkeys((first, *locales())):
            with suppress(PromptError):  # a locale without conversations
                self.of(locale)

    def renew(self) -> None:
        """Read names that changed in each language that is open, so that no message waits for it."""
        for language in [*self._languages]:
            self.of(language)

    def is_ready(self, locale: str) -> bool:
        """Return whether the names of the shop as it is now were read in the language of a locale."""
        read = self._languages.get(folder_of(locale)[0])
        return read is not None and read.is_prepared

    def _opened(self, locale: str) -> Dialogue:
        language = folder_of(locale)[0]
        like = self._languages.get(language)
        found = Dialogue(self._explainer, locale=locale, like=like)
        if like is None:
            found.prepare()
            self._languages[language] = found
        return found
