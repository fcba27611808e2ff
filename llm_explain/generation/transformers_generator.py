"""Drafts from any Hugging Face causal language model, several candidates in one batch."""

from __future__ import annotations

import time
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch

from llm_explain.errors import GenerationError
from llm_explain.generation.chat import chat_text, with_padding
from llm_explain.generation.constrained import SlotConstraint
from llm_explain.generation.generator import BaseGenerator, Draft, first_line
from llm_explain.generation.pretrained import open_pretrained
from llm_explain.generation.proofreading import Proofreader
from llm_explain.generation.sampling import ArithmeticSampler, Nucleus
from llm_explain.generation.weights import PACKAGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.generation.prompt_template import Prompt


TEMPERATURE = 0.45
TEMPERATURE_IN_GRAMMAR = 0.7
"""A grammar that bars most nonsense leaves room for variety."""

_READ = ("input_ids", "attention_mask")
_BATCH = 8
_PROBE_ROWS = 8_192
"""Rows of a weight that tells which precision is fast; they do not fit into the caches."""


class TransformersGenerator(BaseGenerator):
    """A causal language model behind the ``Generator`` protocol.

    Args:
        model: A Hugging Face causal language model.
        tokenizer: Its tokenizer.
        name: Model and hash for the provenance of a text.
        max_new_tokens: Longest draft.
        temperature: Of the sampling; ``TEMPERATURE`` or ``TEMPERATURE_IN_GRAMMAR`` if not given.
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
        max_new_tokens: int = 120,
        temperature: float | None = None,
        top_p: float = 0.9,
        is_constrained: bool = False,
    ) -> None:
        self.name = name
        self.max_new_tokens = max_new_tokens
        self.temperature = temperature or (TEMPERATURE_IN_GRAMMAR if is_constrained else TEMPERATURE)
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

    def _drafts(self, prompts: Sequence[Prompt], n_candidates: int, deadline: float, seed: int) -> list[list[Draft]]:
        """Return drafts, all written in one batch; those of equal prompts are spread evenly."""
        try:
            inputs = self._tokenizer(
                [chat_text(self._tokenizer, prompt) for prompt in prompts], return_tensors="pt", padding=True
            )
            inputs = inputs.to(self._model.device)
            outputs = self._write(inputs, n_candidates, deadline, self._processors(prompts, n_candidates, seed))
        except (RuntimeError, ValueError, IndexError) as error:
            raise GenerationError(f"the language model failed ({error}).", is_retryable=True) from error
        written = outputs[:, inputs["input_ids"].shape[1] :]
        drafts = [self._draft(tokens) for tokens in written]
        return [drafts[start : start + n_candidates] for start in range(0, len(drafts), n_candidates)]

    def _processors(self, prompts: Sequence[Prompt], n_candidates: int, seed: int) -> list[Any]:
        """Return what comes between logits and tokens, in this order: the grammar, the verifier, chance."""
        rows = [prompt for prompt in prompts for _ in range(n_candidates)]
        nucleus = Nucleus(self.temperature, self.top_p)
        sampler = ArithmeticSampler(nucleus, rows, seed=seed)
        if self._constraint is None:
            return [sampler]
        grammars = self._constraint.processor(prompts, n_candidates=n_candidates)
        return [grammars, Proofreader(self._tokenizer, nucleus, rows), sampler]

    @torch.inference_mode()
    def _write(self, inputs: Any, n_candidates: int, deadline: float, processors: list[Any]) -> torch.Tensor:
        def is_late(input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:  # noqa: ARG001
            late = time.monotonic() >= deadline
            return torch.full((input_ids.shape[0],), late, dtype=torch.bool, device=input_ids.device)

        outputs: torch.Tensor = self._model.generate(
            **_read_once(self._model, inputs, n_candidates),
            do_sample=False,  # the last processor leaves one token in each row
            temperature=1.0,
            top_k=50,
            top_p=1.0,
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
    """Return the model in bfloat16 where a matrix product is faster in it, else in single precision."""
    if model.device.type == "cuda":
        return model.to(torch.bfloat16) if torch.cuda.is_bf16_supported() else model
    weight = model.get_input_embeddings().weight.detach()[:_PROBE_ROWS]
    single, half = (_product_seconds(weight.to(dtype)) for dtype in (torch.float32, torch.bfloat16))
    return model.to(torch.bfloat16) if half < single else model


@torch.inference_mode()
def _product_seconds(weight: torch.Tensor) -> float:
    """Return how long the product of a few rows with a weight takes, at its best.

    A processor without instructions for bfloat16 is as much slower in this product as in the whole model. The product
    takes milliseconds, a text of the model seconds.
    """
    rows, seconds = weight[:_BATCH].clone(), []
    for _ in range(4):  # the first one warms up
        started = time.perf_counter()
        torch.nn.functional.linear(rows, weight)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _read_once(model: Any, inputs: Any, n_candidates: int) -> dict[str, Any]:
    """Return what ``generate`` is given for several candidates of each prompt, which is read only once.

    Args:
        model: A Hugging Face causal language model.
        inputs: ``input_ids`` and ``attention_mask`` of the prompts, padded on the left, shape ``(n_prompts, length)``.
        n_candidates: Rows for each prompt.

    Returns:
        Both for each row, and the cache of all tokens but the last, which gives the first logits.
    """
    input_ids, mask = inputs["input_ids"], inputs["attention_mask"]
    given = {name: each.repeat_interleave(n_candidates, dim=0) for name, each in inputs.items() if name in _READ}
    name = next((name for name in ("cache", "past_key_values") if name in signature(model.forward).parameters), None)
    if n_candidates > 1 and input_ids.shape[1] > 1 and name is not None:
        places = (mask.cumsum(dim=1) - 1).clamp(min=0)
        read = model(
            input_ids=input_ids[:, :-1], attention_mask=mask[:, :-1], position_ids=places[:, :-1], use_cache=True
        )
        given[name] = read[name]
        given[name].batch_repeat_interleave(n_candidates)
    return given
