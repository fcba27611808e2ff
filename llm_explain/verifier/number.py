"""Reads a sentence about bananas ("they") as one about one masculine thing, as the rules are written.

Only the forms that the lexicon lists are read so; any other such word stays and needs a licence of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm_explain.verifier.reading import spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.text.sentence_spec import SentenceSpec


class ReadAsOne:
    """Exchanges words of many things for those of one.

    Args:
        forms: What is read instead, by pattern, in this order.
    """

    def __init__(self, forms: Mapping[str, str]) -> None:
        self._forms = [(re.compile(pattern, re.IGNORECASE), text) for pattern, text in forms.items()]

    def __call__(self, text: str, spec: SentenceSpec) -> str:
        """Return the text as the rules read it; unchanged for an item of one masculine thing.

        Args:
            text: The finished text.
            spec: Specification of the sentence, whose values stay as they are.

        Returns:
            The text.
        """
        for pattern, form in self._forms if spec.is_of_many or spec.is_feminine else ():
            matches = list(pattern.finditer(text))
            guarded = [span for value in set(spec.values.values()) for span in spans(text, value)] if matches else ()
            for match in reversed(matches):
                if any(start < match.end() and match.start() < end for start, end in guarded):
                    continue
                said = match.expand(form)
                said = said[:1].upper() + said[1:] if match.group(0)[:1].isupper() else said
                text = text[: match.start()] + said + text[match.end() :]
        return text
