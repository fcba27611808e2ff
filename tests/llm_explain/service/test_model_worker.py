"""The service's language model never fails its caller, waits for no start, and gives its place away while it writes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm_explain.generation.generator import Generator
from llm_explain.generation.prompt_template import Message, Prompt
from llm_explain.generation.worker import WorkerSettings
from llm_explain.service.gate import Gate, current_ticket
from llm_explain.service.metrics import Metrics
from llm_explain.service.model_worker import ServedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATION = Path(__file__).parents[1] / "generation"
if str(GENERATION) not in sys.path:
    sys.path.insert(0, str(GENERATION))  # the process opens `scripted:open_echo`

LONG = 120.0
PATIENT = WorkerSettings(silence_seconds=LONG, start_seconds=LONG, first_pause_seconds=0.0)
PROMPT = Prompt(
    messages=(Message("user", "Write about repeat_item."),),
    kinds=("repeat_item",),
    tone="friendly",
    origin="test",
)


def served(factory: str, settings: WorkerSettings = PATIENT) -> tuple[ServedModel, Metrics]:
    metrics = Metrics()
    return ServedModel(metrics, factory=f"scripted:{factory}", settings=settings), metrics


@pytest.fixture
def echo() -> Iterator[tuple[ServedModel, Metrics]]:
    model, metrics = served("open_echo")
    model.start()
    assert model.worker is not None
    assert model.worker.wait_ready(LONG)
    yield model, metrics
    model.close()


def fallbacks(metrics: Metrics, reason: str) -> float:
    name = f'llm_explain_fallbacks_total{{reason="{reason}"}} '
    return next(
        (float(line.split()[-1]) for line in metrics.render().decode().splitlines() if line.startswith(name)), 0
    )


def test_it_is_a_generator_that_writes(echo: tuple[ServedModel, Metrics]) -> None:
    model, _ = echo
    assert isinstance(model, Generator)
    drafts = model.generate([PROMPT], n_candidates=2)
    assert [draft.text for draft in drafts[0]] == ["Write about repeat_item."] * 2


def test_before_it_is_loaded_it_writes_nothing_and_waits_for_nothing() -> None:
    model, metrics = served("open_never")
    assert model.generate([PROMPT], n_candidates=1) == [[]]
    model.start()
    assert model.generate([PROMPT], n_candidates=1) == [[]]
    assert fallbacks(metrics, "starting") == 2
    model.close()


def test_a_killed_process_is_a_fallback_and_not_an_error(echo: tuple[ServedModel, Metrics]) -> None:
    model, metrics = echo
    assert model.worker is not None
    assert model.worker.process_id is not None
    os.kill(model.worker.process_id, signal.SIGKILL)
    while model.worker.n_starts == 1:
        assert len(model.generate([PROMPT], n_candidates=1)) == 1
    assert fallbacks(metrics, "failed") + fallbacks(metrics, "starting") >= 0
    assert model.worker.wait_ready(LONG)
    assert model.generate([PROMPT], n_candidates=1)[0][0].text == "Write about repeat_item."


def test_babbling_is_a_fallback() -> None:
    model, metrics = served("open_babbling")
    model.start()
    assert model.worker is not None
    assert model.worker.wait_ready(LONG)
    assert model.generate([PROMPT], n_candidates=1) == [[]]
    assert fallbacks(metrics, "failed") == 1
    model.close()


def test_under_pressure_it_is_not_asked(echo: tuple[ServedModel, Metrics]) -> None:
    model, metrics = echo

    async def scene() -> None:
        gate = Gate(max_running=1, max_waiting=4)
        ticket = await gate.enter(time.monotonic() + LONG)
        waiting = asyncio.create_task(gate.enter(time.monotonic() + LONG))
        await asyncio.sleep(0)
        current_ticket.set(ticket)
        assert await asyncio.to_thread(model.generate, [PROMPT], n_candidates=1) == [[]]
        gate.leave(ticket)
        gate.leave(await waiting)

    asyncio.run(scene())
    assert fallbacks(metrics, "pressure") == 1


def test_while_it_writes_the_place_is_anothers() -> None:
    model, _ = served("open_obedient")  # writes until its deadline
    model.start()
    assert model.worker is not None
    assert model.worker.wait_ready(LONG)

    async def scene() -> None:
        gate = Gate(max_running=1, max_waiting=4)
        gate.work_seconds = 0.0
        ticket = await gate.enter(time.monotonic() + 0.5)
        current_ticket.set(ticket)
        writing = asyncio.create_task(asyncio.to_thread(model.generate, [PROMPT], n_candidates=1))
        while gate.n_running:
            await asyncio.sleep(0.001)
        other = await gate.enter(time.monotonic() + LONG)
        assert not writing.done()
        gate.leave(other)
        await writing
        await asyncio.sleep(0)
        assert gate.n_running == 1
        gate.leave(ticket)

    asyncio.run(scene())
    model.close()


def test_without_weights_there_is_no_model() -> None:
    with ServedModel.opened(None, Metrics()) as model:
        assert model is None


def test_a_closed_service_leaves_no_process() -> None:
    with ServedModel.opened("nowhere", Metrics()) as model:
        assert model is not None
        model.start()
    assert model.worker is not None
    assert model.worker.process_id is None
    assert not any(thread.name == "llm-explain-supervise" and thread.is_alive() for thread in threading.enumerate())
