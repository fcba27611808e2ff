"""A language model as a source of skeletons: prompts, drafts, and only what the verifier accepts."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from llm_explain.generation.prompt_builders import BriefPromptBuilder, ExamplePromptBuilder
from llm_explain.skeletons.sources import SkeletonSource
from llm_explain.text.skeleton import QUESTIONS
from llm_explain.text.word_boundaries import STOPS
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from llm_explain.generation.briefs import Brief
    from llm_explain.generation.generator import Draft, Generator
    from llm_explain.generation.prompt_builders import PromptBuilder
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.records import Source
    from llm_explain.skeletons.phrasebook import Combination
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import ContentPlan
    from llm_explain.text.skeleton import Skeleton, Tone

PAUSE_SECONDS = 60.0
"""How long the model is not asked again for what it could not write."""

BATCH = 96
"""Prompts that ``write_in_batches`` gives the model at a time."""

_LEAST_DRAFTS = 4
"""So many drafts of a combination have to fail before the model is not asked again."""

_MOST_KEPT = 64
"""With so many skeletons of one combination, no more are written."""


class ModelSource(SkeletonSource):
    """Skeletons that a language model writes now; accepted ones are kept for the next request.

    Args:
        open_generator: Loads the model when it is first needed.
        lexicon: The locale's words.
        is_tuned: Whether the model reads briefs; any other is shown examples.
        n_candidates: Drafts for the first sentence of a plan; each further one adds a draft.
        seed: Seed of the sampling.

    Attributes:
        name: ``lm``.
        prompt_builder: Builds the prompts.
        n_candidates: Drafts for the first sentence of a plan.
    """

    name: Source = "lm"

    def __init__(
        self,
        open_generator: Callable[[], Generator],
        lexicon: Lexicon,
        *,
        is_tuned: bool = False,
        n_candidates: int = 2,
        seed: int = 0,
    ) -> None:
        self.n_candidates = n_candidates
        self._open = open_generator
        self._kinds = lexicon.kinds
        self._generator: Generator | None = None
        self._seed = seed
        self.prompt_builder: PromptBuilder = (
            BriefPromptBuilder(lexicon, seed=seed) if is_tuned else ExamplePromptBuilder(lexicon)
        )
        self._verifier = SkeletonVerifier(lexicon)
        self._kept: dict[Combination, tuple[Skeleton, ...]] = {}
        self._asked: Counter[tuple[ContentPlan, Tone]] = Counter()
        self._paused: dict[tuple[ContentPlan, Tone], float] = {}

    def prepare(self, wanted: Sequence[ContentPlan], tone: Tone, *, seconds: float) -> float:
        """Write new skeletons, all in one batch.

        Args:
            wanted: What each sentence may say that no skeleton so far gives.
            tone: ``friendly``, ``concise`` or ``formal``.
            seconds: How long writing may take. The time to load the model does not count.

        Returns:
            Seconds that are left; 0 if nothing was asked.
        """
        counted = Counter((plan, tone) for plan in wanted)
        prompts = [prompt for each, n_sentences in counted.items() for prompt in self._prompts(each, n_sentences)]
        if not prompts:
            return 0.0
        self._loaded()
        started = time.monotonic()
        for skeleton in self.write(prompts, deadline=started + seconds, seed=self._asked.total()):
            kept = self._kept.get((skeleton.kinds, tone), ())
            if skeleton.text not in {each.text for each in kept}:
                self._kept[skeleton.kinds, tone] = (*kept, skeleton)
        now = time.monotonic()
        failed = (each for each in counted if not self._has(*each) and self._asked[each] >= _LEAST_DRAFTS)
        self._paused |= dict.fromkeys(failed, now + PAUSE_SECONDS)
        return max(0.0, started + seconds - now)

    def _has(self, plan: ContentPlan, tone: Tone) -> bool:
        """Return whether a kept skeleton says what a plan permits."""
        kept = self._kept.get((plan.kinds, tone), ())
        return any(plan.permits(each.slots, each.needs, is_causal=each.is_causal) for each in kept)

    def _prompts(self, wanted: tuple[ContentPlan, Tone], n_sentences: int) -> list[Prompt]:
        """Return prompts that were not asked yet."""
        plan, tone = wanted
        n_kept = len(self._kept.get((plan.kinds, tone), ()))
        if n_kept >= _MOST_KEPT or time.monotonic() < self._paused.get(wanted, 0.0):
            return []
        n_asked = self._asked[wanted]
        self._asked[wanted] += n_sentences + self.n_candidates - 1
        return self.prompt_builder.prompts(plan.kinds, tone, self._asked[wanted], plan)[n_asked:]

    def _loaded(self) -> Generator:
        if self._generator is None:
            self._generator = self._open()
        return self._generator

    def write(self, prompts: Sequence[Prompt], *, deadline: float = float("inf"), seed: int = 0) -> list[Skeleton]:
        """Return what the model writes now and the verifier accepts, one draft for each prompt.

        Args:
            prompts: What is asked.
            deadline: Moment of ``time.monotonic()`` at which to stop.
            seed: Seed of the sampling.

        Returns:
            Verified skeletons, in the order of the prompts.
        """
        answers = self._loaded().generate(prompts, n_candidates=1, deadline=deadline, seed=self._seed + seed)
        return [
            skeleton
            for prompt, drafts in zip(prompts, answers, strict=True)
            for skeleton in self.accepted(prompt, drafts)
        ]

    def write_in_batches(self, prompts: Sequence[Prompt], *, seed: int = 0) -> Iterator[list[Skeleton]]:
        """Yield what the model writes for some prompts after the other, as ``write`` returns it."""
        for start in range(0, len(prompts), BATCH):
            yield self.write(prompts[start : start + BATCH], seed=seed + start)

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return what the model has written for a combination of kinds."""
        return self._kept.get((self._kinds.in_order(kinds), tone), ())

    def accepted(self, prompt: Prompt, drafts: Iterable[Draft]) -> tuple[Skeleton, ...]:
        """Return the drafts that the verifier accepts and that speak in the manner of their prompt, as skeletons.

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
        return tuple(each for each in found if each is not None and _keeps_to(prompt.brief, each))


def _keeps_to(brief: Brief | None, skeleton: Skeleton) -> bool:
    """Return whether a draft gives a reason, asks or goes on behind its last slot where its brief does."""
    if brief is None:
        return True
    text = skeleton.text
    ends_in_slot = not text.rpartition("}")[2].strip(STOPS)
    is_kept = text.endswith(QUESTIONS) or (not brief.asks and ends_in_slot <= brief.ends_in_slot)
    return is_kept and skeleton.is_causal == brief.is_causal
