"""Claims become slot values in the locale's manner, and a skeleton with values becomes a sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import EVENT_KIND
from llm_explain.errors import ClaimError
from llm_explain.text.event_forms import EventForms
from llm_explain.text.number_agreement import NumberAgreement
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.text.sentence_spec import SentenceSpec
from llm_explain.text.skeleton import ITEM, ITEM_LABEL, SLOT
from llm_explain.text.values import Facts, ValueWriter
from llm_explain.text.word_boundaries import STOPS
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from llm_explain.records import Claim
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Skeleton


_SHORTEST_NAME: Final = 24
"""Characters that the name of another item has in the shortest text."""


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
        self._events = EventForms.load(lexicon.locale)
        self._agreement = NumberAgreement(lexicon.agreement)
        self._has_forms = lru_cache(maxsize=16_384)(lambda texts, kind: self._events.exchange(texts, kind) is not None)

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
                values |= self._writer.write(claim.kind, Facts(claim.facts, as_of, titles, title))
            except (ArithmeticError, TypeError, ValueError) as error:
                raise ClaimError(
                    f"claim {claim.kind} has facts {dict(claim.facts)} but they cannot be written ({error!r}). "
                    "Derive the claim by its rule."
                ) from error
        kept = {slot: value for slot, value in values.items() if slot not in without}
        kinds = [str(claim.facts[EVENT_KIND]) for claim in claims if EVENT_KIND in claim.facts]
        event_kind = kinds[0] if kinds else PURCHASE
        is_noun = event_kind not in self._events.works
        is_of_many = is_noun and ITEM in values and self._names.is_of_many(title)
        is_feminine = is_noun and self._names.is_feminine(title)
        is_known = is_noun and self._names.is_known(title)
        return SentenceSpec(
            tuple(claims), title, as_of, titles, event_kind, is_neutral, kept, is_of_many, is_feminine, is_known
        )

    def with_short_label(self, spec: SentenceSpec, max_length: int) -> SentenceSpec:
        """Return a specification whose item's label takes at most half of a text: without size or mark, or cut.

        Args:
            spec: Specification of the sentence.
            max_length: Most characters of the text.

        Returns:
            The specification.
        """
        if 2 * len(spec.values.get(ITEM_LABEL, "")) <= max_length:
            return spec
        return replace(spec, values={**spec.values, ITEM_LABEL: self._names.short_label(spec.title, max_length // 2)})

    def speaks_in_title(self, spec: SentenceSpec) -> bool:
        """Return whether a title of a specification says something, so that it may head no message."""
        return any(map(self._names.speaks, (spec.title, *spec.titles.values())))

    def with_plain_names(
        self, spec: SentenceSpec, item_ids: Collection[str], alike_ids: Collection[str] = ()
    ) -> SentenceSpec:
        """Return a specification that names some other items without size and mark.

        Args:
            spec: Specification of the sentence.
            item_ids: Items whose plain names are of no other item of the user.
            alike_ids: Items whose plain names are. A claim about one states no number, unless it has to, and keeps the
                size if the item's own name is the same. So does a claim that no sentence states without its facts.

        Returns:
            The specification.
        """
        values = dict(spec.values)
        for claim in spec.claims:
            other = str(claim.facts.get("other_item_id", ""))
            title = spec.titles.get(other, "")
            if not title or other not in {*item_ids, *alike_ids}:
                continue
            whole, plain = self._names.another(title), self._names.plain(title)
            if other not in item_ids:
                counts = self._writer.slots_beyond(claim.kind, "other_item_id")
                if plain == self._names.plain(spec.title) or counts & self._required(claim.kind):
                    continue
                left = {slot: value for slot, value in values.items() if slot not in counts}
                if left.keys() <= {ITEM, ITEM_LABEL}:  # each sentence tells more than the item: it keeps size and mark
                    bare = None if self._names.is_known(title) else self._names.bare(title)
                    values = {slot: whole if value == bare else value for slot, value in values.items()}
                    continue
                values = left
            values = {slot: plain if value == whole else value for slot, value in values.items()}
        return spec if values == spec.values else replace(spec, values=values)

    def _required(self, kind: str) -> frozenset[str]:
        """Return the slots that each sentence of a claim kind has."""
        return frozenset(self.lexicon.words[kind].slots.required)

    def with_short_names(self, spec: SentenceSpec, max_length: int) -> SentenceSpec:
        """Return a specification with a short label, whose other items' names take at most a third of a text.

        A name that would then be the item's own stays as it is.

        Args:
            spec: Specification of the sentence.
            max_length: Most characters of the text.

        Returns:
            The specification.
        """
        longest, values = max(_SHORTEST_NAME, max_length // 3), dict(self.with_short_label(spec, max_length).values)
        for title in spec.titles.values():
            whole, short = self._names.another(title), self._names.short(title, longest)
            if len(whole) > longest and short != self._names.short(spec.title, longest):
                values = {slot: short if value == whole else value for slot, value in values.items()}
        return replace(spec, values=values)

    def fill(self, skeleton: Skeleton, spec: SentenceSpec) -> str:
        """Return the sentence: slots filled, articles agreeing, sentences capitalised.

        The call raises ``ClaimError`` if the skeleton has no words for the kind of events.

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

        Raises:
            ClaimError: If the skeleton has no words for the kind of events.
        """
        values = spec.values
        pieces = self._agreement.pieces(skeleton.text, spec.is_of_many, spec.is_feminine)
        literals = self._events.exchange(pieces[::2], spec.event_kind)
        if literals is None:
            raise ClaimError(
                f"skeleton {skeleton.text!r} has no words for events of kind {spec.event_kind!r} but they are needed. "
                "Choose a skeleton that fits."
            )
        parts: list[str] = []
        for place, (said, slot) in enumerate(zip(literals, pieces[1::2], strict=False)):
            is_label = slot == ITEM and ITEM_LABEL in values and pieces[2 * place + 2].startswith((":", "："))
            value = values[ITEM_LABEL if is_label else slot]
            ended = said.rstrip()
            begins = ended[-1] in STOPS if ended else not parts
            parts.append(self._agree_article(said, value))
            parts.append(_capitalise(value) if begins else value)
        parts.append(literals[-1])
        return parts

    def fits(self, skeleton: Skeleton, spec: SentenceSpec) -> bool:
        """Return whether a skeleton can be filled and is true once it is.

        Args:
            skeleton: A skeleton.
            spec: Specification of the sentence.

        Returns:
            Whether every slot has a value, every word of degree its licence and every word of a purchase a form in the
            kind of events, and whether a neutral sentence claims no cause. Words agree only with a known name.
        """
        return (
            skeleton.fits(spec.values, spec.licences)
            and not (spec.is_neutral and skeleton.is_causal)
            and (spec.is_known or not self._agreement.agrees(skeleton.text))
            and self._has_forms(self._literals(skeleton, spec), spec.event_kind)
        )

    def says_enough(self, skeleton: Skeleton, spec: SentenceSpec) -> bool:
        """Return whether a skeleton has every preferred slot of its kinds that has a value."""
        preferred = (slot for kind in skeleton.kinds for slot in self.lexicon.words[kind].slots.preferred)
        return all(slot in skeleton.slots for slot in preferred if slot in spec.values)

    def _literals(self, skeleton: Skeleton, spec: SentenceSpec) -> tuple[str, ...]:
        """Return the text between slots as it agrees with the item's name."""
        return self._agreement.pieces(skeleton.text, spec.is_of_many, spec.is_feminine)[::2]

    def is_natural(self, skeleton: Skeleton, spec: SentenceSpec) -> bool:
        """Return whether a skeleton sounds right of the number and gender of the item's name."""
        is_one = not (spec.is_of_many or spec.is_feminine)
        return self._agreement.is_natural(skeleton.text, is_one=is_one, is_known=spec.is_known)

    def is_mixed(self, text: str) -> bool:
        """Return whether a text speaks of one item in two numbers."""
        return self._agreement.is_mixed(text)

    def event_kind_of(self, text: str) -> str:
        """Return the first kind of events that a skeleton has words for, purchases before others."""
        kinds = (PURCHASE, *self._events.forms)
        return next(
            (kind for kind in kinds if self._events.exchange(SLOT.split(text)[::2], kind) is not None), PURCHASE
        )

    def names_category(self, claim: Claim) -> bool:
        """Return whether the locale can name the category of a claim as the claim's sentences do."""
        return self._writer.names_category(claim.kind, claim.facts)

    def works_again(self, title: str, event_kind: str) -> str | None:
        """Return a heading about purchases as it is said of works ("Play again"); ``None`` for what is no work."""
        said = self._events.exchange((title,), event_kind) if event_kind in self._events.works else None
        return None if said is None or said[0] == title else said[0]

    def speaks(self, skeletons: Iterable[Skeleton], event_kind: str) -> bool:
        """Return whether one of some skeletons has words for a kind of events."""
        return any(self._has_forms(skeleton.literals, event_kind) for skeleton in skeletons)

    def name(self, name: str) -> str:
        """Return a name of the catalogue, cleaned and limited in length."""
        return self._writer.name(name)

    def named(self, spec: SentenceSpec) -> tuple[Claim, ...]:
        """Return the claims of a sentence with their names as texts say them."""
        return tuple(replace(each, names=self._writer.names(each.facts, spec.titles)) for each in spec.claims)

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


def _capitalise(value: str) -> str:
    return value[:1].upper() + value[1:]
