"""The verifier of finished texts: reads a sentence back into slots and words and checks each against the claims."""

from __future__ import annotations

import re
import unicodedata
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.records import Fault, Verdict
from llm_explain.text.skeleton import ITEM, ITEM_LABEL
from llm_explain.text.word_boundaries import STOPS, bounded
from llm_explain.verifier.event_words import EventWords
from llm_explain.verifier.names import NameIndex
from llm_explain.verifier.number import ReadAsOne
from llm_explain.verifier.proof import ValueProof
from llm_explain.verifier.reading import Reading, readings, spans
from llm_explain.verifier.skeleton import MAX_FINDINGS, SkeletonCheck, SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import SentenceSpec
    from llm_explain.text.surfaces import Limits
    from llm_explain.verifier.compiled_lexicon import Phrase

JOINERS = frozenset("\u200c\u200d")
"""Invisible characters that Persian, Indic scripts and emoji need within a word."""

_PAUSES = f"{STOPS},:;()，：；、（）–—"
_BARE_VALUE = re.compile(rf"(?:^|[{_PAUSES}])\s*(\{{\w+\}})\s*(?=$|[{_PAUSES}])")
"""A value between pauses, without a word of the sentence: a supplier's title would speak there for itself."""

_STOP = re.compile(f"[{STOPS}]")
_SAID_TWICE = re.compile(rf"(\S[^{STOPS}]{{5,}}[{STOPS}]) ?(\1)")


