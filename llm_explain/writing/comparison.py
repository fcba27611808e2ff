"""Writes the sentences of contrasts and what-ifs, and returns only those that the verifier accepts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from babel import Locale
from babel.numbers import format_decimal
from pydantic import BaseModel, ConfigDict

from llm_explain.records import Text
from llm_explain.text.comparison_spec import BASE
from llm_explain.text.prompt_files import StrictModel, locale_root, read_yaml
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.verifier.comparison import ComparisonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llm_explain.records import Verdict
    from llm_explain.skeletons.templates import Templates
    from llm_explain.text.comparison_spec import ContrastSpec, Side, WhatIfSpec
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.realiser import Realiser
    from llm_explain.text.sentence_spec import SentenceSpec
    from llm_explain.verifier import Verifier

FILE = "comparison.yaml"

ALONE = 0.01
"""Logits that other players together may add to an item for which one player is called all that speaks for it."""


_Frame = Literal["only", "most", "some", "alone", "bare"]


class _Words(StrictModel):
    """The writer's section of ``comparison.yaml``; the file explains each entry."""

    ranks: dict[Literal["one", "many"], str]
    contrast: dict[_Frame, str]
    what_if: dict[Literal["fall", "rise", "stay"], str]
    causes: dict[Literal["categories", "terms", "both"], str]
    terms: dict[str, str]
    list: dict[Literal["between", "last"], str]


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal[1]
    writer: _Words


def has_words(locale: str) -> bool:
    """Return whether a locale has words for contrasts and what-ifs."""
    return (locale_root(locale) / locale / FILE).is_file()


@cache
def _words(locale: str) -> tuple[_Words, str]:
    """Return the words of a locale and their origin."""
    content, digest = read_yaml(locale, FILE, _File)
    return content.writer, f"{locale}/{FILE}@{digest}"


class ComparisonWriter:
    """Writes contrasts and what-ifs in one locale.

    The constructor raises ``PromptError`` if the locale's ``comparison.yaml`` is missing or breaks its schema.

    Args:
        lexicon: The locale's words.
        realiser: Fills clauses.
        templates: Clauses of the claim kinds.
        verifier: Verifies clauses.
    """

    def __init__(self, lexicon: Lexicon, realiser: Realiser, templates: Templates, verifier: Verifier) -> None:
        self._words, self._origin = _words(lexicon.locale)
        self._names = ReferringExpressions(lexicon)
        self._locale = Locale.parse(lexicon.babel_locale)
        self._realiser, self._templates = realiser, templates
        self._sentences = verifier
        self._verifier = ComparisonVerifier(lexicon, verifier)

    def contrast(self, spec: ContrastSpec) -> Text | None:
        """Return why one item ranks higher than another.

        Args:
            spec: What the sentence may state.

        Returns:
            The first verified text of those that state most; ``None`` if an item has no name that tells it apart.
        """
        item, other = self._pair(spec.item.spec.title, spec.other.spec.title)
        if not item or not other:
            return None
        ranks = self._words.ranks["many" if spec.item.spec.is_of_many else "one"]
        reasons = (next(self._clauses(side), "") for side in (spec.item, spec.other))
        slots = dict(zip(("reason", "other_reason"), reasons, strict=True))
        slots |= {"item": _capitalise(item), "other": other, "ranks": ranks}
        frames: list[_Frame] = [self._weight(spec)] if slots["reason"] and slots["other_reason"] else []
        frames += ["alone", "bare"] if slots["reason"] else ["bare"]
        for frame in frames:
            text = self._words.contrast[frame].format(**slots)
            if (verdict := self._verifier.contrast(text, spec)).ok:
                return self._text(text, self._words.contrast[frame], verdict)
        return None

    def what_if(self, spec: WhatIfSpec) -> Text | None:
        """Return what happens to an item without some players.

        Args:
            spec: What the sentence may state.

        Returns:
            The verified text; ``None`` if the item or a player has no name.
        """
        name, words = self._definite(spec.spec.title), self._words
        terms = [text for term, text in words.terms.items() if term in spec.terms]
        if not name or len(terms) != len(spec.terms) or not (spec.categories or terms):
            return None
        categories = self._list([self._names.name(category) for category in spec.categories])
        kind: Literal["categories", "terms", "both"]
        kind = "both" if categories and terms else "categories" if categories else "terms"
        cause = words.causes[kind].format(categories=categories, terms=self._list(terms))
        step = spec.rank_without - spec.rank
        frame = words.what_if["fall" if step > 0 else "rise" if step < 0 else "stay"]
        ranks = {"rank": self._number(spec.rank), "rank_without": self._number(spec.rank_without)}
        text = frame.format(causes=cause, item=name, **ranks)
        verdict = self._verifier.what_if(text, spec)
        return self._text(text, frame, verdict) if verdict.ok else None

    def _pair(self, title: str, other: str) -> tuple[str, str]:
        """Return names of two items that tell them apart; empty ones if their titles are alike."""
        names = self._definite(title), self._definite(other)
        if names[0] == names[1]:
            names = self._names.definite_label(title), self._names.definite_label(other)
        return names if names[0] != names[1] else ("", "")

    def _definite(self, title: str) -> str:
        return self._names.definite(title)

    def _clauses(self, side: Side) -> Iterator[str]:
        """Yield the clauses that state a side's claim and that the verifier accepts."""
        ranks, spec = self._words.ranks, side.spec
        if ranks["one"] == ranks["many"]:  # the sentence speaks of "the product X", whatever X is
            spec = replace(spec, is_of_many=False, is_feminine=False)
        for claim in spec.claims:
            for skeleton in self._templates.continuing(claim.kind):
                if self._realiser.fits(skeleton, spec):
                    text = self._realiser.fill(skeleton, spec)
                    if self._sentences.verify(text, side.spec).ok:
                        yield _inside(text, skeleton.pieces, spec)

    def _weight(self, spec: ContrastSpec) -> _Frame:
        """Return how much of what speaks for the other item its reason is."""
        against = {player: -value for player, value in spec.differences.items() if value < 0 and player != BASE}
        base = max(0.0, -spec.differences.get(BASE, 0.0))
        own = against.get(spec.other.player, 0.0)
        rest = sum(against.values()) - own + base
        if rest <= ALONE:
            return "only"
        return "most" if own >= max([*against.values(), base]) else "some"

    def _list(self, names: Sequence[str]) -> str:
        joins = self._words.list
        return joins["last"].join(filter(None, (joins["between"].join(names[:-1]), *names[-1:])))

    def _number(self, number: int) -> str:
        return str(format_decimal(number, locale=self._locale))

    def _text(self, text: str, frame: str, verdict: Verdict) -> Text:
        return Text(text, "template", frame, verdict, is_ai_generated=False, prompt=self._origin)


def _inside(sentence: str, pieces: Sequence[str], spec: SentenceSpec) -> str:
    """Return a sentence without its stop, and without the capital that its place at the beginning gave it."""
    clause = sentence[:-1]
    first = clause[:1].lower() if pieces[0] else spec.values[pieces[1]][:1]
    return first + clause[1:]


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
