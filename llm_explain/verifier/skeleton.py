"""The verifier of sentences with slots: each slot once and in its role, each word licensed by a claim kind."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from llm_explain.records import Fault
from llm_explain.skeletons import ITEM, KIND_OF_SLOT, SLOT, SLOTS, Need, Skeleton, in_order
from llm_explain.verifier.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llm_explain.lexicon import Lexicon
    from llm_explain.skeletons import Tone
    from llm_explain.verifier.wording import Phrase

_LINK = re.compile(r"https?:|www\.|\w@\w|\w\.(?:com|net|org|io|shop|cn|de|uk)\b", re.IGNORECASE)
_MARKUP = re.compile(r"[<>\[\]|`\\^~_=*#]|&#?\w+;|\{\{|\}\}|\{%")
_MOST_SENTENCES = 2
_MAX_FINDINGS = 4096
_SAME_OBJECT = frozenset({"repeat_item", "due"})
"""Kinds that both speak of purchases of the recommended item itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the skeleton verifier found.

    Attributes:
        faults: Every fault.
        needs: Licences for words of degree.
        same: Pairs of slots whose values must agree; the first was left out for the second.
        is_causal: Whether the sentence claims to give a reason.
    """

    faults: tuple[Fault, ...]
    needs: frozenset[Need]
    same: tuple[tuple[str, str], ...]
    is_causal: bool


class SkeletonVerifier:
    """Reads sentences with slots; knows nothing of who wrote them.

    What it finds depends on the sentence and the kinds alone, and finished texts of many users read back into the same
    few thousand sentences, so the latest findings are kept.

    Args:
        lexicon: The locale's words.

    Attributes:
        wording: The compiled lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.wording = Wording(lexicon)
        self._lexicon = lexicon
        self._find = lru_cache(_MAX_FINDINGS)(self._read)

    def accept(
        self, text: str, kinds: Iterable[str], *, tone: Tone, origin: str = "", model: str = ""
    ) -> Skeleton | None:
        """Return a skeleton if the text is free of faults.

        Args:
            text: Sentence with slots.
            kinds: Claim kinds that it is to state.
            tone: Its tone.
            origin: Where it was written.
            model: Language model that wrote it.

        Returns:
            The skeleton; ``None`` if it is refused.
        """
        named = in_order(kinds)
        finding = self.check(text, named)
        if finding.faults:
            return None
        return Skeleton(
            text=text,
            kinds=named,
            tone=tone,
            slots=tuple(SLOT.findall(text)),
            needs=finding.needs,
            same=finding.same,
            is_causal=finding.is_causal,
            origin=origin,
            model=model,
        )

    def check(self, text: str, kinds: Iterable[str], *, max_length: int | None = None) -> Finding:
        """Return every fault of a sentence with slots.

        Args:
            text: Sentence with slots.
            kinds: Claim kinds that it may, and must, state.
            max_length: Longest text; the lexicon's limit for drafts if not given.

        Returns:
            The finding.
        """
        return self._find(text, frozenset(kinds), max_length or self._lexicon.max_draft_length)

    def _read(self, text: str, claimed: frozenset[str], max_length: int) -> Finding:
        lowered = text.replace("’", "'").lower()
        phrases = self.wording.read(lowered)
        faults = list(self._form(text, max_length))
        slot_faults, same = self._slots(lowered, claimed)
        faults += slot_faults
        faults += self._roles(lowered)
        faults += self._statements(lowered, claimed)
        faults += self._words(phrases, claimed)
        faults += self._causes(lowered, phrases)
        needs, degree_faults = self._degrees(lowered, phrases, claimed)
        is_causal = any(phrase.text in self.wording.causes for phrase in phrases)
        return Finding((*faults, *degree_faults), needs, same, is_causal)

    def _form(self, text: str, max_length: int) -> Iterator[Fault]:
        """Yield faults of length, characters and shape."""
        if not text.strip():
            yield Fault("empty", "the text is empty but a sentence is needed")
            return
        if len(text) > max_length:
            yield Fault(
                "too_long", f"{len(text)} characters but at most {max_length} are allowed", (max_length, len(text))
            )
        without_slots = SLOT.sub(lambda match: "x" * len(match.group(0)), text)
        for code, pattern in (
            ("markup", _MARKUP),
            ("link", _LINK),
            ("character", self.wording.stray_character),
            ("unlicensed_number", re.compile(r"\d[\d.,:/-]*")),
            ("unlicensed_price", re.compile(r"[$€£¥]|\bUSD\b")),
            ("unlicensed_percent", re.compile(r"%")),
            ("unknown_slot", re.compile(r"[{}]")),
            ("spacing", self.wording.form["spacing"]),
            ("repeated_word", self.wording.form["repeated"]),
        ):
            for match in pattern.finditer(without_slots):
                yield Fault(code, f"{match.group(0)!r} may not stand here", match.span())
        yield from self._shape(text, without_slots)

    def _shape(self, text: str, without_slots: str) -> Iterator[Fault]:
        """Yield faults of sentence shape."""
        form = self.wording.form
        if not form["ends"].search(text):
            yield Fault("unfinished", "the text does not end as a sentence does", (len(text), len(text)))
        n_sentences = len(form["sentence_end"].findall(without_slots))
        if n_sentences > _MOST_SENTENCES or len(form["exclamation"].findall(without_slots)) > 1:
            yield Fault("too_many_sentences", f"at most {_MOST_SENTENCES} sentences and one ! are allowed")
        if not form["begins"].search(text):
            yield Fault("capital", f"the sentence begins with {text[:1]!r} but a capital letter is needed", (0, 1))
        if match := form["small_beginning"].search(text):
            yield Fault("capital", "a sentence begins with a small letter", match.span())
        if match := self.wording.imperative.search(without_slots.lower()):
            yield Fault("pressing", f"{match.group(0)!r} presses the shopper", match.span())

    def _slots(self, lowered: str, claimed: frozenset[str]) -> tuple[list[Fault], tuple[tuple[str, str], ...]]:
        """Return faults of slots, and twins that stand for a slot left out."""
        faults: list[Fault] = []
        found: Counter[str] = Counter()
        for match in SLOT.finditer(lowered):
            slot = match.group(1)
            found[slot] += 1
            if slot != ITEM and slot not in KIND_OF_SLOT:
                faults.append(Fault("unknown_slot", f"{{{slot}}} is no slot", match.span()))
            elif slot != ITEM and KIND_OF_SLOT[slot] not in claimed:
                faults.append(Fault("slot_added", f"{{{slot}}} has no claim", match.span()))
            if found[slot] > 1:
                faults.append(Fault("slot_repeated", f"{{{slot}}} stands more than once", match.span()))
        absent, same = self._absent_slots(found, claimed)
        return faults + absent, same

    def _absent_slots(
        self, found: Counter[str], claimed: frozenset[str]
    ) -> tuple[list[Fault], tuple[tuple[str, str], ...]]:
        """Return faults of slots that should stand in the sentence, and twins that stand for them."""
        faults: list[Fault] = []
        same: list[tuple[str, str]] = []
        for slot in (slot for kind in sorted(claimed) for slot in SLOTS[kind].required if not found[slot]):
            twins = [twin for twin in self._lexicon.twins.get(slot, ()) if found[twin]]
            if twins:
                same.append((slot, twins[0]))
            else:
                faults.append(Fault("slot_missing", f"{{{slot}}} is missing"))
        for slot, partner in self._lexicon.partners.items():
            stand_ins = (partner, *self._lexicon.twins.get(partner, ()))
            if found[slot] and not any(found[each] for each in stand_ins):
                faults.append(Fault("slot_alone", f"{{{slot}}} is only true together with {{{partner}}}"))
        return faults, tuple(same)

    def _roles(self, lowered: str) -> Iterator[Fault]:
        """Yield a fault for each slot that does not stand in its role."""
        for match in SLOT.finditer(lowered):
            slot, span = match.group(1), match.span()
            stands = any(_covers(pattern, lowered, span) for pattern in self.wording.roles.get(slot, ()))
            if not stands or any(_covers(never, lowered, span) for never in self.wording.never_around.get(slot, ())):
                yield Fault("slot_role", f"{match.group(0)} may not stand here", span)

    def _statements(self, lowered: str, claimed: frozenset[str]) -> Iterator[Fault]:
        """Yield faults for claims that are not stated and statements that nobody claims."""
        for kind in claimed & self.wording.states.keys():
            if not any(pattern.search(lowered) for pattern in self.wording.states[kind]):
                yield Fault("claim_missing", f"the sentence does not state {kind}")
        for kinds, pattern in self.wording.statements:
            if not kinds & claimed and (match := pattern.search(lowered)):
                yield Fault("claim_added", f"{match.group(0)!r} states what no claim says", match.span())

    def _words(self, phrases: list[Phrase], claimed: frozenset[str]) -> Iterator[Fault]:
        """Yield faults for words without a licence."""
        wording = self.wording
        for text, start, end in phrases:
            if text in wording.degrees or text in wording.causes or wording.licensing.get(text, frozenset()) & claimed:
                continue
            if text in wording.forbidden:
                yield Fault(wording.forbidden[text], f"{text!r} may not be said", (start, end))
            elif text in wording.licensing:
                yield Fault(f"unlicensed_{wording.groups[text]}", f"no claim licenses {text!r}", (start, end))
            elif text not in wording.vocabulary:
                yield Fault("unknown_word", f"{text!r} is not in the vocabulary", (start, end))

    def _causes(self, lowered: str, phrases: list[Phrase]) -> Iterator[Fault]:
        """Yield a fault where one reason is said to be the cause of another."""
        earlier = -1
        for phrase in phrases:
            direction = self.wording.causes.get(phrase.text)
            end = self.wording.form["sentence_end"]
            begin = _sentence_start(lowered, phrase.start, end)
            stop = _sentence_stop(lowered, phrase.end, end)
            before, after = lowered[begin : phrase.start], lowered[phrase.end : stop]
            if direction == "back" and earlier == begin:
                is_wrong = not self.wording.joins_reasons.search(before)
            elif direction == "back":
                earlier = begin
                comma = self._lexicon.form.comma
                last_clause = after.rpartition(comma)[2] if comma in after else ""
                is_wrong = self._says_something(before if before.strip() else last_clause)
            else:
                is_wrong = direction == "forward" and self._says_something(after)
            if is_wrong:
                span = (phrase.start, phrase.end)
                yield Fault("cause_between_facts", f"{phrase.text!r} makes one reason the cause of another", span)

    def _says_something(self, part: str) -> bool:
        """Return whether a part of a sentence states a claim."""
        if any(slot != ITEM for slot in SLOT.findall(part)):
            return True
        patterns = [pattern for group in self.wording.states.values() for pattern in group]
        patterns += [pattern for _, pattern in self.wording.statements]
        return any(pattern.search(part.strip()) for pattern in patterns)

    def _degrees(
        self, lowered: str, phrases: list[Phrase], claimed: frozenset[str]
    ) -> tuple[frozenset[Need], list[Fault]]:
        """Return the licences that words of degree need, each bound to the claim of its clause."""
        needs: set[Need] = set()
        faults: list[Fault] = []
        for phrase in phrases:
            if phrase.text not in self.wording.degrees:
                continue
            kinds = self._kinds_of_clause(lowered, phrase) & claimed
            if any(phrase.text in self._lexicon.granted_degrees.get(kind, ()) for kind in kinds):
                continue
            degree = self.wording.degrees[phrase.text]
            if not kinds:
                faults.append(
                    Fault("unlicensed_degree", f"{phrase.text!r} belongs to no claim", (phrase.start, phrase.end))
                )
            if alike := kinds & _SAME_OBJECT:
                needs.add(Need(alike, degree))
            needs |= {Need(frozenset({kind}), degree) for kind in kinds - _SAME_OBJECT}
        return frozenset(needs), faults

    def _kinds_of_clause(self, lowered: str, phrase: Phrase) -> frozenset[str]:
        """Return the claim kinds that the clause around a phrase states."""
        breaks = [
            (0, 0),
            *(match.span() for match in self.wording.clause_break.finditer(lowered)),
            (len(lowered), len(lowered)),
        ]
        begin = max(stop for _, stop in breaks if stop <= phrase.start)
        end = min(start for start, stop in breaks if start >= phrase.end)
        clause = lowered[begin:end].strip()
        kinds = {KIND_OF_SLOT[slot] for slot in SLOT.findall(clause) if slot in KIND_OF_SLOT}
        kinds |= {kind for kind, patterns in self.wording.states.items() if any(p.search(clause) for p in patterns)}
        for stated, pattern in self.wording.statements:
            kinds |= stated if pattern.search(clause) else set()
        return frozenset(kinds)


def _covers(pattern: re.Pattern[str], text: str, span: tuple[int, int]) -> bool:
    """Return whether a match of the pattern covers the span."""
    return any(match.start() <= span[0] and span[1] <= match.end() for match in pattern.finditer(text))


def _sentence_start(text: str, before: int, sentence_end: re.Pattern[str]) -> int:
    return max((match.end() for match in sentence_end.finditer(text, 0, before)), default=0)


def _sentence_stop(text: str, after: int, sentence_end: re.Pattern[str]) -> int:
    match = sentence_end.search(text, after)
    return match.start() if match else len(text)
