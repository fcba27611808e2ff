"""Drafts from any Hugging Face causal language model, several candidates in one batch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import torch

from llm_explain.errors import GenerationError
from llm_explain.generation.chat import chat_text, with_padding
from llm_explain.generation.constrained import SlotConstraint
from llm_explain.generation.generator import Draft, first_line
from llm_explain.generation.pretrained import open_pretrained
from llm_explain.generation.weights import PACKAGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.prompts import Prompt


class TransformersGenerator:
    """A causal language model behind the ``Generator`` protocol.

    Args:
        model: A Hugging Face causal language model.
        tokenizer: Its tokenizer.
        name: Model and hash for the provenance of a text.
        max_new_tokens: Longest draft.
        temperature: Of the sampling.
        top_p: Of the sampling.
        is_constrained: Whether drafts may have only the slots of their prompt, each once.

    Attributes:
        name: Model and hash for the provenance of a text.
        max_new_tokens: Longest draft.
        temperature: Of the sampling.
        top_p: Of the sampling.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str,
        max_new_tokens: int = 80,
        temperature: float = 0.45,
        top_p: float = 0.9,
        is_constrained: bool = False,
    ) -> None:
        self.name = name
        self.max_new_tokens = max_new_tokens
        self.temperature = temperature
        self.top_p = top_p
        self._model = model.eval()
        self._tokenizer = with_padding(tokenizer)
        tokenizer.padding_side = "left"
        self._constraint = SlotConstraint.of_model(model, tokenizer) if is_constrained else None

    @classmethod
    def load(
        cls, language_model: str = PACKAGED, *, device: str | None = None, is_constrained: bool = False
    ) -> TransformersGenerator:
        """Load a language model.

        Args:
            language_model: ``auto`` for the packaged weights with their adapter, ``untuned`` for them alone, a local
                folder of a model or an adapter, a GGUF file, or a hub id.
            device: Where it runs; a GPU when there is one, if not given.
            is_constrained: Whether drafts may have only the slots of their prompt, each once.

        Returns:
            A generator.
        """
        model, tokenizer, weights = open_pretrained(language_model)
        model = model.to(torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")))
        return cls(_in_fastest_type(model), tokenizer, name=weights.name, is_constrained=is_constrained)

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        n_candidates: int,
        deadline: float = float("inf"),
        seed: int = 0,
    ) -> list[list[Draft]]:
        """Return drafts for each prompt, all in one batch; the same for the same seed.

        Args:
            prompts: What to write.
            n_candidates: Drafts for each prompt.
            deadline: Moment of ``time.monotonic()`` at which to stop, with what is written by then.
            seed: Seed of the sampling.

        Returns:
            For each prompt ``n_candidates`` drafts; none where the deadline came first.

        Raises:
            GenerationError: If the model failed.
        """
        if not prompts or n_candidates < 1 or time.monotonic() >= deadline:
            return [[] for _ in prompts]
        try:
            inputs = self._tokenizer(
                [chat_text(self._tokenizer, prompt) for prompt in prompts], return_tensors="pt", padding=True
            )
            inputs = inputs.to(self._model.device)
            processors = (
                [self._constraint.processor(prompts, n_candidates=n_candidates)] if self._constraint is not None else []
            )
            outputs = self._sample(inputs, n_candidates, deadline, seed, processors=processors)
        except (RuntimeError, ValueError, IndexError) as error:
            raise GenerationError(f"the language model failed ({error}).", is_retryable=True) from error
        written = outputs[:, inputs["input_ids"].shape[1] :]
        drafts = [self._draft(tokens) for tokens in written]
        return [drafts[start : start + n_candidates] for start in range(0, len(drafts), n_candidates)]

    @torch.inference_mode()
    def _sample(
        self, inputs: Any, n_candidates: int, deadline: float, seed: int, *, processors: list[Any]
    ) -> torch.Tensor:
        def is_late(input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:  # noqa: ARG001
            late = time.monotonic() >= deadline
            return torch.full((input_ids.shape[0],), late, dtype=torch.bool, device=input_ids.device)

        devices = [self._model.device] if self._model.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            outputs: torch.Tensor = self._model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                do_sample=True,
                temperature=self.temperature,
                top_p=self.top_p,
                num_return_sequences=n_candidates,
                max_new_tokens=self.max_new_tokens,
                pad_token_id=self._tokenizer.pad_token_id,
                stopping_criteria=[is_late],
                logits_processor=processors,
            )
        return outputs

    def _draft(self, tokens: torch.Tensor) -> Draft:
        ends = self._model.generation_config.eos_token_id or self._tokenizer.eos_token_id
        ended = set(ends if isinstance(ends, list) else [ends]) & set(tokens.tolist())
        answer = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return Draft(first_line(answer), is_complete=bool(ended) or "\n" in answer.strip())


def _in_fastest_type(model: Any) -> Any:
    """Return the model in bfloat16 where a short trial shows that it is faster, else in single precision."""
    if model.device.type == "cuda":
        return model.to(torch.bfloat16) if torch.cuda.is_bf16_supported() else model
    single = _trial_seconds(model)
    half = model.to(torch.bfloat16)
    return half if _trial_seconds(half) < single else half.to(torch.float32)


@torch.inference_mode()
def _trial_seconds(model: Any) -> float:
    tokens = torch.ones((4, 32), dtype=torch.long, device=model.device)
    model(input_ids=tokens)
    started = time.perf_counter()
    for _ in range(3):
        model(input_ids=tokens)
    return time.perf_counter() - started
