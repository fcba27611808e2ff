"""The service's language model never fails its caller and gives its place to another request while it writes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm_explain import Explainer
from llm_explain.generation.generator import Generator
from llm_explain.generation.process_generator import ProcessLimits
from llm_explain.generation.prompt_template import Message, Prompt
from llm_explain.service.admission.queue import AdmissionQueue, current_ticket
from llm_explain.service.language_model import ServedModel
from llm_explain.service.telemetry.metrics import Metrics

GENERATION = Path(__file__).parents[1] / "generation"
if str(GENERATION) not in sys.path:
    sys.path.insert(0, str(GENERATION))

import scripted  # noqa: E402  the process imports it too

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


LONG = 120.0
LIMITS = ProcessLimits(load_seconds=LONG, overrun_seconds=0.2, first_pause_seconds=0.0)
PROMPT = Prompt(
    messages=(Message("user", "Write about repeat_item."),),
    kinds=("repeat_item",),
    tone="friendly",
    origin="test",
)


def served(open_model: Callable[[], Generator], *, is_ready: bool = True) -> tuple[ServedModel, Metrics]:
    metrics = Metrics()
    model = ServedModel(open_model, metrics, limits=LIMITS)
    if is_ready:
        model.start()
        wait_until_ready(model)
    return model, metrics


def wait_until_ready(model: ServedModel) -> None:
    until = time.monotonic() + LONG
    while not model.is_ready:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def echo() -> Iterator[tuple[ServedModel, Metrics]]:
    model, metrics = served(scripted.open_echo)
    yield model, metrics
    model.close()


def fallbacks(metrics: Metrics, reason: str) -> float:
    name = f'llm_explain_language_model_fallbacks_total{{reason="{reason}"}} '
    lines = metrics.render().decode().splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0)


def test_it_is_a_generator_that_writes(echo: tuple[ServedModel, Metrics]) -> None:
    model, _ = echo
    assert isinstance(model, Generator)
    assert model.name == "scripted"
    drafts = model.generate([PROMPT], n_candidates=2)
    assert [draft.text for draft in drafts[0]] == ["Write about repeat_item."] * 2


def test_before_the_model_is_loaded_it_writes_nothing_and_waits_for_nothing() -> None:
    model, metrics = served(scripted.open_never, is_ready=False)
    assert model.generate([PROMPT], n_candidates=1) == [[]]
    model.start()
    assert model.generate([PROMPT], n_candidates=1) == [[]]
    assert fallbacks(metrics, "starting") == 2
    model.close()


def test_a_killed_process_is_a_fallback_and_not_an_error(echo: tuple[ServedModel, Metrics]) -> None:
    model, _ = echo
    assert model.process_id is not None
    os.kill(model.process_id, signal.SIGKILL)
    until = time.monotonic() + LONG
    while model.n_starts == 1:
        assert len(model.generate([PROMPT], n_candidates=1)) == 1
        assert time.monotonic() < until
    wait_until_ready(model)
    assert model.generate([PROMPT], n_candidates=1)[0][0].text == "Write about repeat_item."


@pytest.mark.parametrize("open_model", [scripted.open_deaf, scripted.open_dying], ids=["hangs", "dies"])
def test_a_model_that_hangs_or_dies_costs_no_answer(shop_artifacts: Path, open_model: Callable[[], Generator]) -> None:
    """Every answer comes and is verified; templates write what the model does not."""
    model, metrics = served(open_model)
    explainer = Explainer.load(shop_artifacts, language_model=model)
    explainer.writer.sources = ("lm", "template")
    n_texts = 0
    for user_id in explainer.events.user_ids[:3]:
        texts = [
            row.text for row in explainer.recommend(user_id, k=8, section="new", deadline=0.2) if row.text is not None
        ]
        assert all(text.verdict.ok and text.source == "template" for text in texts)
        n_texts += len(texts)
    model.close()
    assert n_texts > 0
    assert fallbacks(metrics, "deadline") + fallbacks(metrics, "failed") >= 1


def test_under_pressure_the_model_is_not_asked(echo: tuple[ServedModel, Metrics]) -> None:
    model, metrics = echo

    async def scene() -> None:
        queue = AdmissionQueue(max_running=1, max_waiting=4)
        ticket = await queue.enter(time.monotonic() + LONG)
        waiting = asyncio.create_task(queue.enter(time.monotonic() + LONG))
        await asyncio.sleep(0)
        current_ticket.set(ticket)
        assert await asyncio.to_thread(model.generate, [PROMPT], n_candidates=1) == [[]]
        ticket.release()
        (await waiting).release()

    asyncio.run(scene())
    assert fallbacks(metrics, "pressure") == 1


def test_while_the_model_writes_another_request_has_the_place() -> None:
    model, _ = served(scripted.open_obedient)  # writes until its deadline

    async def scene() -> None:
        queue = AdmissionQueue(max_running=1, max_waiting=4)
        queue.work_seconds = 0.0
        ticket = await queue.enter(time.monotonic() + 1.0)
        current_ticket.set(ticket)
        writing = asyncio.create_task(asyncio.to_thread(model.generate, [PROMPT], n_candidates=1))
        while queue.n_running:
            await asyncio.sleep(0.001)
        other = await queue.enter(time.monotonic() + LONG)
        assert not writing.done()
        other.release()
        await writing

    asyncio.run(scene())
    model.close()


def test_without_weights_there_is_no_model() -> None:
    with ServedModel.opened(None, Metrics()) as model:
        assert model is None


def test_a_closed_service_leaves_no_process() -> None:
    with ServedModel.opened("nowhere", Metrics()) as model:
        assert model is not None
        model.start()
    assert model.process_id is None
