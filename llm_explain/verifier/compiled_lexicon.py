"""A locale's lexicon compiled for reading: one pass over a sentence tells what each word claims."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from llm_explain.text.skeleton import SLOT
from llm_explain.text.word_boundaries import AFTER_WORD, BEFORE_WORD, LETTER, SIGN, any_of
from llm_explain.verifier.rules import Rules

if TYPE_CHECKING:
    from llm_explain.text.lexicon import Lexicon


class Phrase(NamedTuple):
    """A word or phrase of the lexicon, or a word that it does not know.

    Attributes:
        text: The phrase, lower-cased.
        start: First character.
        end: Character after the last.
    """

    text: str
    start: int
    end: int


class CompiledLexicon:
    """Phrases and patterns of a lexicon, compiled once.

    Args:
        lexicon: The locale's words.

    Attributes:
        lexicon: The locale's words.
        rules: The claim kinds' rules.
        vocabulary: Words that state nothing.
        licensing: Claim kinds that license a phrase.
        groups: Group that a licensed phrase belongs to, for messages.
        forbidden: Fault code of a phrase that no claim licenses.
        degrees: Word of degree that a phrase stands for.
        causes: ``back``, ``forward`` or ``plain`` by phrase.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.rules = rules = Rules(lexicon)
        self.vocabulary = frozenset((*(word for line in lexicon.vocabulary for word in line.split()), *lexicon.idioms))
        self.licensing: dict[str, frozenset[str]] = {}
        self.groups: dict[str, str] = {}
        for kind, of_kind in rules.kinds.items():
            words = {group: lexicon.word_groups[group] for group in of_kind.groups}
            for group, phrases in {**words, kind: of_kind.words}.items():
                for phrase in phrases:
                    self.licensing[phrase] = self.licensing.get(phrase, frozenset()) | {kind}
                    self.groups.setdefault(phrase, group)
        self.forbidden = {phrase: code for code, phrases in lexicon.forbidden.items() for phrase in phrases}
        self.degrees = {phrase: degree for degree, phrases in lexicon.degree_words.items() for phrase in phrases}
        causes = lexicon.causes
        self.causes = {
            **dict.fromkeys(causes.back, "back"),
            **dict.fromkeys(causes.forward, "forward"),
            **dict.fromkeys(causes.plain, "plain"),
        }
        known = {*self.vocabulary, *self.licensing, *self.forbidden, *self.degrees, *self.causes}
        unknown = rf"(?![\d_]){LETTER}(?:['-]|{LETTER})*|{SIGN}"
        self._reader = re.compile(rf"{BEFORE_WORD}(?:(?:{any_of(known)}){AFTER_WORD}|{unknown})")

    def read(self, lowered: str) -> list[Phrase]:
        """Return the phrases of a lower-cased skeleton, longest first at each place; slots are passed over.

        Args:
            lowered: Lower-cased skeleton.

        Returns:
            Phrases in order.
        """
        blanked = SLOT.sub(lambda match: "\x00" * len(match.group(0)), lowered)
        return [Phrase(match.group(0), match.start(), match.end()) for match in self._reader.finditer(blanked)]

    def place(self, text: str, kind: str) -> int:
        """Return where a skeleton first speaks of a claim kind; its end where it only implies the kind.

        Args:
            text: Skeleton.
            kind: Claim kind.

        Returns:
            Position of the first slot or statement of the kind.
        """
        lowered = text.lower()
        places = [
            match.start() for match in SLOT.finditer(lowered) if self.rules.kind_of_slot.get(match.group(1)) == kind
        ]
        patterns = self.states.get(kind, ())
        places += [match.start() for pattern in patterns if (match := pattern.search(lowered))]
        return min(places, default=len(text))

    def is_known(self, word: str) -> bool:
        """Return whether the lexicon has an opinion on a word, so that it is no name by itself."""
        return any(word in words for words in (self.vocabulary, self.licensing, self.degrees, self.causes))

    def unspaced_words(self, lowered: str) -> list[Phrase]:
        """Return the known words of a script without spaces: a name that occurs only inside one of them is not a name.

        Args:
            lowered: Lower-cased text.

        Returns:
            Phrases of at least two signs, in order.
        """
        return [
            phrase
            for phrase in self.read(lowered)
            if len(phrase.text) > 1 and re.fullmatch(f"{SIGN}+", phrase.text) and phrase.text not in self.forbidden
        ]

    @cached_property
    def roles(self) -> dict[str, tuple[re.Pattern[str], ...]]:
        """What may stand around each slot."""
        return {slot: tuple(map(self.lexicon.pattern, role.stands)) for slot, role in self.rules.roles.items()}

    @cached_property
    def never_around(self) -> dict[str, tuple[re.Pattern[str], ...]]:
        """What may never stand around a slot."""
        return {slot: tuple(map(self.lexicon.pattern, role.never)) for slot, role in self.rules.roles.items()}

    @cached_property
    def degree_patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Words of degree that stand for patterns, such as those of the present tense."""
        rules = self.lexicon.degree_patterns.items()
        return tuple((degree, self.lexicon.pattern(source)) for degree, sources in rules for source in sources)

    @cached_property
    def needs(self) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
        """Claim kinds with words that need the licence of a word of degree, the word of degree, and the pattern."""
        return tuple(
            (kind, degree, self.lexicon.pattern(source))
            for kind, rules in self.rules.kinds.items()
            for degree, sources in rules.licences.needs.items()
            for source in sources
        )

    @cached_property
    def leads_to(self) -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
        """Words that nothing but one of some slots may follow, and these slots."""
        led: dict[str, set[str]] = {}
        for slot, role in self.rules.roles.items():
            for source in role.led_by:
                led.setdefault(source, set()).add(slot)
        return tuple(
            (self.lexicon.pattern(f"(?:{source}){AFTER_WORD}"), frozenset(slots)) for source, slots in led.items()
        )

    @cached_property
    def states(self) -> dict[str, tuple[re.Pattern[str], ...]]:
        """How a sentence names a kind."""
        stated = {kind: rules.licences.states for kind, rules in self.rules.kinds.items()}
        return {kind: tuple(map(self.lexicon.pattern, patterns)) for kind, patterns in stated.items() if patterns}

    @cached_property
    def statements(self) -> tuple[tuple[frozenset[str], re.Pattern[str]], ...]:
        """Statements that only some kinds may make."""
        return tuple((kinds, self.lexicon.pattern(source)) for kinds, source in self.rules.statements(self.lexicon))

    @cached_property
    def form(self) -> dict[str, re.Pattern[str]]:
        """What a sentence looks like, by the names of the lexicon's form."""
        return {name: re.compile(pattern or "(?!)") for name, pattern in self.lexicon.form.model_dump().items()}

    @cached_property
    def clause_break(self) -> re.Pattern[str]:
        """What separates two clauses."""
        return self.lexicon.pattern(self.lexicon.clause_break)

    @cached_property
    def joins_reasons(self) -> re.Pattern[str]:
        """End of the text before a second "because" next to the first one."""
        return self.lexicon.pattern(self.lexicon.joins_reasons)

    @cached_property
    def imperative(self) -> re.Pattern[str]:
        """A sentence that begins with a verb that presses."""
        return re.compile(
            rf"(?:{self.lexicon.form.imperative_start})(?:{any_of(self.lexicon.imperatives)}){AFTER_WORD}"
        )

    @cached_property
    def stray_character(self) -> re.Pattern[str]:
        """A character that the locale does not write."""
        allowed = self.lexicon.allowed_characters.removeprefix("[").removesuffix("]")
        return re.compile(rf"[^{allowed}]")
