"""A language model of random weights, small enough to be built in a test or in a process that a test starts."""

from __future__ import annotations

from functools import cache
from typing import Any

from llm_explain.generation.prompt_template import Message, Prompt
from llm_explain.generation.transformers_generator import TransformersGenerator
from llm_explain.text.lexicon import load_lexicon

LINES = (
    "You've bought this {times}, about every {interval}, and it's {promotion}.",
    "It goes with the {category} and the {related_category} that you often buy!",
    "Right now it's {promotion}; in {month} our customers like it.",
)


def prompt(*kinds: str) -> Prompt:
    """Return a short prompt for claim kinds."""
    slots = tuple(slot for kind in kinds for slot in load_lexicon("en").slots[kind].required)
    return Prompt((Message("user", f"Write about {', '.join(kinds)}."),), kinds, "friendly", "test", slots)


@cache
def tiny_tokenizer() -> Any:
    """Return a byte-level tokenizer with merges of a few sentences."""
    import tokenizers
    import transformers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    bare = tokenizers.Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator(LINES, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=bare, eos_token="<|im_end|>")


def tiny_model(seed: int = 0) -> Any:
    """Return a two-layer model of random weights that fits the tokenizer."""
    import torch
    import transformers

    tokenizer = tiny_tokenizer()
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return transformers.LlamaForCausalLM(config)


def open_tiny(**options: Any) -> TransformersGenerator:
    """Return the tiny model behind the protocol."""
    import torch

    torch.set_num_threads(1)
    options = {"max_new_tokens": 12, "name": "tiny", **options}
    return TransformersGenerator(tiny_model(), tiny_tokenizer(), **options)
