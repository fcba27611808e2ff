"""An OpenAI-compatible server in a process of its own on this machine, with and without faults."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conformance import PROMPTS, GeneratorConformance

pytest.importorskip("httpx2", reason="a model behind a URL needs the extra lm")

from llm_explain.errors import GenerationError, SettingError
from llm_explain.generation.openai_generator import OpenAIGenerator
from llm_explain.generation.opening import open_generator

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).with_name("chat_server.py")


@contextmanager
def serving() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a server, and give its base URL and its process."""
    code = f"import sys, runpy; sys.path[:] = {sys.path!r}; runpy.run_path({str(SERVER)!r}, run_name='__main__')"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1", server
        server.kill()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as (url, _):
        yield url


class TestOverHttp(GeneratorConformance):
    @pytest.fixture
    def generator(self, url: str) -> OpenAIGenerator:
        return OpenAIGenerator(url, "tiny", timeout=120)


def test_a_busy_server_is_asked_again(url: str) -> None:
    ((draft,),) = OpenAIGenerator(url, "flaky", timeout=120).generate(PROMPTS[:1], n_candidates=1)
    assert draft.text == "Write about repeat_item."


@pytest.mark.parametrize(
    ("model", "message", "is_retryable"),
    [
        ("broken", r"answered 503 \(.*busy.*\) but 200 is needed\. Try later", True),
        ("forbidden", r"answered 401 .* Give a valid api_key", False),
        ("babbling", r"but a chat completion is needed", False),
    ],
)
def test_what_the_server_says_decides_whether_to_try_later(
    url: str, model: str, message: str, is_retryable: bool
) -> None:
    with pytest.raises(GenerationError, match=message) as caught:
        OpenAIGenerator(url, model, timeout=120, attempts=2).generate(PROMPTS[:1], n_candidates=1)
    assert caught.value.is_retryable is is_retryable


def test_a_server_that_hangs_times_out(url: str) -> None:
    generator = OpenAIGenerator(url, "hanging", timeout=0.1, attempts=2)
    with pytest.raises(GenerationError, match=r"gave no answer within 0\.1 s") as caught:
        generator.generate(PROMPTS[:1], n_candidates=1)
    assert caught.value.is_retryable


def test_the_deadline_comes_before_the_timeout(url: str) -> None:
    generator = OpenAIGenerator(url, "hanging", timeout=3600)
    assert generator.generate(PROMPTS, n_candidates=2, deadline=time.monotonic() + 0.1) == [[], []]


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        generator = OpenAIGenerator(f"http://127.0.0.1:{free.getsockname()[1]}/v1", "tiny", attempts=1)
        with pytest.raises(GenerationError, match=r"cannot be reached .* Start the server") as caught:
            generator.generate(PROMPTS[:1], n_candidates=1)
    assert caught.value.is_retryable


def test_requests_of_a_replica_that_dies_go_to_the_others(url: str) -> None:
    with serving() as (other, process):
        generator = OpenAIGenerator([other, url], "scripted", timeout=120, concurrency=2)
        prompts = [PROMPTS[0]] * 40

        def kill_in_the_middle() -> None:
            while n_answered(other) < 5:
                threading.Event().wait(0.005)
            process.kill()

        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        answers = generator.generate(prompts, n_candidates=2)
        killer.join()
    assert [[draft.text for draft in drafts] for drafts in answers] == [["Write about repeat_item."] * 2] * 40
    assert process.returncode == -signal.SIGKILL


def test_the_load_is_shared_and_bounded(url: str) -> None:
    with serving() as (other, _):
        before = n_answered(url)
        OpenAIGenerator([url, other], "scripted", concurrency=2).generate([PROMPTS[0]] * 60, n_candidates=1)
        shares = n_answered(url) - before, n_answered(other)
        assert sum(shares) == 60
        assert min(shares) > 0
        assert ask(url)["most_at_once"] <= 2
        assert ask(other)["most_at_once"] <= 2


def test_a_server_names_its_model(url: str) -> None:
    generator = OpenAIGenerator.load(url)
    assert generator.name == "scripted@127.0.0.1"
    assert OpenAIGenerator.load(f"{url},{url}#other").name == "other@127.0.0.1"


def test_a_url_is_a_language_model(url: str) -> None:
    generator = open_generator(f"{url}#scripted")
    assert isinstance(generator, OpenAIGenerator)
    ((draft,),) = generator.generate(PROMPTS[:1], n_candidates=1)
    assert draft.text == "Write about repeat_item."


def test_a_model_that_no_server_lists() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(GenerationError, match=r"gave no list of models .* Start the server, or name its model"):
            OpenAIGenerator.load(f"http://127.0.0.1:{free.getsockname()[1]}/v1")


def ask(url: str) -> dict[str, int]:
    """Return what a server has counted of the model ``scripted``."""
    import httpx2

    counts: dict[str, int] = httpx2.get(f"{url}/counts", timeout=60, trust_env=False).json()
    return counts


def n_answered(url: str) -> int:
    return ask(url)["answered"]


def test_it_works_inside_an_event_loop(url: str) -> None:
    async def ask() -> int:
        return len(OpenAIGenerator(url, "tiny", timeout=120).generate(PROMPTS, n_candidates=1))

    assert asyncio.run(ask()) == 2


@pytest.mark.parametrize("base_url", ["localhost:8000", "ftp://host/v1", ""])
def test_a_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(SettingError, match="an http or https URL is needed"):
        OpenAIGenerator(base_url, "tiny")
