"""Drafts from any server that speaks the OpenAI chat protocol: vLLM, SGLang, llama-server, a hosted model."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from llm_explain.errors import GenerationError, MissingExtraError, SettingError
from llm_explain.generation.generator import Draft, first_line

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from llm_explain.generation.prompt_template import Prompt

_RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_MOST_SAID = 200

Result = TypeVar("Result")


class OpenAIGenerator:
    """A chat model behind a URL.

    Each draft is a request of its own, so that the server's continuous batching fills its batch and one slow draft
    holds up no other. Redirects are not followed and proxies of the environment are not used.

    Args:
        base_url: Up to and with the version, for example ``http://127.0.0.1:8000/v1``.
        model: Name under which the server knows the model.
        api_key: Sent as a bearer token.
        max_new_tokens: Longest draft.
        temperature: Of the sampling.
        top_p: Of the sampling.
        timeout: Seconds for one attempt.
        attempts: Tries for each draft, with growing pauses.
        concurrency: Requests at a time.

    Attributes:
        name: Model and server for the provenance of a text.

    Raises:
        SettingError: If the URL is not one, or the number of attempts is 0.
        MissingExtraError: If ``httpx2`` is not installed.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None = None,
        max_new_tokens: int = 80,
        temperature: float = 0.45,
        top_p: float = 0.9,
        timeout: float = 30.0,
        attempts: int = 3,
        concurrency: int = 16,
    ) -> None:
        try:
            import httpx2
        except ImportError as error:
            raise MissingExtraError.of("httpx2", "a model behind a URL", "lm") from error
        url = httpx2.URL(base_url)
        if url.scheme not in {"http", "https"} or not url.host:
            raise SettingError(
                f"base_url is {base_url!r} but an http or https URL is needed. Give http://host:port/v1."
            )
        if attempts < 1 or concurrency < 1:
            raise SettingError(
                f"attempts is {attempts} and concurrency {concurrency} but at least 1 is needed. Raise them."
            )
        self.name = f"{model}@{url.host}"
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._body = {"model": model, "max_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p}
        self._timeout = timeout
        self._attempts = attempts
        self._concurrency = concurrency

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        n_candidates: int,
        deadline: float = float("inf"),
        seed: int = 0,
    ) -> list[list[Draft]]:
        """Return drafts for each prompt; the same for the same seed where the server keeps to seeds.

        Args:
            prompts: What to write.
            n_candidates: Drafts for each prompt.
            deadline: Moment of ``time.monotonic()`` at which to stop, with what is written by then.
            seed: Seed of the sampling.

        Returns:
            For each prompt at most ``n_candidates`` drafts; none where the deadline came first.

        Raises:
            GenerationError: If the server gave no draft at all, though there was time.
        """
        if not prompts or n_candidates < 1 or time.monotonic() >= deadline:
            return [[] for _ in prompts]
        found = _run(self._all(prompts, n_candidates, deadline, seed))
        drafts = [
            [draft for draft in found[start : start + n_candidates] if isinstance(draft, Draft)]
            for start in range(0, len(found), n_candidates)
        ]
        errors = [error for error in found if isinstance(error, GenerationError)]
        if errors and not any(drafts):
            raise GenerationError(str(errors[0]), is_retryable=errors[0].is_retryable)
        return drafts

    async def _all(
        self, prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int
    ) -> list[Draft | GenerationError | None]:
        """Return a draft, an error, or nothing where the deadline came first, for each prompt and candidate."""
        import httpx2

        async with httpx2.AsyncClient(timeout=self._timeout, headers=self._headers, trust_env=False) as client:
            gate = asyncio.Semaphore(self._concurrency)
            tasks = [
                asyncio.create_task(self._patiently(client, gate, prompt, seed * 1_000_003 + candidate))
                for prompt in prompts
                for candidate in range(n_candidates)
            ]
            left = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
            _, waiting = await asyncio.wait(tasks, timeout=left)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return [None if task.cancelled() else task.result() for task in tasks]

    async def _patiently(
        self, client: Any, gate: asyncio.Semaphore, prompt: Prompt, seed: int
    ) -> Draft | GenerationError:
        """Return a draft, or the error of the last attempt."""
        chance = random.Random(seed)  # noqa: S311  spreads retries, no secret
        for attempt in range(self._attempts):
            try:
                async with gate, asyncio.timeout(self._timeout):
                    return await self._once(client, prompt, seed)
            except TimeoutError:
                error = GenerationError(
                    f"{self._url} gave no answer within {self._timeout:g} s but one is needed. Raise timeout.",
                    is_retryable=True,
                )
            except GenerationError as failed:
                error = failed
                if not error.is_retryable:
                    break
            if attempt + 1 < self._attempts:
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
                await asyncio.sleep(pause * (0.5 + chance.random() / 2))
        return error

    async def _once(self, client: Any, prompt: Prompt, seed: int) -> Draft:
        import httpx2

        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        body = {**self._body, "messages": messages, "seed": seed % 2**31}
        try:
            response = await client.post(self._url, json=body)
        except httpx2.HTTPError as error:
            raise GenerationError(
                f"{self._url} cannot be reached ({type(error).__name__}: {error}). Start the server.", is_retryable=True
            ) from error
        if response.status_code != httpx2.codes.OK:
            said = " ".join(response.text.split())[:_MOST_SAID]
            raise GenerationError(
                f"{self._url} answered {response.status_code} ({said}) but 200 is needed. "
                f"{_advice(response.status_code)}",
                is_retryable=response.status_code in _RETRYABLE,
            )
        try:
            choice = response.json()["choices"][0]
            text, reason = choice["message"]["content"], choice.get("finish_reason")
            return Draft(first_line(text), is_complete=reason == "stop" or "\n" in text.strip())
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise GenerationError(
                f"{self._url} answered {response.text[:40]!r} but a chat completion is needed. "
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
