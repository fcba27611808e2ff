"""Opens the language model that a setting names: weights on this machine, or servers elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_explain.generation.generator import Generator


def is_served(language_model: str) -> bool:
    """Return whether a language model is named by URLs of servers."""
    return language_model.startswith(("http://", "https://"))


def open_generator(language_model: str | Generator, **options: Any) -> Generator:
    """Load a language model.

    Args:
        language_model: Folder, hub id, ``auto``, URLs of servers as for ``OpenAIGenerator.load``, or a generator that
            is open already.
        **options: Keyword arguments of the generator's ``load``.

    Returns:
        The generator.
    """
    if not isinstance(language_model, str):
        return language_model
    if is_served(language_model):
        from llm_explain.generation.openai_generator import OpenAIGenerator

        return OpenAIGenerator.load(language_model, **options)
    from llm_explain.generation.transformers_generator import TransformersGenerator

    return TransformersGenerator.load(language_model, **options)
