"""Read a finished sentence: which reasons it gives, in which order, with which numbers.

It shares no code and no words with what writes sentences, so a mistake there is not repeated here. What it takes from
the shop is the names of categories and items.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from llm_explain.evaluation.agreement.extraction import load_extraction

if TYPE_CHECKING:
    from collections.abc import Collection

    from llm_explain.claims import ClaimKinds
    from llm_explain.evaluation.agreement.extraction import Extraction, KindExtract, ValueExtract
    from llm_explain.evaluation.agreement.names import Found, Names

ROUNDING: Final = {
    "share": 0.00501,
    "lift": 0.0501,
    "price": 0.0101,
    "low": 0.0101,
    "high": 0.0101,
}
"""How far a number in a sentence may be from the exact one: what rounding it for a reader costs, by fact."""


UNITS: Final = (7.0, 30.4375)
"""Days in a week and in a month."""


def agrees(name: str, value: float, fact: float) -> bool:
    """Return whether a number in a sentence is a fact, rounded for a reader; a time between orders to an eighth.

    "Two or three months" is read as two and a half, and is any time between the two.
    """
    if name != "interval_days":
        return abs(value - fact) <= ROUNDING.get(name, 1e-9)
    between = next((unit for unit in UNITS if value / unit % 1 == 1 / 2), None)
    return abs(value - fact) <= (between / 2 if between else max(0.501, fact / 8))


def as_stated(fact: Any) -> float:
    """Return a fact as the reader reads it: a number, or month · 100 + day of a date; NaN for an absent fact."""
    if fact is None:
        return float("nan")
    date = re.match(r"\d{4}-(\d\d)-(\d\d)", str(fact))
    return int(date[1]) * 100.0 + int(date[2]) if date else float(fact)


@dataclass(frozen=True, slots=True)
class Mention:
    """A reason that a sentence gives.

    Attributes:
        kind: The kind of reason.
        name: The category or the item that it names; empty where it names none.
        values: Numbers that it states, by fact.
        start: Where it stands in the masked sentence.
        degrees: Words of degree that stand with it.
        event_kinds: Kinds of event that the words of the sentence tell.
    """

    kind: str
    name: str
    values: dict[str, float]
    start: int
    degrees: tuple[str, ...] = ()
    event_kinds: tuple[str, ...] = ()


class Reader:
    """Reads sentences of one locale.

    Args:
        names: Names of the shop.
        locale: A folder under ``prompts/``.
        kinds: Claim kinds in force; those that are installed if not given.
    """

    def __init__(self, names: Names, locale: str = "en", *, kinds: ClaimKinds | None = None) -> None:
        self._names = names
        self._cues = load_extraction(locale, kinds)

    def read(self, text: str, *, title: str, category: str, titles: Collection[str] = ()) -> list[Mention]:
        """Return the reasons of a sentence.

        Args:
            text: A finished sentence.
            title: Title of the recommended item.
            category: Its category.
            titles: Titles that are read as items where a category has the same name.

        Returns:
            Mentions in order of appearance; at most one of a kind and name.
        """
        masked, found = self._names.mask(
            text, title=title, category=category, before_item=self._cues.before_item, titles=titles
        )
        sentence = _Sentence(masked, found, self._cues)
        return sentence.with_degrees(sorted(sentence.mentions(), key=lambda mention: mention.start))

    def event_kinds(self, text: str, *, title: str, category: str) -> frozenset[str]:
        """Return the kinds of event that the words of a sentence tell.

        Args:
            text: A finished sentence.
            title: Title of the recommended item.
            category: Its category.

        Returns:
            Event kinds; none for a sentence that tells no event.
        """
        masked, found = self._names.mask(text, title=title, category=category, before_item=self._cues.before_item)
        return frozenset(_Sentence(masked, found, self._cues).event_kinds)


class _Sentence:
    """One masked sentence."""

    def __init__(self, masked: str, found: list[Found], cues: Extraction) -> None:
        self.masked, self.found, self.cues = masked, found, cues

    def mentions(self) -> list[Mention]:
        """Return what is mentioned, in no order."""
        said = [*self._plain(), *self._categories(), *self._similar()]
        kind = self.cues.about("item count")
        extract = self.cues.kinds.get(kind)
        if extract and self.repeats:
            start, count = self.repeats[0]
            said.append(Mention(kind, "", {"count": float(count)} | self._values(extract), start))
        elif extract and extract.cue and (day := re.search(extract.cue, self.masked)):  # one purchase, told by its day
            said.append(Mention(kind, "", self._values(extract), day.start()))
        return said

    def _plain(self) -> list[Mention]:
        """Return mentions of the kinds that a cue alone gives away."""
        said = []
        for kind, extract in self.cues.kinds.items():
            cue = re.search(extract.cue, self.masked) if extract.cue and not extract.about else None
            if cue is not None:
                said.append(Mention(kind, "", self._values(extract), cue.start()))
        return said

    def _values(self, extract: KindExtract) -> dict[str, float]:
        values: dict[str, float] = {}
        for each in extract.values:
            said = self._value(each)
            if said is not None:
                values.setdefault(each.fact, float(said))
        return values

    def _value(self, extract: ValueExtract) -> float | None:
        if extract.reads == "day":
            return self.cues.day(self.masked, extract.pattern)
        match = re.search(extract.pattern, self.masked)
        if match is None or extract.value is not None:
            return extract.value if match else None
        return self.cues.number(match.group("number")) * extract.times

    @cached_property
    def _counts(self) -> list[tuple[int, int, bool]]:
        """Place and number of every count, and whether it is one of a category in a window."""
        counts = []
        for match in self.cues.times.finditer(self.masked):
            before, after = self.masked[: match.start()], self.masked[match.end() :]
            if re.match(r" (?:its|their|the) ", after) and "times" in match.group():
                continue  # "1.4 times its usual share"
            if before.endswith("."):
                continue  # the decimals of such a factor
            if self.cues.item_before.search(before):
                continue  # a count of another item
            in_window = bool(self.cues.window.match(after) or self.cues.category_before.search(before))
            counts.append((match.start(), int(self.cues.number(match.group())), in_window))
        return counts

    @cached_property
    def repeats(self) -> list[tuple[int, int]]:
        """Counts of the item itself."""
        return [(start, count) for start, count, in_window in self._counts if not in_window]

    def _categories(self) -> list[Mention]:
        """Return mentions of categories that are bought: the own one or another."""
        said: dict[tuple[str, str], Mention] = {}
        for name in self.found:
            if name.place == "cat":
                kind = self.cues.about("other category")
            elif name.place == "own" and self._is_category_itself(name):
                kind = self.cues.about("own category")
            else:
                continue
            said.setdefault((kind, name.name), Mention(kind, name.name, self._count_of(name), name.start))
        return list(said.values())

    def _count_of(self, name: Found) -> dict[str, float]:
        """Return the count that stands closest to a category, unless another category stands closer to it."""
        categories = [other for other in self.found if other.place in ("own", "cat")]
        for start, count, in_window in self._counts:
            nearest = min(categories, key=lambda other: abs(other.start - start), default=None)
            if in_window and nearest is name:
                return {"count": float(count)}
        return {}

    def _is_category_itself(self, name: Found) -> bool:
        """Return whether a mention of the own category says that it is bought, not whose brand or price it is."""
        kinds = self.cues.kinds.values()
        before, after = self.masked[: name.start], self.masked[name.end :]
        others = (self.cues.this, self.cues.bought_for, *(each.own_category for each in kinds if each.own_category))
        behind = (each.own_category_after for each in kinds if each.own_category_after)
        return not (
            any(re.search(pattern, before) for pattern in others) or any(re.match(pattern, after) for pattern in behind)
        )

    def _similar(self) -> list[Mention]:
        """Return the mention of another item, of the first kind whose cue the sentence has."""
        others = [name for name in self.found if name.place == "other" or self._is_of_another_size(name)]
        said = (kind for kind in self.cues.all_about("other item") if re.search(self.cues.kinds[kind].cue, self.masked))
        kind = next(said, None)
        if not others or kind is None:
            return []
        return [Mention(kind, others[0].name, self._values(self.cues.kinds[kind]), others[0].start)]

    def _is_of_another_size(self, name: Found) -> bool:
        """Return whether a name is that of the item but stands for another one: "sugar (32 oz)"."""
        return name.place == "item" and re.match(r" ?[(（]", self.masked[name.end :]) is not None

    def with_degrees(self, mentions: list[Mention]) -> list[Mention]:
        """Return the mentions with the words of degree that stand closest to each, in its own clause first."""
        exempt = [match.span() for match in re.finditer(self.cues.degree_exempt, self.masked)]
        by_mention: dict[int, list[str]] = {}
        for rule, pattern in self.cues.degrees.items():
            for match in re.finditer(pattern, self.masked):
                if not mentions or any(start <= match.start() < end for start, end in exempt):
                    continue
                about = self.cues.all_about(self.cues.degree_about.get(rule, ""))
                meant = [n for n, mention in enumerate(mentions) if mention.kind in about] or range(len(mentions))
                nearest = min(meant, key=lambda n: self._distance(match.start(), mentions[n]))
                by_mention.setdefault(nearest, []).append(rule)
        return [
            replace(each, degrees=tuple(by_mention.get(place, ())), event_kinds=self.event_kinds)
            for place, each in enumerate(mentions)
        ]

    @cached_property
    def event_kinds(self) -> tuple[str, ...]:
        """Kinds of event that the words tell."""
        return tuple(kind for kind, words in self.cues.event_kinds.items() if re.search(words, self.masked))

    def _distance(self, place: int, mention: Mention) -> tuple[int, int]:
        between = self.masked[min(place, mention.start) : max(place, mention.start)]
        return len(re.findall(r"[,;:.?!](?!\d)| and ", between)), abs(place - mention.start)
