"""Prompts for language models: a tuned model reads a brief, any other model reads examples of what is wanted."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Protocol

from llm_explain.generation.brief_grammar import BriefGrammar
from llm_explain.generation.briefs import BriefBook
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.skeleton import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.generation.briefs import Brief
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Tone

_EXAMPLES = 3
_TRIES = 32
"""Briefs that are drawn for each prompt; the one that was used least is taken."""


_PLAIN = 4
"""So many prompts come first that ask for no word of degree, for which a claim may lack the licence."""


class PromptBuilder(Protocol):
    """Turns a combination of kinds into prompts."""

    def prompts(self, kinds: Iterable[str], tone: Tone, n: int) -> list[Prompt]:
        """Return prompts for a combination of kinds, the same ones at every call.

        Args:
            kinds: Claim kinds.
            tone: ``friendly``, ``concise`` or ``formal``.
            n: How many.

        Returns:
            The prompts.
        """
        ...


class BriefPromptBuilder:
    """Builds prompts for a tuned model: each is another brief, the first ones of what most claims can fill.

    Args:
        lexicon: The locale's words.
        seed: Source of all chance.
    """

    def __init__(self, lexicon: Lexicon, *, seed: int = 0) -> None:
        self._kinds = lexicon.kinds
        self._template = PromptTemplate(lexicon, "tuned")
        self._book = BriefBook(lexicon, read_corpus(lexicon))
        self._grammar = BriefGrammar(lexicon)
        self._seed = seed

    def prompts(self, kinds: Iterable[str], tone: Tone, n: int) -> list[Prompt]:
        """Return prompts for a combination of kinds."""
        named = self._kinds.in_order(kinds)
        chance = _chance(*named, tone, str(self._seed))
        briefs: list[Brief] = []
        for number in range(n):
            drawn = [self._book.draw(named, tone, chance, is_plain=number == 0) for _ in range(_TRIES)]
            alike = [brief for brief in drawn if brief.is_causal == drawn[0].is_causal]  # which is no variety by itself
            briefs.append(min(alike, key=lambda brief: (briefs.count(brief), number < _PLAIN and brief.has_degree)))
        return [self._template.render_brief(brief, grammar=self._grammar(brief)) for brief in briefs]


class ExamplePromptBuilder:
    """Builds prompts for any other model: the same one every time, with examples of other combinations.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._template = PromptTemplate(lexicon)
        self._kinds, self._slots = lexicon.kinds, lexicon.slots
        self._corpus = read_corpus(lexicon)

    def prompts(self, kinds: Iterable[str], tone: Tone, n: int) -> list[Prompt]:
        """Return prompts for a combination of kinds."""
        named = self._kinds.in_order(kinds)
        others = [
            line
            for line in self._corpus
            if line.tone == tone and self._kinds.in_order(line.kinds) != named and self._is_plain(line.text, line.kinds)
        ]
        if any(self._slots[kind].required for kind in named):  # an example without a slot is copied as it is
            others = [line for line in others if SLOT.search(line.text)]
        as_long = [line for line in others if len(line.kinds) == len(named)]
        near = [line for line in as_long if set(line.kinds) & set(named)]
        choices = near if len(near) >= _EXAMPLES else as_long or others
        chosen = _chance(*named, tone).sample(choices, min(_EXAMPLES, len(choices)))
        examples = [(self._kinds.in_order(line.kinds), line.text) for line in chosen]
        return [self._template.render(named, tone=tone, examples=examples)] * n

    def _is_plain(self, text: str, kinds: Iterable[str]) -> bool:
        """Return whether a sentence has the required slots and no other, as the prompt asks."""
        required = sorted(slot for kind in kinds for slot in self._slots[kind].required)
        return sorted(SLOT.findall(text)) == required


def _chance(*key: str) -> random.Random:
    """Return a source of chance that depends on the key alone."""
    return random.Random(hashlib.sha256("|".join(key).encode()).digest())  # noqa: S311  variety, not secrecy
