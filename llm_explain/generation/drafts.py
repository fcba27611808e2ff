"""A language model as a source of skeletons: prompts, drafts, and only what the verifier accepts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from llm_explain.generation.prompt_builders import BriefPromptBuilder, ExamplePromptBuilder
from llm_explain.skeletons.sources import shuffled
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llm_explain.generation.generator import Draft, Generator
    from llm_explain.generation.prompt_builders import PromptBuilder
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.records import Source
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Skeleton, Tone

DEFAULT_SECONDS = 4.0
"""How long the model may write for one list when the caller sets no deadline."""

PAUSE_SECONDS = 60.0
"""A combination that the model could not write is not asked for again for so long."""


class ModelSource:
    """Skeletons that a language model writes now; accepted ones are kept for the next request.

    Args:
        open_generator: Loads the model when it is first needed.
        lexicon: The locale's words.
        is_tuned: Whether the model reads briefs; any other is shown examples.
        n_candidates: Drafts for each combination of kinds.
        seed: Seed of the sampling.

    Attributes:
        name: ``lm``.
        prompt_builder: Builds the prompts.
        n_candidates: Drafts for each combination of kinds.
    """

    name: Source = "lm"

    def __init__(
        self,
        open_generator: Callable[[], Generator],
        lexicon: Lexicon,
        *,
        is_tuned: bool = False,
        n_candidates: int = 4,
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
        self._kept: dict[tuple[tuple[str, ...], Tone], tuple[Skeleton, ...]] = {}
        self._tried: dict[tuple[tuple[str, ...], Tone], float] = {}

    def prepare(self, wanted: Iterable[tuple[str, ...]], tone: Tone, *, deadline: float) -> None:
        """Write skeletons for combinations that have none yet, all in one batch.

        Args:
            wanted: Combinations of kinds.
            tone: ``friendly``, ``concise`` or ``formal``.
            deadline: Moment of ``time.monotonic()`` at which to stop; a default from now if infinite.
        """
        now = time.monotonic()
        missing = [kinds for kinds in wanted if self._may_try(kinds, tone, now)]
        if not missing:
            return
        until = min(deadline, time.monotonic() + DEFAULT_SECONDS) if deadline == float("inf") else deadline
        prompts = [
            prompt for kinds in missing for prompt in self.prompt_builder.prompts(kinds, tone, self.n_candidates)
        ]
        written = self.write(prompts, deadline=until)
        self._tried.update({(kinds, tone): now for kinds in missing})
        for skeleton in written:
            kept = self._kept.get((skeleton.kinds, tone), ())
            if skeleton.text not in {each.text for each in kept}:
                self._kept[skeleton.kinds, tone] = (*kept, skeleton)

    def _may_try(self, kinds: tuple[str, ...], tone: Tone, now: float) -> bool:
        """Return whether to ask for a combination: one that the model could not write just now has to wait."""
        tried = self._tried.get((kinds, tone), -float("inf"))
        return (kinds, tone) not in self._kept and now - tried >= PAUSE_SECONDS

    def write(self, prompts: Sequence[Prompt], *, deadline: float = float("inf"), seed: int = 0) -> list[Skeleton]:
        """Return what the model writes now and the verifier accepts, one draft for each prompt.

        Args:
            prompts: What is asked.
            deadline: Moment of ``time.monotonic()`` at which to stop.
            seed: Seed of the sampling.

        Returns:
            Verified skeletons, in the order of the prompts.
        """
        if self._generator is None:
            self._generator = self._open()
        answers = self._generator.generate(prompts, n_candidates=1, deadline=deadline, seed=self._seed + seed)
        return [
            skeleton
            for prompt, drafts in zip(prompts, answers, strict=True)
            for skeleton in self.accepted(prompt, drafts)
        ]

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return what the model has written for a combination of kinds."""
        return self._kept.get((self._kinds.in_order(kinds), tone), ())

    def order(self, skeleton: Skeleton, key: str) -> tuple[int, bytes]:
        """Return where a skeleton stands for one user, item and moment."""
        return 0, shuffled(skeleton, key)

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
