"""The verifier of contrasts and what-ifs: the text must be one statement that a pattern reads and the facts prove.

A reason within it is proven as a sentence by itself, by the verifier of all sentences.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from babel.numbers import NumberFormatError
from pydantic import BaseModel, ConfigDict

from llm_explain.errors import PromptError
from llm_explain.records import Fault, Verdict
from llm_explain.text.comparison_spec import BASE
from llm_explain.text.prompt_files import StrictModel, read_yaml
from llm_explain.verifier.proof import proof_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llm_explain.text.comparison_spec import ContrastSpec, Side, WhatIfSpec
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import SentenceSpec
    from llm_explain.verifier.text import Verifier

FILE = "comparison.yaml"

LEAST_TO_COUNT = 0.01
"""Logits that the other players together may add before a player is no longer all that speaks for an item."""


class _Rules(StrictModel):
    """The verifier's section of ``comparison.yaml``; all entries but ``stop`` and ``terms`` are regular expressions."""

    stop: str
    item: str
    contrast: tuple[str, ...]
    what_if: tuple[str, ...]
    terms: dict[str, str]
    joiner: str


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal[1]
    verifier: _Rules


class ComparisonVerifier:
    """Proves contrasts and what-ifs of one locale.

    Args:
        lexicon: The locale's words.
        sentences: The verifier of the reasons.

    Raises:
        PromptError: If the locale's ``comparison.yaml`` is missing or breaks its schema.
    """

    def __init__(self, lexicon: Lexicon, sentences: Verifier) -> None:
        self._rules = rules = read_yaml(lexicon.locale, FILE, _File)[0].verifier
        try:
            self._item = re.compile(rules.item, re.DOTALL)
            self._contrasts = [re.compile(each, re.DOTALL) for each in rules.contrast]
            self._what_ifs = [re.compile(each, re.DOTALL) for each in rules.what_if]
            self._joiner = re.compile(rules.joiner)
        except re.error as error:
            raise PromptError(f"{lexicon.locale}/{FILE} breaks its schema ({error}). Correct the file.") from error
        self._read: dict[str, Any] = dict(proof_environment(lexicon).globals)
        self._sentences = sentences

    def contrast(self, text: str, spec: ContrastSpec) -> Verdict:
        """Return every fault of the sentence of a contrast.

        Args:
            text: The finished text.
            spec: What it may state.

        Returns:
            The verdict; ``ok`` if the text may be shown.
        """
        total = sum(spec.differences.values())
        if not total > 0:
            return Verdict((Fault("order", f"the scores differ by {total:.4g} but the item must score higher"),))
        return self._first(list(self._contrast_readings(text, spec)))

    def what_if(self, text: str, spec: WhatIfSpec) -> Verdict:
        """Return every fault of the sentence of a what-if.

        Args:
            text: The finished text.
            spec: What it may state.

        Returns:
            The verdict; ``ok`` if the text may be shown.
        """
        return self._first(list(self._what_if_readings(text, spec)))

    def _first(self, readings: list[list[Fault]]) -> Verdict:
        """Return the verdict on the reading with the fewest faults."""
        if not readings:
            return Verdict((Fault("unread", "the text is no statement of its kind"),))
        fewest = min(map(len, readings))
        return Verdict(tuple(next(faults for faults in readings if len(faults) == fewest)))

    def _contrast_readings(self, text: str, spec: ContrastSpec) -> Iterator[list[Fault]]:
        for match in filter(None, (pattern.fullmatch(text) for pattern in self._contrasts)):
            said = match.groupdict()
            faults = [
                *self._name_faults(said["item"], spec.item.spec),
                *self._name_faults(said["other"], spec.other.spec),
            ]
            if said["item"].casefold() == said["other"].casefold():
                faults.append(Fault("same_name", "both items have the same name"))
            if bool(said.get("many")) != spec.item.spec.is_of_many and "many" in said:
                faults.append(Fault("number", f"{said['item']!r} has a verb of another number"))
            if reason := said.get("reason"):
                faults += self._reason_faults(reason, spec.item, spec.differences, sign=1)
            if reason := said.get("other_reason"):
                faults += self._reason_faults(reason, spec.other, spec.differences, sign=-1)
                faults += _weight_faults(said, spec)
            yield faults

    def _reason_faults(
        self, reason: str, side: Side, differences: Mapping[str, float], *, sign: int
    ) -> Iterator[Fault]:
        """Yield the faults of a reason: it must speak for its item, and hold as a sentence."""
        if not sign * differences.get(side.player, 0.0) > 0:
            yield Fault("sign", f"{side.player or 'no player'} does not speak for the item")
        sentence = reason[:1].upper() + reason[1:] + self._rules.stop
        yield from self._sentences.verify(sentence, side.spec).faults

    def _what_if_readings(self, text: str, spec: WhatIfSpec) -> Iterator[list[Fault]]:
        for match in filter(None, (pattern.fullmatch(text) for pattern in self._what_ifs)):
            said = match.groupdict()
            faults = [*self._name_faults(said["item"], spec.spec)]
            terms = tuple(name for name, term in self._rules.terms.items() if term in spec.terms)
            for what, names in (("categories", spec.categories), ("terms", terms)):
                if not self._lists(said.get(what) or "", names):
                    faults.append(Fault("unproven_value", f"{said.get(what)!r} are not the {what} left out"))
            is_said = {spec.rank: said["rank"], spec.rank_without: said.get("rank_without", said["rank"])}
            if len(terms) != len(spec.terms) or not all(self._is_number(each, rank) for rank, each in is_said.items()):
                faults.append(Fault("unproven_value", "the places are not those of the facts"))
            moves = (bool(said.get("fall")), bool(said.get("rise")))
            if moves != (spec.rank_without > spec.rank, spec.rank_without < spec.rank):
                faults.append(Fault("direction", "the item moves another way"))
            yield faults

    def _name_faults(self, said: str, spec: SentenceSpec) -> Iterator[Fault]:
        match = self._item.fullmatch(said)
        is_item = match is not None and bool(self._read["same_item"](match["name"], match["label"], spec.title))
        if not spec.title or not (is_item or self._read["same_name"](said, spec.title)):
            yield Fault("unproven_value", f"{said!r} is not the name of the item")

    def _lists(self, text: str, names: tuple[str, ...]) -> bool:
        """Return whether a text lists names in their order."""
        if not names:
            return not text
        if len(names) == 1:
            return bool(self._read["same_name"](text, names[0]))
        return any(
            bool(self._read["same_name"](text[: match.start()], names[0]))
            and self._lists(text[match.end() :], names[1:])
            for match in self._joiner.finditer(text)
        )

    def _is_number(self, text: str, value: int) -> bool:
        try:
            return bool(self._read["number"](text) == value)
        except (NumberFormatError, ValueError):
            return False


def _weight_faults(said: Mapping[str, str | None], spec: ContrastSpec) -> Iterator[Fault]:
    """Yield a fault if a reason is called all or the most of what speaks for the other item, and is not."""
    against = {player: -value for player, value in spec.differences.items() if value < 0}
    own = against.pop(spec.other.player, 0.0)
    if said.get("only") and sum(against.values()) > LEAST_TO_COUNT:
        yield Fault("unlicensed_degree", "other players speak for the other item too")
    if said.get("most") and own < max(against.values(), default=0.0):
        yield Fault("unlicensed_degree", f"{max(against, key=against.__getitem__)} speaks more for the other item")
    if spec.other.player == BASE:
        yield Fault("unlicensed_cause", "the base value has no reason")
