"""The language model of the service: in a process of its own, warmed up while the service already answers.

To the writer it is a generator that never fails and never waits for a start: while the process loads, died, hangs or
babbles, it writes nothing, and the next source answers. A request that waits for it gives its place in the queue to
others. Wiring: ``ServedModel.start(settings.language_model, metrics)`` in the lifespan, handed to the explainer as its
language model; ``close()`` at the end.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.worker import WorkerGenerator, WorkerSettings
from llm_explain.service.gate import current_ticket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.generation.generator import Draft
    from llm_explain.prompts import Prompt
    from llm_explain.service.metrics import Metrics

_TRANSFORMERS = "llm_explain.generation.transformers_generator:TransformersGenerator.load"
_SETTINGS = WorkerSettings(grace_seconds=0.02, max_waiting=8)


class ServedModel:
    """A generator for the service.

    Args:
        worker: The process.
        metrics: Counters.
    """

    def __init__(self, worker: WorkerGenerator, metrics: Metrics) -> None:
        self._worker = worker
        self._metrics = metrics
        metrics.watch("model_ready", "Whether the language model's process is ready.", lambda: float(self.is_ready))
        metrics.watch("model_starts", "How often the language model's process was started.", lambda: worker.n_starts)

    @classmethod
    def start(
        cls, weights: str, metrics: Metrics, *, factory: str = _TRANSFORMERS, options: Mapping[str, Any] | None = None
    ) -> ServedModel:
        """Start the process; this returns at once.

        Args:
            weights: Folder, hub id or ``auto``.
            metrics: Counters.
            factory: What makes the generator in the process.
            options: Its keyword arguments; the weights if not given.

        Returns:
            The generator.
        """
        given = {"language_model": weights} if options is None else options
        return cls(WorkerGenerator(factory, given, settings=_SETTINGS), metrics)

    @property
    def name(self) -> str:
        """Model and revision."""
        return self._worker.name

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded and its process is thought to live."""
        return self._worker.wait_ready(0)

    @property
    def process_id(self) -> int | None:
        """Id of the process."""
        return self._worker.process_id

    def close(self) -> None:
        """End the process."""
        self._worker.close()

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
        if not self.is_ready:
            self._metrics.count_fallback("starting")
            return nothing
        try:
            with ticket.rest() if ticket is not None else nullcontext():
                drafts = self._worker.generate(prompts, n_candidates=n_candidates, deadline=deadline, seed=seed)
        except (GenerationError, MissingExtraError):
            self._metrics.count_fallback("failed")
            return nothing
        if not any(drafts):
            self._metrics.count_fallback("deadline")
        return drafts