class Verifier:
    """Reads a finished text against the claims that it may state; knows nothing of how it was made.

    Args:
        lexicon: The locale's words.
        names: Every name of the catalogue.
        blocklist: Words and phrases of the policy that no text may contain outside the shop's own names, besides those
            of the lexicon.

    Attributes:
        names: Every name of the catalogue.
    """

    def __init__(self, lexicon: Lexicon, names: NameIndex | None = None, *, blocklist: Collection[str] = ()) -> None:
        self._lexicon = lexicon
        self._skeletons = SkeletonVerifier(lexicon)
        self._events = EventWords(lexicon.locale, self._skeletons.wording.rules)
        self._as_one = ReadAsOne(lexicon.agreement.one)
        self._proof = ValueProof(lexicon, self._skeletons.wording.rules)
        self._set_names(names or NameIndex(()), blocklist)

    def with_names(self, names: NameIndex, *, blocklist: Collection[str] = ()) -> Verifier:
        """Return a verifier with the same lexicon for another catalogue, which costs a fraction of a new one.

        Args:
            names: Every name of the catalogue.
            blocklist: Words and phrases of the policy that no text may contain.

        Returns:
            A verifier; both keep what they find out about sentences in the same place.
        """
        verifier = copy(self)
        verifier._set_names(names, blocklist)
        return verifier

    def _set_names(self, names: NameIndex, blocklist: Collection[str]) -> None:
        """Set what depends on the shop's names and policy."""
        self.names = names
        blocked = sorted(
            {word.strip() for word in (*self._lexicon.blocked_words, *blocklist) if word.strip()},
            key=len,
            reverse=True,
        )
        pattern = re.compile(bounded("|".join(map(re.escape, blocked))) if blocked else "(?!)", re.IGNORECASE)
        self._blocked = lru_cache(MAX_FINDINGS)(lambda skeleton: tuple(pattern.finditer(skeleton)))
        own = {word.strip().lower() for word in blocklist}
        kinds = self._skeletons.wording.rules.kinds
        self._unblocked = {name: rules.licences.unblocks - own for name, rules in kinds.items()}

    def read(self, text: str, spec: SentenceSpec) -> str:
        """Return the text with its values read back into slots.

        Args:
            text: A finished text.
            spec: Claims and values of the sentence.

        Returns:
            The skeleton that it could have been filled from.
        """
        kind, _ = self._events.kind_of(spec.claims)
        spoken, _ = self._events.as_purchases(self._as_one(text, spec), spec.values.values(), kind)
        return self._read(spoken, spec)[0].skeleton

    def verify(self, text: str, spec: SentenceSpec, *, limits: Limits | None = None, is_free: bool = False) -> Verdict:
        """Return every fault of a text.

        Args:
            text: The finished text.
            spec: Claims that the text may, and must, state, with the values that the writer gives them.
            limits: How long it may be on the surface where it is shown.
            is_free: Whether its writer saw the values, and so may have put a supplier's title anywhere.

        Returns:
            The verdict; ``ok`` if the text may be shown.
        """
        faults = [*self._characters(text), *self._limits(text, limits)]
        kind, unspeakable = self._events.kind_of(spec.claims)
        spoken, of_others = self._events.as_purchases(self._as_one(text, spec), spec.values.values(), kind)
        faults += [*unspeakable, *of_others]
        reading, finding = self._read(spoken, spec)
        faults += self._policy(reading, spec)
        faults += [self._in_text(fault, reading) for fault in finding.faults]
        faults += self._values(reading, finding, spec)
        faults += self._licences(finding, spec)
        faults += self._names(spoken, spec.values)
        faults += self._bare_values(reading) if is_free else ()
        if spec.is_neutral and finding.is_causal:
            faults.append(Fault("unlicensed_cause", "a neutral sentence may not claim a cause"))
        return Verdict(tuple(dict.fromkeys(faults)))

    def _characters(self, text: str) -> Iterator[Fault]:
        """Yield faults of characters that no text may hold, in values too."""
        for position, character in () if text.isprintable() else enumerate(text):
            category = unicodedata.category(character)
            if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and character not in JOINERS:
                yield Fault("control_character", f"U+{ord(character):04X} may not stand here", (position, position + 1))
        if match := re.search(r"[{}<>]", text):
            yield Fault("markup", "braces and angle brackets may not stand in a text", match.span())
        if match := re.search(r"https?:|www\.", text, re.IGNORECASE):
            yield Fault("link", "a text holds no link", match.span())
        if len(_STOP.findall(text)) > 1 and (match := _SAID_TWICE.search(text)):
            yield Fault("repeated_sentence", "the text says the same sentence twice", match.span(2))

    def _limits(self, text: str, limits: Limits | None) -> Iterator[Fault]:
        """Yield faults of length on the surface where the text is shown."""
        if limits is None:
            return
        if limits.max_length is not None and len(text) > limits.max_length:
            yield Fault(
                "too_long",
                f"{len(text)} characters but at most {limits.max_length} fit",
                (limits.max_length, len(text)),
            )
        n_sentences = len(self._skeletons.wording.form["sentence_end"].findall(text))
        if limits.max_sentences is not None and n_sentences > limits.max_sentences:
            yield Fault("too_many_sentences", f"{n_sentences} sentences but at most {limits.max_sentences} fit")

    def _policy(self, reading: Reading, spec: SentenceSpec) -> Iterator[Fault]:
        """Yield a fault for each blocked word outside the shop's own names that no claim proves."""
        for match in self._blocked(reading.skeleton):
            if any(match.group(0).lower() in self._unblocked.get(claim.kind, ()) for claim in spec.claims):
                continue
            span = (reading.to_text(match.start()), reading.to_text(match.end() - 1) + 1)
            yield Fault("policy", f"{match.group(0)!r} is blocked by the policy", span)

    def _read(self, text: str, spec: SentenceSpec) -> tuple[Reading, SkeletonCheck]:
        """Return the reading of the text with the fewest faults; equal values may stand for either slot."""
        kinds, values = spec.kinds, spec.values
        by_value: dict[str, list[str]] = {}
        for slot, value in values.items():
            if slot != ITEM_LABEL:
                by_value.setdefault(value, []).append(slot)
        if ITEM_LABEL in values:  # an item may be called as its category is
            by_value[values[ITEM_LABEL]] = list(dict.fromkeys((*by_value.get(values[ITEM_LABEL], ()), ITEM)))
        found = (
            (reading, self._skeletons.check(reading.skeleton, kinds, max_length=self._lexicon.max_length * 2))
            for reading in readings(text, by_value)
        )

        def n_faults(read: tuple[Reading, SkeletonCheck]) -> int:
            return len(read[1].faults) + len([*self._licences(read[1], spec)])

        best = next(found)
        while n_faults(best) and (other := next(found, None)):
            best = min(best, other, key=n_faults)
        if len(text) > self._lexicon.max_length:
            fault = Fault("too_long", f"{len(text)} characters but at most {self._lexicon.max_length} are allowed")
            best = (best[0], SkeletonCheck((*best[1].faults, fault), best[1].needs, best[1].same, best[1].is_causal))
        return best

    def _in_text(self, fault: Fault, reading: Reading) -> Fault:
        start, end = fault.span
        if (start, end) == (0, 0):
            return fault
        return Fault(fault.code, fault.message, (reading.to_text(start), reading.to_text(max(end - 1, start)) + 1))

    def _values(self, reading: Reading, finding: SkeletonCheck, spec: SentenceSpec) -> Iterator[Fault]:
        """Yield a fault for each required value that cannot be said, and for each value that the facts do not prove."""
        for claim in spec.claims:
            for slot in self._skeletons.wording.rules.required[claim.kind]:
                if slot not in spec.values:
                    yield Fault("unspeakable", f"the facts of {claim.kind} give no {{{slot}}}")
        standing = {*reading.found, *(slot for slot, _ in finding.same)} & spec.values.keys()
        names = [slot for slot in (ITEM, ITEM_LABEL) if slot in spec.values and f"{{{ITEM}}}" in reading.skeleton]
        for slot in (*sorted(standing), *names):
            if not self._proof.holds(slot, spec):
                yield Fault("unproven_value", f"{spec.values[slot]!r} is no value of {{{slot}}} by the facts")

    def _bare_values(self, reading: Reading) -> Iterator[Fault]:
        """Yield a fault for each value that stands between pauses without a word of the sentence."""
        for match in _BARE_VALUE.finditer(reading.skeleton):
            span = (reading.to_text(match.start(1)), reading.to_text(match.end(1) - 1) + 1)
            yield Fault("bare_value", f"{match.group(1)} stands without a word that says what it is", span)

    def _licences(self, finding: SkeletonCheck, spec: SentenceSpec) -> Iterator[Fault]:
        """Yield faults for words of degree that the claims do not permit and for twins that differ."""
        licences, values = spec.licences, spec.values
        for need in finding.needs:
            if not any(need.degree in licences.get(kind, ()) for kind in need.kinds):
                yield Fault("unlicensed_degree", f"{need.degree!r} is not licensed for {', '.join(sorted(need.kinds))}")
        for left_out, twin in finding.same:
            if values.get(left_out) != values.get(twin):
                yield Fault("slot_missing", f"{{{left_out}}} is missing and {{{twin}}} has another value")

    def _names(self, text: str, values: Mapping[str, str]) -> Iterator[Fault]:
        """Yield a fault for each name of the catalogue that no claim licenses."""
        found = self.names.find(text)
        offered = [span for value in {*values.values()} for span in spans(text, value)] if found else ()
        wording = self._skeletons.wording
        words: list[Phrase] | None = None
        for match in found:
            if any(start <= match.start and match.end <= end for start, end in offered):
                continue
            if all(wording.is_known(word) for word in match.name.split()):
                continue
            if ";" in text[match.start : match.end]:  # "you buy bread; a brand …" names no "Bread A"
                continue
            words = wording.unspaced_words(text.lower()) if words is None else words
            if any(word.start <= match.start and match.end <= word.end for word in words):
                continue
            yield Fault("unlicensed_name", f"{match.name!r} is a name that no claim licenses", (match.start, match.end))
