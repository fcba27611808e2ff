"""The verifier's words of event kinds: every word that tells an event must tell the kind that the claims count.

A view is no purchase. So a text about views is read as one about purchases after each word of a view is exchanged for
the word of a purchase that it stands for; a word of any other kind, or of a purchase, is a fault.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm_explain.records import Fault
from llm_explain.text.event_forms import event_section
from llm_explain.text.prompt_files import StrictModel
from llm_explain.text.word_boundaries import any_of, bounded
from llm_explain.verifier.reading import spans
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llm_explain.records import Claim
    from llm_explain.verifier.rules import Rules

EVENT_KIND = "event_kind"
"""Code of the fault, and the fact that names the kind of events that a claim counts if they are no purchases."""


class _Section(StrictModel):
    """The verifier's section of ``event_kinds.yaml``; the file explains each entry."""

    purchase: tuple[str, ...]
    not_of_purchases: tuple[str, ...] = ()
    words: dict[str, dict[str, str]]
    neutral: tuple[str, ...] = ()


class EventWords:
    """Reads the words of a locale that tell events.

    Args:
        locale: A folder under ``prompts/``.
        rules: The claim kinds' rules.
    """

    def __init__(self, locale: str, rules: Rules) -> None:
        section = event_section(locale, "verifier", _Section)
        self._counting = {kind for kind, each in rules.kinds.items() if each.licences.counts}
        self._words: Mapping[str, Mapping[str, str]] = {PURCHASE: {}, **section.words}
        self._neutral = frozenset(section.neutral)
        every = {word for words in section.words.values() for word in words}
        purchase = set(section.purchase)
        own = (every - purchase) | set(section.not_of_purchases)
        self._of_others = {
            kind: re.compile(
                bounded(any_of({*(own if kind == PURCHASE else every | purchase), *section.neutral})),
                re.IGNORECASE,
            )
            for kind in self._words
        }

    def kind_of(self, claims: Iterable[Claim]) -> tuple[str, list[Fault]]:
        """Return the kind of events that claims count, and a fault where it cannot be told.

        Args:
            claims: Claims of one sentence.

        Returns:
            The kind, ``purchase`` where no claim counts events, and faults: two kinds, or a kind without words.
        """
        kinds = {
            str(claim.facts.get(EVENT_KIND, PURCHASE))
            for claim in claims
            if claim.kind in self._counting or EVENT_KIND in claim.facts
        }
        if len(kinds) > 1:
            return PURCHASE, [Fault(EVENT_KIND, f"the claims count {' and '.join(sorted(kinds))}")]
        kind = next(iter(kinds), PURCHASE)
        if kind not in self._words:
            return kind, [Fault(EVENT_KIND, f"events of kind {kind!r} have no words")]
        return kind, []

    def as_purchases(self, text: str, values: Iterable[str], kind: str) -> tuple[str, list[Fault]]:
        """Return a text as if its events were purchases, and a fault for each word of another kind.

        Args:
            text: The finished text.
            values: Values of the sentence, in which words tell no event.
            kind: Kind of the events that the claims count.

        Returns:
            The text and the faults.
        """
        pattern, own = self._of_others.get(kind), self._words.get(kind, {})
        if pattern is None or pattern.search(text) is None:
            return text, []
        guarded = [span for value in set(values) for span in spans(text, value)]
        faults: list[Fault] = []

        def purchase(match: re.Match[str]) -> str:
            word, span = match.group(0).lower(), match.span()
            if word in self._neutral or any(start <= span[0] and span[1] <= end for start, end in guarded):
                return match.group(0)
            if word not in own:
                faults.append(Fault(EVENT_KIND, f"{word!r} tells no event of kind {kind}", span))
                return match.group(0)
            return own[word].capitalize() if match.group(0)[0].isupper() else own[word]

        return pattern.sub(purchase, text), faults
