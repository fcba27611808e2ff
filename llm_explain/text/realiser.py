"""Claims become slot values in the locale's manner, and a skeleton with values becomes a sentence."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.claims.kind import EVENT_KIND
from llm_explain.errors import ClaimError
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.text.sentence_spec import SentenceSpec
from llm_explain.text.skeleton import ITEM, ITEM_LABEL
from llm_explain.text.values import Facts, ValueWriter
from llm_explain.text.word_boundaries import STOPS, bounded
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from llm_explain.records import Claim, Fact
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Skeleton


class Realiser:
    """Writes values and sentences in one locale's manner.

    Args:
        lexicon: The locale's words.

    Attributes:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._writer = ValueWriter(lexicon)
        self._names = ReferringExpressions(lexicon)
        self._cached = lru_cache(maxsize=16_384)(self._claim_values)

    def specify(
        self,
        claims: Sequence[Claim],
        *,
        title: str,
        as_of: dt.date,
        titles: Mapping[str, str] | None = None,
        is_neutral: bool = False,
        without: Collection[str] = (),
    ) -> SentenceSpec:
        """Return the specification of a sentence: what it is to state, and the value of every slot.

        Args:
            claims: Claims of the sentence, at most one of a kind.
            title: Title of the recommended item; empty for one that is not named.
            as_of: The day that the sentence speaks of.
            titles: Titles of other items that claims name, by ``item_id``.
            is_neutral: Whether the claims are no reasons, so that no cause may be claimed.
            without: Slots that get no value.

        Returns:
            The specification; a slot whose value cannot be said has none.

        Raises:
            ClaimError: If a fact of a claim cannot be written.
        """
        titles = titles or {}
        values: dict[str, str] = {}
        if label := self._names.label(title):
            values = {ITEM: self._names.this(title), ITEM_LABEL: label}
        for claim in claims:
            try:
                values |= self._cached(claim.kind, tuple(claim.facts.items()), as_of, tuple(titles.items()))
            except (ArithmeticError, TypeError, ValueError) as error:
                raise ClaimError(
                    f"claim {claim.kind} has facts {dict(claim.facts)} but they cannot be written ({error!r}). "
                    "Derive the claim by its rule."
                ) from error
        kept = {slot: value for slot, value in values.items() if slot not in without}
        kinds = [str(claim.facts[EVENT_KIND]) for claim in claims if EVENT_KIND in claim.facts]
        return SentenceSpec(tuple(claims), title, as_of, titles, kinds[0] if kinds else PURCHASE, is_neutral, kept)

    def fill(self, skeleton: Skeleton, spec: SentenceSpec) -> str:
        """Return the sentence: slots filled, articles agreeing, sentences capitalised.

        Args:
            skeleton: A skeleton whose slots all have values.
            spec: Specification of the sentence.

        Returns:
            The text.
        """
        return "".join(self.parts(skeleton, spec))

    def parts(self, skeleton: Skeleton, spec: SentenceSpec) -> list[str]:
        """Return the sentence as literal text and values in turn, literal first and last.

        Args:
            skeleton: A skeleton whose slots all have values.
            spec: Specification of the sentence.

        Returns:
            Pieces that joined are the text; the value of ``skeleton.slots[n]`` is piece ``2 * n + 1``.
        """
        values = spec.values
        verbs = self.lexicon.verbs.get(spec.event_kind)
        pieces = skeleton.pieces
        parts: list[str] = []
        for place, (literal, slot) in enumerate(zip(pieces[::2], pieces[1::2], strict=False)):
            is_label = slot == ITEM and ITEM_LABEL in values and pieces[2 * place + 2].startswith((":", "："))
            value = values[ITEM_LABEL if is_label else slot]
            said = _exchange(literal, verbs) if verbs else literal
            ended = said.rstrip()
            begins = ended[-1] in STOPS if ended else not parts
            parts.append(self._agree_article(said, value))
            parts.append(_capitalise(value) if begins else value)
        parts.append(_exchange(pieces[-1], verbs) if verbs else pieces[-1])
        return parts

    def name(self, name: str) -> str:
        """Return a name of the catalogue, cleaned and limited in length."""
        return self._writer.name(name)

    def _agree_article(self, literal: str, value: str) -> str:
        """Return the text before a slot with its article, if it ends in one, as the value needs it."""
        articles = self.lexicon.spoken_names.articles
        for article in set(articles.values()):
            if literal.lower().endswith(article) and re.search(rf"(?:^|\s){re.escape(article)}$", literal, re.I):
                found = (each for pattern, each in articles.items() if re.search(pattern, value, re.I))
                wanted = next(found, article)
                start = len(literal) - len(article)
                return literal[:start] + (_capitalise(wanted) if literal[start].isupper() else wanted)
        return literal

    def _claim_values(
        self, kind: str, facts: tuple[tuple[str, Fact], ...], as_of: dt.date, titles: tuple[tuple[str, str], ...]
    ) -> dict[str, str]:
        """Return slot values of one claim; cached by its facts."""
        return self._writer.write(kind, Facts(dict(facts), as_of, dict(titles)))


def _capitalise(value: str) -> str:
    return value[:1].upper() + value[1:]


def _exchange(literal: str, verbs: Mapping[str, str]) -> str:
    """Exchange verb forms for those of another kind of event, keeping a capital first letter."""
    pattern = _verb_pattern(tuple(verbs))

    def other_form(match: re.Match[str]) -> str:
        form = verbs[match.group(0).lower()]
        return _capitalise(form) if match.group(0)[0].isupper() else form

    return pattern.sub(other_form, literal)


@lru_cache(maxsize=32)
def _verb_pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile(bounded("|".join(map(re.escape, longest_first))), re.IGNORECASE)
