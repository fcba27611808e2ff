"""A prompt as one text, in the manner of the model that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_explain.generation.prompt_template import Prompt

_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Turns of a conversation for a tokenizer that brings no template of its own."""


def with_padding(tokenizer: Any) -> Any:
    """Return the tokenizer, padding by its end token where it has no padding token of its own."""
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def chat_text(tokenizer: Any, prompt: Prompt) -> str:
    """Return what a chat model reads before it writes.

    Args:
        tokenizer: Its tokenizer.
        prompt: The conversation.

    Returns:
        The text, up to and with the beginning of the model's own turn.
    """
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    return str(
        tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=True,
            chat_template=tokenizer.chat_template or _CHATML,
        )
    )
