"""Drafts from servers that speak the OpenAI chat protocol: vLLM, SGLang, llama-server, a hosted model."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, TypeVar

from llm_explain.errors import GenerationError, MissingExtraError, SettingError
from llm_explain.generation.generator import BaseGenerator, Draft, first_line

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from llm_explain.generation.prompt_template import Prompt

_RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_MOST_SAID = 200

Result = TypeVar("Result")


@dataclass
class _Request:
    """A draft that is asked for, with its latest answer."""

    prompt: Prompt
    seed: int
    answer: Draft | GenerationError | None = None
    n_failures: int = 0


@dataclass
class _Replica:
    """A server, and the time until which it rests after a failure."""

    url: str
    n_failures: int = 0
    rests_until: float = 0.0

    def seconds_to_rest(self) -> float:
        return max(0.0, self.rests_until - time.monotonic())

    def fail(self) -> None:
        """Rest longer after each failure; failures while it rests are of requests that were on their way."""
        if not self.seconds_to_rest():
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self.n_failures) * random.uniform(0.5, 1.0)  # noqa: S311  spreads retries, no secret
            self.n_failures, self.rests_until = self.n_failures + 1, time.monotonic() + pause


class OpenAIGenerator(BaseGenerator):
    """A chat model behind one URL or several replicas.

    Each draft is a request of its own, so that the server's continuous batching fills its batch and one slow draft
    holds up no other. Each replica takes the next request when it has answered one, at most ``concurrency`` at a time.
    A replica that fails rests, longer each time, and its requests go to the other replicas. Redirects are not followed
    and proxies of the environment are not used.

    The call raises ``MissingExtraError`` if ``httpx2`` is not installed.

    Args:
        base_url: Up to and with the version, for example ``http://127.0.0.1:8000/v1``; one for each replica.
        model: Name under which the servers know the model; the first one that they list if not given.
        api_key: Sent as a bearer token.
        max_new_tokens: Longest draft.
        temperature: Of the sampling.
        top_p: Of the sampling.
        timeout: Seconds for one attempt.
        attempts: Tries for each draft and replica, with growing pauses.
        concurrency: Requests at a time for each replica.

    Attributes:
        name: Model and servers for the provenance of a text.

    Raises:
        SettingError: If a URL is not one, or the number of attempts is 0.
    """

    def __init__(
        self,
        base_url: str | Sequence[str],
        model: str | None = None,
        *,
        api_key: str | None = None,
        max_new_tokens: int = 120,
        temperature: float = 0.45,
        top_p: float = 0.9,
        timeout: float = 30.0,
        attempts: int = 3,
        concurrency: int = 16,
    ) -> None:
        with MissingExtraError.unless_installed("a model behind a URL", "lm"):
            import httpx2
        urls = [base_url] if isinstance(base_url, str) else list(base_url)
        hosts = [httpx2.URL(url) for url in urls]
        if not urls or any(host.scheme not in {"http", "https"} or not host.host for host in hosts):
            raise SettingError(
                f"base_url is {base_url!r} but an http or https URL is needed. Give http://host:port/v1."
            )
        if attempts < 1 or concurrency < 1:
            raise SettingError(
                f"attempts is {attempts} and concurrency {concurrency} but at least 1 is needed. Raise them."
            )
        self._replicas = [_Replica(url.rstrip("/")) for url in urls]
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = timeout
        self._attempts = attempts
        self._concurrency = concurrency
        model = model or self._listed_model()
        self.name = f"{model}@{','.join(dict.fromkeys(host.host for host in hosts))}"
        self._body = {"model": model, "max_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p}

    @classmethod
    def load(cls, language_model: str, **options: Any) -> OpenAIGenerator:
        """Open a model that one text names.

        Args:
            language_model: URLs of the replicas, parted by commas, then ``#`` and the model's name if the servers list
                several models. ``OPENAI_API_KEY`` of the environment is sent as the bearer token.
            **options: Keyword arguments of the class.

        Returns:
            A generator.
        """
        urls, _, model = language_model.partition("#")
        return cls(urls.split(","), model or None, api_key=os.environ.get("OPENAI_API_KEY"), **options)

    def _listed_model(self) -> str:
        """Return the first model that a replica lists."""
        import httpx2

        said = ""
        for replica in self._replicas:
            try:
                answer = httpx2.get(
                    f"{replica.url}/models", timeout=self._timeout, headers=self._headers, trust_env=False
                )
                return str(answer.json()["data"][0]["id"])
            except (httpx2.HTTPError, ValueError, LookupError, TypeError) as error:
                said = f"{replica.url}/models gave no list of models ({type(error).__name__})"
        raise GenerationError(f"{said} but a model is needed. Start the server, or name its model.", is_retryable=True)

    def _drafts(self, prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int) -> list[list[Draft]]:
        """Return drafts; the same for the same seed where the servers keep to seeds.

        Raise ``GenerationError`` if the servers gave no draft at all, though there was time.
        """
        asked = [
            _Request(prompt, seed * 1_000_003 + number)
            for number, (prompt, _) in enumerate(product(prompts, range(n_candidates)))
        ]
        _run(self._answer(asked, deadline))
        answers = [request.answer for request in asked]
        drafts = [
            [answer for answer in answers[start : start + n_candidates] if isinstance(answer, Draft)]
            for start in range(0, len(answers), n_candidates)
        ]
        errors = [answer for answer in answers if isinstance(answer, GenerationError)]
        if errors and not any(drafts):
            raise GenerationError(str(errors[0]), is_retryable=errors[0].is_retryable)
        return drafts

    async def _answer(self, asked: Sequence[_Request], deadline: float) -> None:
        """Put a draft or an error into each request, or nothing where the deadline came first."""
        import httpx2

        waiting: asyncio.Queue[_Request] = asyncio.Queue()
        for request in asked:
            waiting.put_nowait(request)
        n_each = min(self._concurrency, len(asked))
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=n_each * len(self._replicas))
        client = httpx2.AsyncClient(timeout=self._timeout, headers=self._headers, trust_env=False, limits=limits)
        async with client:
            workers = [
                asyncio.create_task(self._serve(client, replica, waiting))
                for replica in self._replicas
                for _ in range(n_each)
            ]
            left = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
            with suppress(TimeoutError):
                await asyncio.wait_for(waiting.join(), left)
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _serve(self, client: Any, replica: _Replica, waiting: asyncio.Queue[_Request]) -> None:
        """Send one request after the other to a replica; those that fail wait again, for any replica."""
        n_replicas = len(self._replicas)
        while True:
            await asyncio.sleep(replica.seconds_to_rest())
            if replica.seconds_to_rest():
                continue
            request = await waiting.get()
            try:
                async with asyncio.timeout(self._timeout):
                    request.answer = await self._once(client, replica.url, request)
                replica.n_failures = 0
            except (TimeoutError, GenerationError) as error:
                request.answer = error if isinstance(error, GenerationError) else self._late(replica.url)
                request.n_failures += 1
                replica.fail()
                may_help = request.answer.is_retryable or n_replicas > 1
                if may_help and request.n_failures < self._attempts * n_replicas:
                    waiting.put_nowait(request)
            finally:
                waiting.task_done()

    def _late(self, url: str) -> GenerationError:
        return GenerationError(
            f"{url} gave no answer within {self._timeout:g} s but one is needed. Raise timeout.", is_retryable=True
        )

    async def _once(self, client: Any, base_url: str, request: _Request) -> Draft:
        import httpx2

        url = f"{base_url}/chat/completions"
        messages = [{"role": message.role, "content": message.content} for message in request.prompt.messages]
        body = {**self._body, "messages": messages, "seed": request.seed % 2**31}
        try:
            response = await client.post(url, json=body)
        except httpx2.HTTPError as error:
            raise GenerationError(
                f"{url} cannot be reached ({type(error).__name__}: {error}). Start the server.", is_retryable=True
            ) from error
        if response.status_code != httpx2.codes.OK:
            said = " ".join(response.text.split())[:_MOST_SAID]
            raise GenerationError(
                f"{url} answered {response.status_code} ({said}) but 200 is needed. {_advice(response.status_code)}",
                is_retryable=response.status_code in _RETRYABLE,
            )
        try:
            choice = response.json()["choices"][0]
            text, reason = choice["message"]["content"], choice.get("finish_reason")
            return Draft(first_line(text), is_complete=reason == "stop" or "\n" in text.strip())
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise GenerationError(
                f"{url} answered {response.text[:40]!r} but a chat completion is needed. "
                "Give the URL of an OpenAI-compatible server, up to /v1.",
                is_retryable=False,
            ) from error


def _advice(status: int) -> str:
    if status in {401, 403}:
        return "Give a valid api_key."
    if status == 404:
        return "Check base_url and model."
    return "Try later." if status in _RETRYABLE else "Check the server's log."


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a thread of its own: the caller may already be inside an event loop."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:  # raised again where the caller waits
            errors.append(error)

    thread = threading.Thread(target=run, name="llm-explain-http", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
