"""Writes a brief as a text: a headline, its drivers, and what speaks against it."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError, Undefined

from llm_explain.errors import ClaimError
from llm_explain.jobs.verifier import BriefVerifier
from llm_explain.jobs.words import WriterWords, job_lexicon, job_section
from llm_explain.records import Text, Verdict
from llm_explain.text.prompt_files import read_prompt_file
from llm_explain.text.values import value_expressions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from llm_explain.jobs.brief import Brief, Stated
    from llm_explain.jobs.words import Phrases
    from llm_explain.records import Claim

_SLOT = re.compile(r"\{(\w+)\}")
_TRIES = 3


class BriefWriter:
    """Writes the texts of one job in one locale and shows only those that the verifier accepts.

    Args:
        job: Name of the job, and of its file.
        locale: A folder under ``prompts/``, perhaps with a region.
        currency: ISO 4217 code of the amounts; ``None`` for amounts without a sign.
        unit: Unit of the counts, for example ``oz``; empty for pieces.

    Attributes:
        verifier: The verifier of the texts.
    """

    def __init__(self, job: str, locale: str = "en", *, currency: str | None = None, unit: str = "") -> None:
        self._unit = unit
        self._words = words = job_section(locale, job, "writer", WriterWords)
        lexicon = job_lexicon(locale, currency)
        lexicon = lexicon.model_copy(update={"measures": {**lexicon.measures, **words.measures}})
        self.verifier = BriefVerifier(job, locale, currency=currency, unit=unit)
        folder = lexicon.locale
        self._origin = f"{folder}/{job}@{read_prompt_file(folder, f'{job}.yaml')[1]}"
        phrases = {**words.headlines, **words.kinds, **words.closing}
        self._expressions = {
            kind: value_expressions(lexicon, {**words.shared, **each.values}, where=f"{job}.yaml: {kind}")
            for kind, each in phrases.items()
        }
        self._phrases = phrases

    def write(self, brief: Brief) -> tuple[Brief, Text | None]:
        """Return a verified text.

        Args:
            brief: What it is to state.

        Returns:
            What it states, which may be fewer drivers, and the text; ``None`` if no text is accepted.
        """
        for shorter in brief.shorter():
            for attempt in range(_TRIES):
                skeleton, text = self._compose(shorter, f"{brief.key}|{attempt}")
                if text and (verdict := self.verifier.verify(text, shorter)).ok:
                    return shorter, Text(text, "template", skeleton, verdict, False, self._origin)
        return brief, None

    def verdict(self, brief: Brief) -> Verdict:
        """Return the verdict on the first text of a brief, for a test or an editor."""
        return self.verifier.verify(self._compose(brief, brief.key)[1], brief)

    def _compose(self, brief: Brief, key: str) -> tuple[str, str]:
        """Return the text with slots and the text; both empty if a part cannot be said."""
        joins, as_of, lead = self._words.joins, brief.as_of, self._words.headlines.get(brief.headline.kind)
        before_reasons = (lead and lead.reasons) or joins.reasons
        before_opposing = (lead and lead.opposing) or joins.opposing
        head = self._phrase(brief.headline.kind, brief.headline.facts, as_of, key)
        reasons, opposing = (self._all(each, as_of, key) for each in (brief.reasons, brief.opposing))
        closing = [
            (self._lead(each) + slots, self._lead(each) + text if text else "")
            for each, (slots, text) in zip(brief.closing, self._all(brief.closing, as_of, key), strict=True)
        ]
        parts = [head, *reasons, *opposing, *closing]
        if not all(text for _, text in parts):
            return "", ""

        def joined(place: int) -> str:
            text = head[place]
            if reasons:
                text += before_reasons + self._list([each[place] for each in reasons])
            if opposing:
                text += before_opposing + self._list([each[place] for each in opposing])
            return joins.next.join([text + joins.end, *(_capitalise(each[place]) + joins.end for each in closing)])

        return joined(0), _capitalise(joined(1))

    def _lead(self, closing: Stated) -> str:
        """Return what stands before a closing statement: a claim says whether it speaks against the headline."""
        joins = self._words.joins
        return "" if closing.kind not in self._words.kinds else joins.yet if closing.facts["is_against"] else joins.also

    def _all(self, stated: Iterable[Claim | Stated], as_of: dt.date, key: str) -> list[tuple[str, str]]:
        return [self._phrase(each.kind, each.facts, as_of, key) for each in stated]

    def _phrase(self, kind: str, facts: Mapping[str, Any], as_of: dt.date, key: str) -> tuple[str, str]:
        """Return one statement with slots and filled."""
        if kind not in self._phrases:
            return "", ""
        phrases: Phrases = self._phrases[kind]
        try:
            known = {**facts, "as_of": as_of, "unit": self._unit, "names": self._words.names}
            found = {slot: value(known) for slot, value in self._expressions[kind].items()}
        except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
            raise ClaimError(
                f"claim {kind} has facts {dict(facts)} but they cannot be written ({error!r}). "
                "Derive the claim by its rule."
            ) from error
        values = {slot: str(value) for slot, value in found.items() if not isinstance(value, Undefined | None)}
        usable = [text for text in phrases.texts if set(_SLOT.findall(text)) <= values.keys()]
        if not usable:
            return "", ""
        digest = hashlib.blake2b(f"{key}|{kind}".encode(), digest_size=4).digest()
        text = usable[int.from_bytes(digest, "big") % len(usable)]
        return text, _SLOT.sub(lambda match: values[match.group(1)], text)

    def _list(self, texts: Sequence[str]) -> str:
        joins = self._words.joins
        if len(texts) == 1:
            return texts[0]
        return joins.between.join(texts[:-1]) + joins.last + texts[-1]


@cache
def brief_writer(job: str, locale: str, currency: str | None = None, unit: str = "") -> BriefWriter:
    """Return the writer of a job's texts; its expressions are compiled once in a process."""
    return BriefWriter(job, locale, currency=currency, unit=unit)


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
