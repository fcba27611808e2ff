"""The language model of the service, in a process of its own that loads while the service already answers.

To the writer it is a generator that never fails: while the process loads, hangs or is dead, it writes nothing, and the
next source of sentences answers. A request that waits for the model gives its place in the queue to another. Use::

    with ServedModel.opened(settings.language_model, metrics) as model:  # None without a language model
        explainer = Explainer.load(settings.artifacts, language_model=model)
        app = create_app(explainer, settings, metrics=metrics, model=model)
        model.start()
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.opening import open_generator
from llm_explain.generation.process_generator import ProcessGenerator, ProcessLimits
from llm_explain.generation.weights import is_tuned
from llm_explain.service.admission.queue import current_ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llm_explain.generation.generator import Draft, Generator
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.service.telemetry.metrics import Metrics


class ServedModel(ProcessGenerator):
    """A generator for the service; ``start`` starts its process.

    Args:
        open_model: Opens the generator in its process.
        metrics: Counters.
        limits: How long the process may take.
        reads_briefs: Whether the model was tuned, so that it reads briefs without examples.

    Attributes:
        reads_briefs: Whether the model was tuned.
    """

    def __init__(
        self,
        open_model: Callable[[], Generator],
        metrics: Metrics,
        *,
        limits: ProcessLimits | None = None,
        reads_briefs: bool = False,
    ) -> None:
        super().__init__(open_model, limits=limits)
        self.reads_briefs = reads_briefs
        self._metrics = metrics
        metrics.watch("language_model_ready", "Whether the language model is loaded.", lambda: float(self.is_ready))
        metrics.watch_counts("language_model_starts", "Processes started.", "", {"": lambda: self.n_starts})

    @classmethod
    @contextmanager
    def opened(cls, weights: str | None, metrics: Metrics) -> Iterator[ServedModel | None]:
        """Hold a language model as long as the service lives.

        Args:
            weights: Folder, hub id or ``auto``; ``None`` for no language model.
            metrics: Counters.

        Yields:
            ServedModel | None: The generator, not started yet.
        """
        if weights is None:
            yield None
            return
        model = cls(partial(open_generator, weights), metrics, reads_briefs=is_tuned(weights))
        try:
            yield model
        finally:
            model.close()

    def _drafts(self, prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int) -> list[list[Draft]]:
        """Return drafts; none if the model cannot write now."""
        nothing: list[list[Draft]] = [[] for _ in prompts]
        ticket = current_ticket.get()
        if ticket is not None:
            deadline = min(deadline, time.monotonic() + ticket.model_seconds())
        if time.monotonic() >= deadline:
            self._metrics.count_fallback("pressure")
            return nothing
        if not self.is_ready:
            self._metrics.count_fallback("starting")
            return nothing
        if ticket is not None:
            ticket.release()
        try:
            drafts = super()._drafts(prompts, n_candidates, deadline, seed)
        except (GenerationError, MissingExtraError):
            self._metrics.count_fallback("failed")
            return nothing
        if not any(drafts):
            self._metrics.count_fallback("deadline")
        return drafts
