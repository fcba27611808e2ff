"""A model that hangs, dies or loads for ever costs its caller at most the deadline."""

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
import scripted
import tiny
from conformance import PROMPTS, GeneratorConformance

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.process_generator import ProcessGenerator, ProcessLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llm_explain.generation.generator import Generator

LONG = 120.0
"""Seconds that a crowded machine may take for what usually takes less than one."""

IMPATIENT = ProcessLimits(load_seconds=LONG, overrun_seconds=0.2, first_pause_seconds=0.0)


@contextlib.contextmanager
def opened(
    open_generator: Callable[[], Generator], limits: ProcessLimits = IMPATIENT, *, is_ready: bool = True
) -> Iterator[ProcessGenerator]:
    generator = ProcessGenerator(open_generator, limits=limits)
    generator.start()
    if is_ready:
        wait_ready(generator)
    yield generator
    generator.close()


def wait_ready(generator: ProcessGenerator) -> None:
    wait_until(lambda: generator.is_ready)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def ask(generator: ProcessGenerator, **options: float) -> str:
    """Return the first draft for one prompt."""
    return generator.generate(PROMPTS[:1], n_candidates=1, **options)[0][0].text  # type: ignore[arg-type]


def ask_until_it_answers(generator: ProcessGenerator) -> str:
    """Ask again while the process hangs or is being started again."""
    until = time.monotonic() + LONG
    while True:
        with contextlib.suppress(GenerationError):
            (drafts,) = generator.generate(PROMPTS[:1], n_candidates=1, deadline=time.monotonic() + 1)
            if drafts:
                return drafts[0].text
        assert time.monotonic() < until
        threading.Event().wait(0.01)


class TestConformance(GeneratorConformance):
    """The tiny model in a process."""

    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls) -> Iterator[ProcessGenerator]:
        with opened(tiny.open_tiny, ProcessLimits()) as generator:
            yield generator

    def test_it_writes_what_the_model_writes_here(self, generator: ProcessGenerator) -> None:
        assert generator.name == "tiny"
        here = tiny.open_tiny().generate(PROMPTS, n_candidates=2, seed=9)
        assert generator.generate(PROMPTS, n_candidates=2, seed=9) == here


@pytest.fixture
def echo() -> Iterator[ProcessGenerator]:
    with opened(scripted.open_echo) as generator:
        yield generator


def test_a_process_that_is_killed_while_idle_is_replaced(echo: ProcessGenerator) -> None:
    first = echo.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert ask_until_it_answers(echo) == "Write about repeat_item."
    assert echo.process_id != first
    assert echo.n_starts == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_a_process_that_is_stopped_while_idle_is_replaced(echo: ProcessGenerator) -> None:
    first = echo.process_id
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    assert echo.generate(PROMPTS[:1], n_candidates=1, deadline=time.monotonic() + 0.1) == [[]]
    assert ask_until_it_answers(echo) == "Write about repeat_item."
    assert echo.process_id != first
    wait_until(lambda: not _is_running(first))


def test_a_process_that_dies_during_a_call_is_an_error_and_is_replaced() -> None:
    with opened(scripted.open_dying) as generator:
        with pytest.raises(GenerationError, match="process died but a loaded model is needed") as caught:
            ask(generator)
        assert caught.value.is_retryable
        wait_ready(generator)
        assert generator.n_starts == 2


def test_a_hanging_call_keeps_its_deadline_and_the_process_is_replaced() -> None:
    with opened(scripted.open_deaf) as generator:
        first = generator.process_id
        assert generator.generate(PROMPTS, n_candidates=1, deadline=time.monotonic() + 0.1) == [[], []]
        wait_until(lambda: generator.process_id not in {first, None})
        assert generator.n_starts == 2


def test_a_model_that_stops_at_its_deadline_keeps_its_process() -> None:
    with opened(scripted.open_obedient) as generator:
        for _ in range(2):
            drafts = generator.generate(PROMPTS[:1], n_candidates=1, deadline=time.monotonic() + 0.05)
            assert len(drafts) == 1
            wait_until(lambda: not generator._calls)
        assert generator.n_starts == 1


def test_while_the_model_loads_a_call_fails_at_once() -> None:
    with opened(scripted.open_never, is_ready=False) as generator:
        with pytest.raises(GenerationError, match="is loading") as caught:
            ask(generator)
        assert caught.value.is_retryable


def test_a_model_that_does_not_load_in_time_is_started_again() -> None:
    limits = ProcessLimits(load_seconds=0.1, first_pause_seconds=0.0)
    with opened(scripted.open_never, limits, is_ready=False) as generator:
        wait_until(lambda: generator.n_starts >= 2)


def test_pauses_between_starts_grow_until_a_call_succeeds() -> None:
    limits = ProcessLimits(load_seconds=0.1, first_pause_seconds=0.01, longest_pause_seconds=LONG)
    with opened(scripted.open_never, limits, is_ready=False) as generator:
        wait_until(lambda: generator.n_starts >= 3)
        assert generator._pause >= 0.04


def test_more_calls_than_allowed_are_refused_at_once() -> None:
    with opened(scripted.open_obedient, ProcessLimits(max_calls=1)) as generator:
        deadline = time.monotonic() + 5
        first = threading.Thread(
            target=generator.generate, args=(PROMPTS,), kwargs={"n_candidates": 1, "deadline": deadline}
        )
        first.start()
        wait_until(lambda: bool(generator._calls))
        with pytest.raises(GenerationError, match="has 1 calls waiting but takes no more") as caught:
            ask(generator)
        assert caught.value.is_retryable
        first.join()


def test_an_error_of_the_model_keeps_its_kind_and_the_process() -> None:
    with opened(scripted.open_failing) as generator:
        for _ in range(2):
            with pytest.raises(GenerationError, match="the model is tired") as caught:
                ask(generator)
            assert not caught.value.is_retryable
        assert generator.n_starts == 1


def test_a_missing_extra_is_final() -> None:
    with opened(scripted.open_missing, is_ready=False) as generator:
        wait_until(lambda: bool(generator._missing))
        with pytest.raises(MissingExtraError, match="pip install"):
            ask(generator)
        assert generator.n_starts == 1


def test_a_closed_generator_leaves_no_process(echo: ProcessGenerator) -> None:
    first = echo.process_id
    assert first is not None
    echo.close()
    assert not _is_running(first)
    echo.start()
    with pytest.raises(GenerationError, match="is loading"):
        ask(echo)


def test_a_parent_that_is_killed_leaves_no_orphan(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        f"sys.path[:] = {sys.path!r}\n"
        "if __name__ == '__main__':\n"
        "    import scripted\n"
        "    from llm_explain.generation.process_generator import ProcessGenerator\n"
        "    generator = ProcessGenerator(scripted.open_echo)\n"
        "    generator.start()\n"
        "    while not generator.is_ready: time.sleep(0.01)\n"
        "    print(generator.process_id, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdin is not None
    orphan = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    wait_until(lambda: not _is_running(orphan))


def _is_running(process_id: int) -> bool:
    """Return whether a process runs; one that ended but was not waited for does not."""
    try:
        os.kill(process_id, 0)
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
