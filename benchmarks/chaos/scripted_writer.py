"""A language model's stand-in with bad habits, and the nursery that serves with it.

It writes sentences of the corpus after a short while, so the verifier accepts them; for half of the combinations of
claims it writes nonsense, so that the model is asked again and again. By chance it hangs or runs out of memory; the
driver kills and stops it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from llm_explain.generation.generator import Draft
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.explainer import Explainer
    from llm_explain.generation.prompt_template import Prompt

MEMORY = 1 << 32
WRITING_SECONDS = (0.005, 0.05)


class ScriptedWriter:
    """A generator with habits.

    Args:
        hanging: Share of calls in which it hangs.
        exhausting: Share of calls in which it runs out of memory.
    """

    name = "scripted"

    def __init__(self, *, hanging: float, exhausting: float) -> None:
        self._hanging = hanging
        self._exhausting = exhausting
        self._chance = random.Random(os.getpid())
        self._lexicon = load_lexicon("en")
        self._corpus = read_corpus(self._lexicon)

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        n_candidates: int,
        deadline: float = float("inf"),  # noqa: ARG002
        seed: int = 0,  # noqa: ARG002
    ) -> list[list[Draft]]:
        """Return drafts, or break something."""
        time.sleep(self._chance.uniform(*WRITING_SECONDS))
        habit = self._chance.random()
        if habit < self._hanging:
            time.sleep(3600)
        elif habit < self._hanging + self._exhausting:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            hoard = []
            while True:
                hoard.append(bytearray(1 << 28))
        return [self._drafts(prompt, n_candidates) for prompt in prompts]

    def _drafts(self, prompt: Prompt, n_candidates: int) -> list[Draft]:
        if hashlib.sha256("|".join(prompt.kinds).encode()).digest()[0] % 2:
            return [Draft("The best thing since sliced bread, 100 % free!", is_complete=True)] * n_candidates
        fitting = [
            line.text for line in self._corpus if self._lexicon.kinds.in_order(line.kinds) == tuple(prompt.kinds)
        ]
        return [Draft(text, is_complete=True) for text in fitting[:n_candidates]]


def open_writer(hanging: float, exhausting: float) -> ScriptedWriter:
    """Return the writer."""
    return ScriptedWriter(hanging=hanging, exhausting=exhausting)


def serve_with_writer(explainer: Explainer) -> None:
    """Serve with the writer in a process of its own."""
    from llm_explain.cli.logs import configure_logs
    from llm_explain.cli.server import serve
    from llm_explain.generation import drafts
    from llm_explain.generation.process_generator import ProcessLimits
    from llm_explain.service.app import create_app
    from llm_explain.service.language_model import ServedModel
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.service.telemetry.metrics import Metrics

    settings = ServiceSettings.read()
    configure_logs(settings.log_level)
    metrics = Metrics()
    habits = {"hanging": float(os.environ["HANGING"]), "exhausting": float(os.environ["EXHAUSTING"])}
    limits = ProcessLimits(overrun_seconds=0.5, longest_pause_seconds=1.0)
    model = ServedModel(partial(open_writer, **habits), metrics, limits=limits)
    explainer.writer.language_model = model
    drafts.PAUSE_SECONDS = 0.0  # ask again at once for what the model could not write
    explainer.writer.sources = ("lm", "template")  # it has a sentence for nearly every combination
    app = create_app(explainer, settings, metrics=metrics, model=model)
    model.start()
    try:
        app.state.prepare()
        serve(app, settings)
    finally:
        model.close()


if __name__ == "__main__":
    from nursery import load, tend

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=Path, required=True)
    tend(load(parser.parse_args().artifacts), serve_with_writer)
