"""Claims become slot values in the locale's manner, and a skeleton with values becomes a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.errors import ClaimError
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.text.skeleton import ITEM, ITEM_LABEL
from llm_explain.text.slot_values import Facts, ValueWriter
from llm_explain.text.word_boundaries import STOPS, bounded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from llm_explain.records import Claim, Fact
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Skeleton


@dataclass(frozen=True)
class Scene:
    """What a sentence is about besides its claims.

    Attributes:
        title: Title of the recommended item.
        as_of: The day that the sentence speaks of.
        titles: Titles of other items that claims name, by ``item_id``.
        event_kind: Kind of event that the history holds.
    """

    title: str
    as_of: dt.date
    titles: Mapping[str, str] = field(default_factory=dict)
    event_kind: str = "purchase"


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
        self._spoken = ReferringExpressions(lexicon)
        self._cached = lru_cache(maxsize=16_384)(self._claim_values)

    def values(self, claims: Iterable[Claim], scene: Scene) -> dict[str, str]:
        """Return the rendered value of every slot that the claims offer.

        Args:
            claims: Claims of the sentence, at most one of a kind.
            scene: Item and day.

        Returns:
            Values by slot; a slot whose value cannot be said is left out.

        Raises:
            ClaimError: If a claim lacks a fact or carries one of the wrong type.
        """
        values: dict[str, str] = {}
        if title := self._spoken.label(scene.title):
            values[ITEM] = self._spoken.this(scene.title)
            values[ITEM_LABEL] = title
        for claim in claims:
            if claim.kind == "similar_item":
                other = self._spoken.another(scene.titles.get(str(claim.facts.get("other_item_id")), ""))
                values.update({"other_item": other} if other else {})
                continue
            try:
                values.update(self._cached(claim.kind, tuple(claim.facts.items()), scene.as_of))
            except (KeyError, ValueError, TypeError) as error:
                raise ClaimError(
                    f"claim {claim.kind} has facts {dict(claim.facts)} but they cannot be written ({error!r}). "
                    "Derive the claim by its rule."
                ) from error
        return values

    def fill(self, skeleton: Skeleton, values: Mapping[str, str], *, event_kind: str = "purchase") -> str:
        """Return the sentence: slots filled, articles agreeing, sentences capitalised.

        Args:
            skeleton: A skeleton whose slots all have values.
            values: Rendered values by slot.
            event_kind: Kind of event that the history holds; verbs follow it.

        Returns:
            The text.
        """
        return "".join(self.parts(skeleton, values, event_kind=event_kind))

    def parts(self, skeleton: Skeleton, values: Mapping[str, str], *, event_kind: str = "purchase") -> list[str]:
        """Return the sentence as literal text and values in turn, literal first and last.

        Args:
            skeleton: A skeleton whose slots all have values.
            values: Rendered values by slot.
            event_kind: Kind of event that the history holds; verbs follow it.

        Returns:
            Pieces that joined are the text; the value of ``skeleton.slots[n]`` is piece ``2 * n + 1``.
        """
        verbs = self.lexicon.verbs.get(event_kind)
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

    def _claim_values(self, kind: str, facts: tuple[tuple[str, Fact], ...], as_of: dt.date) -> dict[str, str]:
        """Return slot values of one claim; cached by its facts."""
        return self._writer.write(kind, Facts(dict(facts), as_of))


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
