"""Drafts from a GGUF file by llama.cpp: the fastest way on a CPU."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.constrained import grammar_of
from llm_explain.generation.generator import BaseGenerator, Draft, first_line
from llm_explain.generation.merged_gguf import merged_gguf
from llm_explain.generation.weights import PACKAGED, UNTUNED, packaged_adapter, packaged_gguf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.generation.prompt_template import Prompt

_TOKENS_EACH = 1024
"""Room for the prompt and the draft of one sequence."""


class LlamaCppGenerator(BaseGenerator):
    """A GGUF model behind the ``Generator`` protocol; prompts that begin alike share their beginning.

    The call raises ``MissingExtraError`` if ``xllamacpp`` is not installed.

    Args:
        path: The GGUF file.
        n_parallel: Drafts that are written in one batch.
        n_threads: Threads; the processor's cores if not given.
        max_new_tokens: Longest draft.
        temperature: Of the sampling.
        top_p: Of the sampling.
        is_constrained: Whether drafts must have every slot of their prompt exactly once.

    Attributes:
        name: File and hash for the provenance of a text.

    Raises:
        GenerationError: If the file cannot be read.
    """

    def __init__(
        self,
        path: Path,
        *,
        n_parallel: int = 8,
        n_threads: int | None = None,
        max_new_tokens: int = 80,
        temperature: float = 0.45,
        top_p: float = 0.9,
        is_constrained: bool = False,
    ) -> None:
        with MissingExtraError.unless_installed("a GGUF model", "llamacpp"):
            import xllamacpp
        if not path.is_file():
            raise GenerationError(f"{path} is missing but a GGUF file is needed. Give its path.", is_retryable=False)
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_parallel = n_parallel
        params.n_ctx = _TOKENS_EACH * n_parallel
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = n_threads or os.cpu_count() or 1
        params.warmup = False
        params.verbosity = -1
        params.port = 0
        self.name = _name(path)
        self.n_parallel = n_parallel
        self.is_constrained = is_constrained
        self._body = {"max_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "stream": True}
        try:
            self._server = xllamacpp.Server(params)
        except (RuntimeError, ValueError, OSError) as error:
            raise GenerationError(
                f"{path} cannot be loaded ({error}) but a GGUF model is needed. Check the file.", is_retryable=False
            ) from error

    @classmethod
    def load(cls, language_model: str = PACKAGED, **options: Any) -> LlamaCppGenerator:
        """Load a GGUF model.

        Args:
            language_model: ``auto`` for the packaged weights with their adapter, ``untuned`` for them alone, the folder
                of an adapter for them, or a GGUF file.
            **options: Keyword arguments of the class.

        Returns:
            A generator.
        """
        path = Path(language_model)
        adapter = packaged_adapter() if language_model == PACKAGED else path if path.is_dir() else None
        if adapter is not None:
            return cls(merged_gguf(packaged_gguf(), adapter), **options)
        return cls(packaged_gguf() if language_model in (PACKAGED, UNTUNED) else path, **options)

    @property
    def base_url(self) -> str:
        """Where the same model answers over HTTP on this machine, for ``OpenAIGenerator``."""
        return f"{self._server.listening_address}/v1"

    def _drafts(self, prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int) -> list[list[Draft]]:
        """Return drafts, ``n_parallel`` written at a time."""
        writings = [
            _Writing(self._request(prompt, seed * 1_000_003 + number), deadline)
            for number, (prompt, _) in enumerate(product(prompts, range(n_candidates)))
        ]
        queue = iter(writings)
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    writing = next(queue, None)
                if writing is None:
                    return
                writing.run(self._server)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(self.n_parallel, len(writings)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed := next((writing.trouble for writing in writings if writing.trouble), ""):
            raise GenerationError(f"the language model failed ({failed}).", is_retryable=True)
        drafts = [writing.draft() for writing in writings]
        return [
            [draft for draft in drafts[start : start + n_candidates] if draft is not None]
            for start in range(0, len(drafts), n_candidates)
        ]

    def _request(self, prompt: Prompt, seed: int) -> dict[str, Any]:
        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        request = {**self._body, "messages": messages, "seed": seed % 2**31}
        if self.is_constrained:
            request["grammar"] = f"%llguidance {{}}\n{grammar_of(prompt)}"
        return request


class _Writing:
    """One draft on its way: collects pieces until the model ends or the deadline comes."""

    def __init__(self, request: Mapping[str, Any], deadline: float) -> None:
        self.trouble = ""
        self._request = request
        self._deadline = deadline
        self._pieces: list[str] = []
        self._reason: str | None = None

    def run(self, server: Any) -> None:
        if time.monotonic() >= self._deadline:
            return
        try:
            server.handle_chat_completions(self._request, self._take)
        except Exception as error:  # llama.cpp raises what C++ threw
            self.trouble = f"{type(error).__name__}: {error}"

    def _take(self, chunk: Any) -> bool:
        """Keep a piece; return whether to stop."""
        message: Mapping[str, Any] = json.loads(chunk) if isinstance(chunk, str | bytes) else chunk
        if "error" in message or "choices" not in message:
            self.trouble = str(message.get("error", message))[:200]
            return True
        for choice in message["choices"]:
            self._pieces.append(choice.get("delta", {}).get("content") or "")
            self._reason = choice.get("finish_reason") or self._reason
        return time.monotonic() >= self._deadline

    def draft(self) -> Draft | None:
        """Return what was written; nothing if the deadline came before the first piece."""
        text = "".join(self._pieces)
        if not text and self._reason is None:
            return None
        return Draft(first_line(text), is_complete=self._reason == "stop" or "\n" in text.strip())


def _name(path: Path) -> str:
    with path.open("rb") as stream:
        return f"{path.stem}@sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()[:12]}"
