"""What false sentences are made of: words of the locale, names of the shop, facts of other users."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from babel.dates import get_month_names

from llm_explain.text.prompt_files import StrictModel, read_yaml
from llm_explain.text.values import ValueWriter
from llm_explain.verifier.rules import Rules

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.evaluation.true_texts import TrueText
    from llm_explain.policy.policy import Policy
    from llm_explain.records import Claim
    from llm_explain.text.lexicon import Lexicon
    from scoring.data.catalogue import Catalogue

    Mutation = Callable[[TrueText, "Distractors", random.Random], str | None]
    """Makes a mutant that its claims do not license; ``None`` where it does not apply to a sentence."""


class Addition(StrictModel):
    """Words put before the end of a sentence.

    Attributes:
        phrases: The words.
        is_only_neutral: Whether they are wrong in a neutral text alone.
    """

    phrases: tuple[str, ...]
    is_only_neutral: bool = False


class MutationWords(StrictModel):
    """A locale's ``mutations.yaml``; the file itself explains each entry."""

    version: Literal[1]
    locale: str
    units: dict[str, tuple[str, ...]]
    degrees: dict[str, tuple[str, ...]]
    degree_places: tuple[str, ...]
    additions: dict[str, Addition]
    sentences: dict[str, tuple[str, ...]]
    exchanges: dict[str, tuple[tuple[str, str], ...]]
    injected: tuple[str, ...]
    links: tuple[str, ...]
    no_end: frozenset[str] = frozenset()
    bought_this: str = "(?!)"


class Distractors:
    """Names, values and sentences that are not those of the sentence to be mutated.

    Args:
        lexicon: The locale's words.
        catalogue: The shop's items.
        policy: Names that no text may say.
        texts: True sentences, whose values and clauses are foreign to one another.

    Attributes:
        lexicon: The locale's words.
        rules: The claim kinds' rules.
        words: The locale's mutations.
        texts: True sentences.
        titles: Titles of the shop, cleaned as in a sentence.
        categories: Its categories.
        brands: Its brands that have a name, and the shop's own.
        sensitive: Categories that no text may name.
    """

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue, policy: Policy, texts: Sequence[TrueText]) -> None:
        writer = ValueWriter(lexicon)
        self.lexicon = lexicon
        self.rules = Rules(lexicon)
        self.words, _ = read_yaml(lexicon.locale, "mutations.yaml", MutationWords)
        self.texts = texts
        self.titles = _cleaned(writer, catalogue.titles.tolist())
        self.categories = _cleaned(writer, catalogue.category_names)
        speakable = [name for name in catalogue.brand_names if policy.may_name_brand(name)]
        self.brands = [lexicon.store_brand.text, *_cleaned(writer, speakable)]
        self.sensitive = [name for name in self.categories if policy.is_sensitive_category(name)]
        self.blocked = (*lexicon.blocked_words, *policy.blocked_words)

    def read_as(self, *reads: str) -> frozenset[str]:
        """Return the slots whose values the verifier reads as dates, prices or other named readings."""
        return frozenset(slot for slot, role in self.rules.roles.items() if role.reads in reads)

    @cached_property
    def required(self) -> frozenset[str]:
        """Slots that a sentence of their kind must have."""
        return frozenset(slot for slots in self.rules.required.values() for slot in slots)

    @cached_property
    def months(self) -> tuple[str, ...]:
        """Names of the months."""
        return tuple(get_month_names("wide", locale=self.lexicon.babel_locale).values())

    @cached_property
    def by_slot(self) -> Mapping[str, list[str]]:
        """Different values of each slot, of all sentences."""
        found: dict[str, dict[str, None]] = {}
        for text in self.texts:
            for slot, value in text.values.items():
                found.setdefault(slot, {})[value] = None
        return {slot: list(values) for slot, values in found.items()}

    @cached_property
    def by_kinds(self) -> Mapping[frozenset[str], list[TrueText]]:
        """Sentences by the kinds that they state."""
        found: dict[frozenset[str], list[TrueText]] = {}
        for text in self.texts:
            found.setdefault(text.kinds, []).append(text)
        return found

    @cached_property
    def alone(self) -> Mapping[tuple[object, ...], list[TrueText]]:
        """Sentences that state a single claim, by its kind and facts."""
        found: dict[tuple[object, ...], list[TrueText]] = {}
        for text in self.texts:
            if len(text.claims) == 1:
                found.setdefault(said_by(text.claims[0]), []).append(text)
        return found


def said_by(claim: Claim) -> tuple[object, ...]:
    """Return what two claims that say the same share."""
    return (claim.kind, *claim.facts.items())


def _cleaned(writer: ValueWriter, names: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(map(writer.name, names)) if name]
