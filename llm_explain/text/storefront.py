"""The words of the web component and of the demo shop: a locale's ``storefront.json`` with those of each claim kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llm_explain.text.prompt_files import read_prompt_file

if TYPE_CHECKING:
    from llm_explain.text.lexicon import Lexicon

FILE = "storefront.json"


def storefront_words(lexicon: Lexicon) -> dict[str, Any]:
    """Return the words that the pages show.

    The call raises ``PromptError`` if the locale has no such file.

    Args:
        lexicon: The locale's words.

    Returns:
        The content of ``storefront.json``, with ``reasons`` and ``reasons_of_other_events`` by claim kind.
    """
    words: dict[str, Any] = json.loads(read_prompt_file(lexicon.locale, FILE)[0])
    reasons: dict[str, Any] = {}
    of_other_events: dict[str, Any] = {}
    for kind, of_kind in lexicon.words.items():
        panel = of_kind.panel
        reasons |= {kind: panel.reason, f"{kind}_unnamed": panel.unnamed}
        of_other_events |= {kind: panel.of_other_events, f"{kind}_unnamed": panel.unnamed_of_other_events}
    words["reasons"] = {key: text for key, text in reasons.items() if text}
    words["reasons_of_other_events"] = {key: text for key, text in of_other_events.items() if text}
    return words
