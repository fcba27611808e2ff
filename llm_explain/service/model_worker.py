"""The language model of the service: in a process of its own, warmed up while the service already answers.

To the writer it is a generator that never fails and never waits for a start: while the process loads, died, hangs or
babbles, it writes nothing, and the next source answers. A request that waits for it gives its place in the queue to
others. Wiring::

    with ServedModel.opened(settings.language_model, metrics) as model:  # None without a language model
        explainer = Explainer.load(settings.artifacts, language_model=model)
        app = create_app(explainer, settings, metrics=metrics, model=model)
        model.start()  # when there is something to answer with, so that the start takes nothing from it
"""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.weights import is_tuned
from llm_explain.generation.worker import WorkerGenerator, WorkerSettings
from llm_explain.service.gate import current_ticket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llm_explain.generation.generator import Draft
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.service.metrics import Metrics

_TRANSFORMERS = "llm_explain.generation.transformers_generator:TransformersGenerator.load"
SETTINGS = WorkerSettings(grace_seconds=0.02, max_waiting=8)


class ServedModel:
    """A generator for the service; its process starts with ``start``.

    Args:
        metrics: Counters.
        factory: What makes the generator in the process, as ``module:name``.
        options: Its keyword arguments.
        settings: Heartbeat, back-off and queue.
        reads_briefs: Whether the model was tuned, so that it reads briefs without examples.

    Attributes:
        reads_briefs: Whether the model was tuned.
        worker: The process; ``None`` before ``start``.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        factory: str,
        options: Mapping[str, Any] | None = None,
        settings: WorkerSettings = SETTINGS,
        reads_briefs: bool = False,
    ) -> None:
        self.reads_briefs = reads_briefs
        self.worker: WorkerGenerator | None = None
        self._order = partial(WorkerGenerator, factory, options, settings=settings)
        self._metrics = metrics
        metrics.watch("model_ready", "Whether the language model's process is ready.", lambda: float(self.is_ready))
        metrics.watch("model_starts", "How often the language model's process was started.", lambda: self.n_starts)

    @classmethod
    @contextmanager
    def opened(cls, weights: str | None, metrics: Metrics) -> Iterator[ServedModel | None]:
        """Hold a language model for as long as a service lives.

        Args:
            weights: Folder, hub id or ``auto``; ``None`` for no language model.
            metrics: Counters.

        Yields:
            ServedModel | None: The generator, not started yet.
        """
        if weights is None:
            yield None
            return
        options = {"language_model": weights}
        model = cls(metrics, factory=_TRANSFORMERS, options=options, reads_briefs=is_tuned(weights))
        try:
            yield model
        finally:
            model.close()

    @property
    def name(self) -> str:
        """Model and revision."""
        return self.worker.name if self.worker else ""

    @property
    def n_starts(self) -> int:
        """How often the process was started."""
        return self.worker.n_starts if self.worker else 0

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded and its process is thought to live."""
        return self.worker is not None and self.worker.wait_ready(0)

    def start(self) -> None:
        """Start the process, if it was not; this returns at once."""
        if self.worker is None:
            self.worker = self._order()

    def close(self) -> None:
        """End the process."""
        if self.worker is not None:
            self.worker.close()

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        n_candidates: int,
        deadline: float = float("inf"),
        seed: int = 0,
    ) -> list[list[Draft]]:
        """Return drafts for each prompt; none where the model cannot write now.

        Args:
            prompts: What to write.
            n_candidates: Drafts for each prompt.
            deadline: Moment of ``time.monotonic()`` at which to stop.
            seed: Seed of the sampling.

        Returns:
            For each prompt at most ``n_candidates`` drafts.
        """
        nothing: list[list[Draft]] = [[] for _ in prompts]
        ticket = current_ticket.get()
        if ticket is not None:
            deadline = min(deadline, time.monotonic() + ticket.model_seconds())
        if time.monotonic() >= deadline:
            self._metrics.count_fallback("pressure")
            return nothing
        worker = self.worker
        if worker is None or not self.is_ready:
            self._metrics.count_fallback("starting")
            return nothing
        try:
            with ticket.rest() if ticket is not None else nullcontext():
                drafts = worker.generate(prompts, n_candidates=n_candidates, deadline=deadline, seed=seed)
        except (GenerationError, MissingExtraError):
            self._metrics.count_fallback("failed")
            return nothing
        if not any(drafts):
            self._metrics.count_fallback("deadline")
        return drafts
