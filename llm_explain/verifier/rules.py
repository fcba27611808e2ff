"""The verifier's section of a claim kind's file: its words, the roles of its slots, and what it licenses.

The verifier proves texts by this section and by the lexicon alone. It knows slots from ``roles``, not from the writer's
section, so that a mistake there is found here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.text.kind_words import kind_section
from llm_explain.text.prompt_files import StrictModel
from llm_explain.text.skeleton import ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.text.lexicon import Lexicon


class Role(StrictModel):
    """Where a slot may stand, and how its value is proven. Patterns read lower-cased text with slots in braces.

    Attributes:
        required: Whether a sentence of the kind must have the slot.
        reads: Regular expression of the whole value, or the name of one among the lexicon's ``readings``.
        holds: Jinja expression over the named parts of the value, ``value`` and ``facts`` that must be true.
        means: Instead of ``holds``: each value that may be said, and the expression that must be true for it.
        stands: Patterns of which one must cover the slot.
        never: Patterns of which none may cover the slot.
        twins: Slots that may stand in for this one where they have the same value.
        partner: Slot without which this one is not true.
        led_by: Patterns of words that nothing but this slot, or another one led by the same pattern, may follow.
    """

    required: bool = False
    reads: str = ""
    holds: str = ""
    means: dict[str, str] = {}
    stands: tuple[str, ...]
    never: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    partner: str = ""
    led_by: tuple[str, ...] = ()


class Licences(StrictModel):
    """What a claim of the kind permits.

    Attributes:
        counts: What its occasions are occasions of; a word of degree may be licensed by any claim that counts the same.
        states: Patterns of which a sentence of the kind has one, if there are any.
        may_state: Names of statements that it may make.
        statements: Patterns of statements that the kind defines, by name; it may make them.
        never: Patterns of statements about its slots that no kind may make.
        degrees: Words of degree that the rule of the kind itself licenses.
        needs: Patterns that need a word of degree's licence from a claim of the kind, by word.
        unblocks: Blocked words of the locale that the facts of the kind prove; a policy's own words stay blocked.
    """

    counts: str = ""
    states: tuple[str, ...] = ()
    may_state: frozenset[str] = frozenset()
    statements: dict[str, tuple[str, ...]] = {}
    never: tuple[str, ...] = ()
    degrees: frozenset[str] = frozenset()
    needs: dict[str, tuple[str, ...]] = {}
    unblocks: frozenset[str] = frozenset()


class Mutations(StrictModel):
    """What the evaluation must know to make a sentence of the kind false.

    Attributes:
        allows: Additions of ``mutations.yaml`` that are no fault in a sentence of this kind.
        adverb_before: Slot before whose verb a word of degree speaks of this kind.
    """

    allows: frozenset[str] = frozenset()
    adverb_before: str = ""


class KindRules(StrictModel):
    """What the verifier knows of one claim kind.

    Attributes:
        groups: Groups of words of the lexicon that it licenses.
        words: Words and phrases that it alone licenses.
        roles: Its slots.
        licences: What it permits.
        mutations: What makes its sentences false.
    """

    groups: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    roles: dict[str, Role] = {}
    licences: Licences = Licences()
    mutations: Mutations = Mutations()


class Rules:
    """The rules of every claim kind that a locale has words for.

    Args:
        lexicon: The locale's words.

    Attributes:
        kinds: Rules by claim kind, in the order of a sentence.
        roles: Role of each slot, the recommended item's among them.
        kind_of_slot: Claim kind of each slot.
        required: Slots that a sentence of a claim kind must have.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.kinds: Mapping[str, KindRules] = {
            name: kind_section(lexicon.locale, kind, "verifier", KindRules) for name, kind in lexicon.kinds.items()
        }
        named = [(kind, slot, role) for kind, rules in self.kinds.items() for slot, role in rules.roles.items()]
        self.roles = {ITEM: Role.model_validate(lexicon.item_role), **{slot: role for _, slot, role in named}}
        self.kind_of_slot = {slot: kind for kind, slot, _ in named}
        self.required = {
            kind: tuple(slot for slot, role in rules.roles.items() if role.required)
            for kind, rules in self.kinds.items()
        }

    def statements(self, lexicon: Lexicon) -> list[tuple[frozenset[str], str]]:
        """Return every statement that needs a licence.

        Args:
            lexicon: The locale's words.

        Returns:
            Claim kinds that may make it, none for a statement that is always a fault, and its pattern.
        """
        defined = {kind: rules.licences.statements for kind, rules in self.kinds.items()}
        found = [
            (self._licensing(name), pattern) for name, patterns in lexicon.statements.items() for pattern in patterns
        ]
        found += [
            (self._licensing(name) | {kind}, pattern)
            for kind, statements in defined.items()
            for name, patterns in statements.items()
            for pattern in patterns
        ]
        found += [(frozenset(), pattern) for pattern in lexicon.never_states]
        return found + [(frozenset(), pattern) for rules in self.kinds.values() for pattern in rules.licences.never]

    def _licensing(self, statement: str) -> frozenset[str]:
        return frozenset(kind for kind, rules in self.kinds.items() if statement in rules.licences.may_state)
