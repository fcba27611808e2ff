"""A language model as a source of skeletons: prompts, drafts, and only what the verifier accepts."""

from __future__ import annotations

import hashlib
import random
import time
from typing import TYPE_CHECKING

from llm_explain.generation.corpus import read_corpus
from llm_explain.prompts import PromptTemplate
from llm_explain.skeletons import SLOT, SLOTS, in_order
from llm_explain.sources import shuffled
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llm_explain.generation.generator import Draft, Generator
    from llm_explain.lexicon import Lexicon
    from llm_explain.prompts import Prompt
    from llm_explain.records import Source
    from llm_explain.skeletons import Skeleton, Tone

DEFAULT_SECONDS = 4.0
"""How long the model may write for one list when the caller sets no deadline."""

_EXAMPLES = 3


class ModelSource:
    """Skeletons that a language model writes now; accepted ones are kept for the next request.

    Args:
        open_generator: Loads the model when it is first needed.
        lexicon: The locale's words.
        n_candidates: Drafts for each combination of kinds.
        seed: Seed of the sampling.

    Attributes:
        name: ``lm``.
        n_candidates: Drafts for each combination of kinds.
    """

    name: Source = "lm"

    def __init__(
        self, open_generator: Callable[[], Generator], lexicon: Lexicon, *, n_candidates: int = 4, seed: int = 0
    ) -> None:
        self.n_candidates = n_candidates
        self._open = open_generator
        self._generator: Generator | None = None
        self._seed = seed
        self._template = PromptTemplate(lexicon)
        self._verifier = SkeletonVerifier(lexicon)
        self._corpus = read_corpus(lexicon.locale)
        self._kept: dict[tuple[tuple[str, ...], Tone], tuple[Skeleton, ...]] = {}

    def prepare(self, wanted: Iterable[tuple[str, ...]], tone: Tone, *, deadline: float) -> None:
        """Write skeletons for combinations that have none yet, all in one batch.

        Args:
            wanted: Combinations of kinds.
            tone: ``friendly``, ``concise`` or ``formal``.
            deadline: Moment of ``time.monotonic()`` at which to stop; a default from now if infinite.
        """
        missing = [kinds for kinds in wanted if (kinds, tone) not in self._kept]
        if not missing:
            return
        if self._generator is None:
            self._generator = self._open()
        until = min(deadline, time.monotonic() + DEFAULT_SECONDS) if deadline == float("inf") else deadline
        prompts = [self.prompt(kinds, tone) for kinds in missing]
        answers = self._generator.generate(prompts, n_candidates=self.n_candidates, deadline=until, seed=self._seed)
        for prompt, drafts in zip(prompts, answers, strict=True):
            if accepted := self.accepted(prompt, drafts):
                self._kept[prompt.kinds, tone] = accepted

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return what the model has written for a combination of kinds."""
        return self._kept.get((in_order(kinds), tone), ())

    def order(self, skeleton: Skeleton, key: str) -> tuple[int, bytes]:
        """Return where a skeleton stands for one user, item and moment."""
        return 0, shuffled(skeleton, key)

    def prompt(self, kinds: Iterable[str], tone: Tone) -> Prompt:
        """Return the prompt for a combination of kinds, with examples of other combinations.

        Args:
            kinds: Claim kinds.
            tone: ``friendly``, ``concise`` or ``formal``.

        Returns:
            The prompt.
        """
        named = in_order(kinds)
        key = "|".join((*named, tone))
        chance = random.Random(hashlib.sha256(key.encode()).digest())  # noqa: S311  variety, not secrecy
        others = [
            line
            for line in self._corpus
            if line.tone == tone and in_order(line.kinds) != named and _is_plain(line.text, line.kinds)
        ]
        as_long = [line for line in others if len(line.kinds) == len(named)]
        near = [line for line in as_long if set(line.kinds) & set(named)]
        choices = near if len(near) >= _EXAMPLES else as_long or others
        chosen = chance.sample(choices, min(_EXAMPLES, len(choices)))
        return self._template.render(named, tone=tone, examples=[(in_order(line.kinds), line.text) for line in chosen])

    def accepted(self, prompt: Prompt, drafts: Iterable[Draft]) -> tuple[Skeleton, ...]:
        """Return the drafts that the verifier accepts, as skeletons.

        Args:
            prompt: What was asked.
            drafts: What was written.

        Returns:
            Different skeletons, in the order in which they were written.
        """
        model = self._generator.name if self._generator else ""
        texts = dict.fromkeys(draft.text for draft in drafts if draft.is_complete)
        found = (
            self._verifier.accept(text, prompt.kinds, tone=prompt.tone, origin=prompt.origin, model=model)
            for text in texts
        )
        return tuple(skeleton for skeleton in found if skeleton is not None)


def _is_plain(text: str, kinds: Iterable[str]) -> bool:
    """Return whether a sentence has the required slots and no other, as the prompt asks."""
    required = sorted(slot for kind in kinds for slot in SLOTS[kind].required)
    return sorted(SLOT.findall(text)) == required
