"""Prompts for language models: a tuned model reads a brief, any other model reads examples of what is wanted."""

from __future__ import annotations

import hashlib
import random
from functools import cache
from itertools import cycle, islice
from typing import TYPE_CHECKING, Protocol

from llm_explain.generation.brief_grammar import BriefGrammar
from llm_explain.generation.briefs import BriefReader
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.skeletons.templates import Templates
from llm_explain.text.skeleton import SLOT
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.generation.briefs import Brief
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.skeletons.corpus import CorpusLine
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import ContentPlan
    from llm_explain.text.skeleton import Tone

_EXAMPLES = 3


class PromptBuilder(Protocol):
    """Turns a combination of kinds into prompts."""

    def prompts(self, kinds: Iterable[str], tone: Tone, n: int, plan: ContentPlan | None = None) -> list[Prompt]:
        """Return prompts for a combination of kinds, the same ones at every call.

        Args:
            kinds: Claim kinds.
            tone: ``friendly``, ``concise`` or ``formal``.
            n: How many.
            plan: What the sentences may say; anything if not given.

        Returns:
            The prompts.
        """
        ...


class BriefPromptBuilder:
    """Builds prompts for a tuned model: briefs of the locale's own sentences, first those that most claims can fill.

    Args:
        lexicon: The locale's words.
        seed: Source of all chance.
    """

    def __init__(self, lexicon: Lexicon, *, seed: int = 0) -> None:
        self._kinds = lexicon.kinds
        self._template = PromptTemplate(lexicon, "tuned")
        self._templates, self._reader = Templates(lexicon), BriefReader(lexicon)
        self._grammar = BriefGrammar(lexicon)
        self._seed = seed
        self._briefs = cache(self._read)

    def prompts(self, kinds: Iterable[str], tone: Tone, n: int, plan: ContentPlan | None = None) -> list[Prompt]:
        """Return prompts for a combination of kinds, in turn; none if no sentence says only what the plan permits."""
        named = self._kinds.in_order(kinds)
        for briefs in map(list, self._briefs(named, tone)):
            if plan is not None:
                briefs = [each for each in briefs if plan.permits(each.slots, each.needs, is_causal=each.is_causal)]
            if briefs:
                break
        if plan is not None:
            briefs = [brief for brief in briefs if brief.has_item] or briefs
        _chance(*named, tone, str(self._seed)).shuffle(briefs)
        briefs.sort(key=lambda brief: brief.has_degree)
        return [self._template.render_brief(brief, grammar=self._grammar(brief)) for brief in islice(cycle(briefs), n)]

    def _read(self, kinds: tuple[str, ...], tone: Tone) -> tuple[tuple[Brief, ...], tuple[Brief, ...]]:
        """Return the briefs of the hand-written sentences, and those of the grammar."""
        found: tuple[dict[Brief, None], dict[Brief, None]] = ({}, {})
        for skeleton in self._templates.skeletons(kinds, tone):
            is_composed = skeleton.origin != self._templates.origin
            found[is_composed][self._reader.read(skeleton.text, kinds, tone)] = None
        return tuple(found[0]), tuple(found[1])


class ExamplePromptBuilder:
    """Builds prompts for any other model: the same one every time, with examples of other combinations.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._template = PromptTemplate(lexicon)
        self._kinds, self._slots = lexicon.kinds, lexicon.slots
        self._corpus = read_corpus(lexicon)
        self._verifier = SkeletonVerifier(lexicon)

    def prompts(self, kinds: Iterable[str], tone: Tone, n: int, plan: ContentPlan | None = None) -> list[Prompt]:
        """Return prompts for a combination of kinds."""
        named = self._kinds.in_order(kinds)
        others = [
            line
            for line in self._corpus
            if line.tone == tone and self._kinds.in_order(line.kinds) != named and self._is_plain(line.text, line.kinds)
        ]
        if plan is not None:
            others = [line for line in others if self._is_like(line, plan)] or others
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

    def _is_like(self, line: CorpusLine, plan: ContentPlan) -> bool:
        """Return whether a sentence about other kinds needs nothing that a plan does not permit."""
        said = self._verifier.check(line.text, line.kinds)
        degrees = {degree for _, degree in plan.licences}
        return degrees.issuperset(need.degree for need in said.needs) and not (plan.is_neutral and said.is_causal)


def _chance(*key: str) -> random.Random:
    """Return a source of chance that depends on the key alone."""
    return random.Random(hashlib.sha256("|".join(key).encode()).digest())  # noqa: S311  variety, not secrecy
