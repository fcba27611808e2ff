"""A worker that is killed, stopped, babbles or starts slowly never hurts its caller."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conformance import PROMPTS, GeneratorConformance
from tiny import open_tiny

from llm_explain.errors import GenerationError, MissingExtraError, SettingError
from llm_explain.generation.cancellation import Deadline
from llm_explain.generation.worker import WorkerGenerator, WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 120.0
"""Seconds that a crowded machine may take for what usually takes less than one."""

WATCHED = WorkerSettings(first_pause_seconds=0.0, start_seconds=LONG)
"""The shipped heartbeat, with an immediate new start."""

PATIENT = WorkerSettings(silence_seconds=LONG, start_seconds=LONG)


class TestWorker(GeneratorConformance):
    """The tiny model in a process."""

    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls) -> Iterator[WorkerGenerator]:
        with WorkerGenerator("tiny:open_tiny", settings=PATIENT) as worker:
            assert worker.wait_ready(LONG)
            yield worker

    def test_it_writes_what_the_model_writes_here(self, generator: WorkerGenerator) -> None:
        assert generator.name == "tiny"
        here = open_tiny().generate(PROMPTS, n_candidates=2, seed=9)
        assert generator.generate(PROMPTS, n_candidates=2, seed=9) == here


@pytest.fixture
def worker() -> Iterator[WorkerGenerator]:
    with WorkerGenerator("scripted:open_echo", settings=WATCHED) as opened:
        assert opened.wait_ready(LONG)
        yield opened


def ask(worker: WorkerGenerator, **options: float) -> str:
    """Return the first draft for one prompt."""
    return worker.generate(PROMPTS[:1], n_candidates=1, **options)[0][0].text  # type: ignore[arg-type]


def ask_until_it_answers(worker: WorkerGenerator) -> str:
    """Ask again whenever the process is being started again."""
    while True:
        with contextlib.suppress(GenerationError):
            return ask(worker)
        assert worker.wait_ready(LONG)


def test_a_killed_process_is_replaced(worker: WorkerGenerator) -> None:
    first = worker.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert ask_until_it_answers(worker) == "Write about repeat_item."
    assert worker.process_id != first
    assert worker.n_starts == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_a_stopped_process_is_killed_and_replaced(worker: WorkerGenerator) -> None:
    first = worker.process_id
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(GenerationError, match=r"gave no sign of life for 0\.8 s and is being started again") as caught:
        ask(worker)
    assert caught.value.is_retryable
    assert ask_until_it_answers(worker) == "Write about repeat_item."
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_a_caller_who_waits_hears_of_a_death() -> None:
    with WorkerGenerator("scripted:open_dying", settings=WATCHED) as worker:
        assert worker.wait_ready(LONG)
        with pytest.raises(GenerationError, match=r"process ended with code 3 \(out of luck\)") as caught:
            ask(worker)
    assert caught.value.is_retryable


def test_what_a_library_prints_is_no_answer() -> None:
    with WorkerGenerator("scripted:open_chatty", settings=PATIENT) as worker:
        assert ask(worker) == "Write about repeat_item."


def test_a_process_that_breaks_the_protocol_is_killed() -> None:
    with WorkerGenerator("scripted:open_babbling", settings=WATCHED) as worker:
        assert worker.wait_ready(LONG)
        with pytest.raises(GenerationError, match="sent something that is no answer"):
            ask(worker)


def test_a_slow_start_keeps_the_deadline() -> None:
    with WorkerGenerator("scripted:open_never", settings=PATIENT) as worker:
        assert worker.generate(PROMPTS, n_candidates=1, deadline=time.monotonic() + 0.1) == [[], []]


def test_a_model_that_does_not_load_in_time_is_killed() -> None:
    settings = WorkerSettings(start_seconds=0.1, first_pause_seconds=LONG)
    with (
        WorkerGenerator("scripted:open_never", settings=settings) as worker,
        pytest.raises(GenerationError, match=r"did not load the model within 0\.1 s"),
    ):
        ask(worker)


def test_a_deadline_is_kept_and_a_stuck_process_replaced() -> None:
    settings = WATCHED.model_copy(update={"stuck_seconds": 0.1})
    with WorkerGenerator("scripted:open_deaf", settings=settings) as worker:
        assert worker.wait_ready(LONG)
        first = worker.process_id
        assert worker.generate(PROMPTS, n_candidates=1, deadline=time.monotonic() + 0.1) == [[], []]
        while worker.process_id in {first, None}:
            worker.wait_ready(LONG)
        assert worker.n_starts == 2


def test_cancelling_stops_the_model_and_keeps_the_process() -> None:
    with WorkerGenerator("scripted:open_obedient", settings=PATIENT) as worker:
        assert worker.wait_ready(LONG)
        deadline = Deadline()
        threading.Timer(0.1, deadline.cancel).start()
        worker.generate(PROMPTS[:1], n_candidates=1, deadline=deadline)
        again = worker.generate(PROMPTS[:1], n_candidates=1, deadline=time.monotonic() + 0.1)
        assert len(again) == 1
        assert worker.n_starts == 1


def test_a_full_queue_says_so_at_once() -> None:
    settings = PATIENT.model_copy(update={"max_waiting": 1})
    with WorkerGenerator("scripted:open_echo", settings=settings) as worker:
        with worker._room, pytest.raises(GenerationError, match="has 1 requests waiting but takes no more") as caught:
            ask(worker)
        assert caught.value.is_retryable
        assert ask(worker) == "Write about repeat_item."


def test_an_error_of_the_model_keeps_its_kind_and_the_process() -> None:
    with WorkerGenerator("scripted:open_failing", settings=PATIENT) as worker:
        with pytest.raises(GenerationError, match="the model is tired") as caught:
            ask(worker)
        assert not caught.value.is_retryable
        with pytest.raises(GenerationError, match="the model is tired"):
            ask(worker)
        assert worker.n_starts == 1


def test_a_missing_extra_is_final() -> None:
    with WorkerGenerator("scripted:open_missing", settings=PATIENT) as worker:
        for _ in range(2):
            with pytest.raises(MissingExtraError, match="pip install"):
                ask(worker)
        assert worker.n_starts == 1


def test_a_closed_worker_leaves_no_process(worker: WorkerGenerator) -> None:
    first = worker.process_id
    assert first is not None
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    with pytest.raises(GenerationError, match="was closed") as caught:
        ask(worker)
    assert not caught.value.is_retryable


def test_a_parent_that_is_killed_leaves_no_orphan() -> None:
    code = (
        f"import sys, os; sys.path[:] = {sys.path!r}\n"
        "from llm_explain.generation.worker import WorkerGenerator\n"
        "worker = WorkerGenerator('scripted:open_echo')\n"
        "assert worker.wait_ready(120)\n"
        "print(worker.process_id, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdin is not None
    orphan = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    until = time.monotonic() + LONG
    while _is_running(orphan):
        assert time.monotonic() < until, "the worker outlived its parent"
        threading.Event().wait(0.02)


def _is_running(process_id: int) -> bool:
    """Return whether a process runs; one that ended but was never waited for does not."""
    try:
        os.kill(process_id, 0)
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_factory_without_a_module_is_refused() -> None:
    with pytest.raises(SettingError, match="factory is 'tiny' but module:name is needed"):
        WorkerGenerator("tiny")
