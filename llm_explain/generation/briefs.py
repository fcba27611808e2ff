"""What a tuned language model is told to write: tone, claim kinds in their order, the slots and degrees of each.

A finished sentence can be read back into its brief, which is how the training pairs are made; a new brief is drawn from
how the hand-written sentences speak of each kind. So one combination of kinds gives many different briefs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from llm_explain.text.skeleton import ITEM, SLOT
from llm_explain.verifier import SkeletonVerifier
from llm_explain.verifier.rules import Rules

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Iterable, Sequence

    from llm_explain.skeletons.corpus import CorpusLine
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Tone

Found = TypeVar("Found")

MANNER = 0.08
"""Share of the hand-written sentences that makes a manner of speaking; what is rarer is not asked for."""


_OFTEN = 0.3
"""Share of the sentences about two kinds in which the one stands first, from which on both orders are usual."""


class Part(NamedTuple):
    """What a sentence is to say of one claim kind.

    Attributes:
        kind: The claim kind.
        slots: Its slots, each once; none for a kind that words alone can state.
        degree: Word of degree that the sentence uses of it, as the lexicon names it; empty for none.
    """

    kind: str
    slots: tuple[str, ...] = ()
    degree: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """What one sentence is to hold.

    Attributes:
        tone: ``friendly``, ``concise`` or ``formal``.
        parts: One for each claim kind, in the order in which the sentence states them.
        is_causal: Whether the sentence says that these are reasons.
        has_item: Whether it names the item.
    """

    tone: Tone
    parts: tuple[Part, ...]
    is_causal: bool
    has_item: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the claim kinds in the order in which the sentence states them."""
        return tuple(part.kind for part in self.parts)

    @property
    def has_degree(self) -> bool:
        """Return whether the sentence uses a word of degree."""
        return any(part.degree for part in self.parts)

    @property
    def slots(self) -> tuple[str, ...]:
        """Return every slot of the sentence, each once."""
        named = tuple(slot for part in self.parts for slot in part.slots)
        return (*named, ITEM) if self.has_item else named


