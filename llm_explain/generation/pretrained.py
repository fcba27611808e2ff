"""Open a Hugging Face causal language model and its tokenizer, with an adapter merged in where one goes with it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.weights import find_weights

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.generation.weights import Weights


def open_pretrained(language_model: str) -> tuple[Any, Any, Weights]:
    """Return a model in single precision on the processor, its tokenizer, and where they came from.

    The call raises ``MissingExtraError`` if weights or libraries are not installed.

    Args:
        language_model: ``auto`` for the packaged weights with their adapter, ``untuned`` for them alone, a local folder
            of a model or of an adapter, a GGUF file, or a hub id.

    Returns:
        Model, tokenizer and weights.

    Raises:
        GenerationError: If the weights cannot be read.
    """
    with MissingExtraError.unless_installed("the language model", "lm"):
        import transformers
    weights = find_weights(language_model)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(weights.source)
        model = transformers.AutoModelForCausalLM.from_pretrained(weights.source, dtype="float32")
        model = model if weights.adapter is None else _merged(model, weights.adapter)
    except (OSError, ValueError) as error:
        raise GenerationError(
            f"language model {language_model!r} cannot be loaded ({error}) but a Hugging Face causal language "
            "model is needed. Give a folder with config.json, a hub id, or auto.",
            is_retryable=False,
        ) from error
    return model, tokenizer, weights


def _merged(model: Any, adapter: Path) -> Any:
    """Return a model with an adapter's changes added to its weights, so that it costs what the base model costs."""
    with MissingExtraError.unless_installed("the tuned language model", "lm"):
        import peft
    with warnings.catch_warnings():
        # transformers 5.24 deprecates a name that peft 0.21 reads.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return peft.PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