class BriefReader:
    """Reads finished skeletons back into briefs.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._verifier = SkeletonVerifier(lexicon)
        self._kinds, self._kind_of_slot = lexicon.kinds, lexicon.kind_of_slot
        self._degrees = lexicon.degree_words.keys()

    def read(self, text: str, kinds: Iterable[str], tone: Tone) -> Brief:
        """Return what a sentence holds.

        Args:
            text: A skeleton that the verifier accepts.
            kinds: Claim kinds that it states.
            tone: Its tone.

        Returns:
            The brief that asks for such a sentence.
        """
        named = self._kinds.in_order(kinds)
        finding = self._verifier.check(text, named)
        found = SLOT.findall(text)
        degrees = {
            kind: need.degree
            for need in sorted(finding.needs, key=lambda need: need.degree)
            if need.degree in self._degrees
            for kind in named
            if kind in need.kinds
        }
        parts = [
            Part(kind, tuple(slot for slot in found if self._kind_of_slot.get(slot) == kind), degrees.get(kind, ""))
            for kind in sorted(named, key=lambda kind: self._verifier.wording.place(text, kind))
        ]
        return Brief(tone, tuple(parts), finding.is_causal, ITEM in found)


class BriefBook:
    """Draws new briefs in the manner of the hand-written sentences.

    Args:
        lexicon: The locale's words.
        lines: The hand-written sentences.
    """

    def __init__(self, lexicon: Lexicon, lines: Sequence[CorpusLine]) -> None:
        reader = BriefReader(lexicon)
        self._kinds, self._slots = lexicon.kinds, lexicon.slots
        roles = Rules(lexicon).roles
        self._twins = {slot: role.twins for slot, role in roles.items()}
        self._partners = {slot: role.partner for slot, role in roles.items() if role.partner}
        self._parts: dict[tuple[str, int, Tone], list[Part]] = defaultdict(list)
        self._short: dict[str, list[Part]] = defaultdict(list)
        self._frames: dict[tuple[object, Tone], list[tuple[bool, bool]]] = defaultdict(list)
        self._orders: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
        self._before: Counter[tuple[str, str]] = Counter()
        self._reasons: set[str] = set()
        lengths: dict[tuple[int, Tone], list[int]] = defaultdict(list)
        for line in lines:
            brief = reader.read(line.text, line.kinds, line.tone)
            for of in (len(brief.parts), lexicon.kinds.in_order(brief.kinds)):
                self._frames[of, line.tone].append((brief.is_causal, brief.has_item))
            self._reasons.update(brief.kinds if brief.is_causal else ())
            self._orders[lexicon.kinds.in_order(brief.kinds)].append(brief.kinds)
            self._before.update(combinations(brief.kinds, 2))
            lengths[len(brief.parts), line.tone].append(sum(len(part.slots) for part in brief.parts))
            for part in brief.parts:
                is_whole = set(lexicon.slots[part.kind].required) <= set(part.slots)
                pool = self._parts[part.kind, len(brief.parts), line.tone] if is_whole else self._short[part.kind]
                pool.append(part)
        for pool in (*self._parts.values(), *self._short.values()):
            pool[:] = _usual(pool)
        self._most_slots = {of: max(_usual(found)) for of, found in lengths.items()}

    def draw(self, kinds: Iterable[str], tone: Tone, chance: random.Random, *, is_plain: bool = False) -> Brief:
        """Return a brief for a combination of kinds.

        Args:
            kinds: Claim kinds.
            tone: ``friendly``, ``concise`` or ``formal``.
            chance: Source of all chance.
            is_plain: Whether to leave out what not every claim can fill: words of degree and slots that may be empty.

        Returns:
            A brief whose order, slots and degrees occur in the hand-written sentences; of two kinds, with as few slots
            as is usual.
        """
        named = self._kinds.in_order(kinds)
        frames = self._frames.get((named, tone)) or self._frames.get((len(named), tone)) or [(True, False)]
        is_causal, has_item = chance.choice(frames)
        named = chance.choice(self._usual_orders(named))
        is_causal &= self._reasons.issuperset(named)  # the others are told as facts alone
        has_item &= len(named) == 1  # of several reasons, the second would go on with "it", or "they"
        parts: list[Part] = []
        room = self._most_slots.get((len(named), tone), 0) - sum(len(self._needed(kind)) for kind in named)
        for kind in named:
            required = self._needed(kind)
            said = {slot for other in parts for slot in other.slots}
            if any(said & set(self._twins.get(slot, ())) for slot in required):
                # A category that is named already is not named again, and nothing is said that needs its name nearby.
                barest, pool = Part(kind), [each for each in self._short[kind] if not self._lacks_partner(each, said)]
            else:
                barest, pool = Part(kind, required), self._parts[kind, len(named), tone]
            if len(named) > 1:
                pool = [part for part in pool if len(part.slots) <= len(required) + max(room, 0)]
            parts.append(barest if is_plain or not pool else chance.choice(pool))
            room -= len(parts[-1].slots) - len(required)
        return Brief(tone, tuple(parts), is_causal, has_item and not is_plain)

    def _needed(self, kind: str) -> tuple[str, ...]:
        """Return the required slots of a kind; if there are none, the smallest set that sentences usually have."""
        if self._slots[kind].required:
            return self._slots[kind].required
        written = Counter(part.slots for (name, *_), pool in self._parts.items() if name == kind for part in pool)
        least = min(map(len, written), default=0)
        return max((slots for slots in written if len(slots) == least), key=written.__getitem__, default=())

    def _usual_orders(self, kinds: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the orders of some kinds that people wrote, and those of which each pair often stands so."""
        written = {kinds, *self._orders.get(kinds, ())}
        return sorted(written | {order for order in permutations(kinds) if self._is_usual(order)})

    def _is_usual(self, order: Iterable[str]) -> bool:
        pairs = combinations(order, 2)
        return all(self._before[a, b] >= _OFTEN * (self._before[a, b] + self._before[b, a]) for a, b in pairs)

    def _lacks_partner(self, part: Part, said: Collection[str]) -> bool:
        """Return whether a slot of a part is only true together with one that is not said."""
        return any(self._partners.get(slot, slot) not in {*part.slots, *said} for slot in part.slots)


def _usual(pool: Sequence[Found]) -> list[Found]:
    """Return what is found often enough to be a manner of speaking."""
    counts = Counter(pool)
    return [each for each in pool if counts[each] >= MANNER * len(pool)]
