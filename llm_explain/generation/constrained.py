"""A grammar that a language model cannot leave: every slot exactly once, no other, and a sentence that ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.errors import GenerationError, MissingExtraError, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from llm_explain.generation.prompt_template import Prompt

_NEVER = r"{}\d<>\[\]|`\\^~_=*#$€£¥%&@\/\x00-\x1f\x7f"
"""What no sentence holds outside its slots: numbers, money, markup, control characters."""

_END = "[.!?。!?]"
_UNTIDY = (r"  ", r" [,.;:!?]", r"[,;:][,;:.!?]", r"[.!?][,;:.!?]", r"[^ ,.;:!?(“\"'—–-]\{", r"\}[A-Za-z{]")
"""Two spaces, a space before punctuation, two marks in a row, a slot that touches a word or another slot."""

_MOST_TIDY = 4
"""With more slots than two reasons ever need, spacing is left to the verifier: llguidance bounds its own work."""

LIMITS = {
    "initial_lexer_fuel": 20_000_000, "step_lexer_fuel": 5_000_000, "max_lexer_states": 1_000_000,
    "precompute_large_lexemes": False,
}  # fmt: skip
"""How much work llguidance may put into one grammar: lists of words make large ones."""

_MAX_GRAMMARS = 64
"""A grammar that was walked through takes some megabytes."""

_SLOT_NAME = re.compile(r"[a-z_]+")


def slot_grammar(slots: Sequence[str]) -> str:
    """Return the grammar of one text with each slot exactly once, in any order, in llguidance's Lark dialect.

    Orders are not written out: the text is the intersection of one regular expression for each slot, each of which says
    "this one once, the others as you like". llguidance takes derivatives of intersections as it goes, so a mask costs
    the same for one slot and for six, where a list of orders would have 720 branches.

    Args:
        slots: Slots that stand exactly once, without braces.

    Returns:
        The grammar.

    Raises:
        SettingError: If a slot comes twice or is no lower-case name.
    """
    if len(set(slots)) < len(slots) or not all(map(_SLOT_NAME.fullmatch, slots)):
        raise SettingError(f"slots are {[*slots]} but different lower-case names are needed. Name each slot once.")
    terms = [rf"{_anything(slots)}{_END}", *(_once(slot, slots) for slot in slots), r"[^ ,.;:!?](\n|.)*"]
    lark = [f"/{term}/" for term in terms]
    if len(slots) <= _MOST_TIDY:
        lark.append(rf"~/(\n|.)*({'|'.join(_UNTIDY)})(\n|.)*/")
    return f"start: TEXT\nTEXT: {' & '.join(lark)}\n"


def _anything(slots: Sequence[str]) -> str:
    """Return the pattern of free text in which any of the slots stand any number of times."""
    return "(" + "|".join([f"[^{_NEVER}]", *(rf"\{{{slot}\}}" for slot in slots)]) + ")*"


def _once(slot: str, every: Sequence[str]) -> str:
    """Return the pattern of text in which one slot stands once and the others any number of times."""
    around = _anything([each for each in every if each != slot])
    return rf"({around}\{{{slot}\}}{around})"


def grammar_of(prompt: Prompt) -> str:
    """Return the grammar of a prompt: its own, else each of its slots once in any order.

    Args:
        prompt: What is written.

    Returns:
        The grammar, in llguidance's Lark dialect.
    """
    return prompt.grammar or slot_grammar(prompt.slots)


class SlotConstraint:
    """Keeps a Hugging Face model to the slots of its prompts.

    The call raises ``MissingExtraError`` if ``llguidance`` is not installed.

    Args:
        tokenizer: A fast tokenizer of the model.
        vocabulary_size: Columns of the model's logits.
        end_tokens: Tokens that end an answer.

    Raises:
        GenerationError: If llguidance cannot read the tokenizer.
    """

    def __init__(self, tokenizer: Any, *, vocabulary_size: int, end_tokens: Sequence[int]) -> None:
        with MissingExtraError.unless_installed("constrained decoding", "lm"):
            import llguidance
            import llguidance.hf
        try:
            self._tokenizer = llguidance.hf.from_tokenizer(
                tokenizer, n_vocab=vocabulary_size, eos_token=list(end_tokens)
            )
        except (ValueError, TypeError, AttributeError) as error:
            raise GenerationError(
                f"the tokenizer cannot be constrained ({error}) but a fast one is needed. Load tokenizer.json.",
                is_retryable=False,
            ) from error
        self.vocabulary_size = vocabulary_size
        self.end_tokens = tuple(end_tokens)
        self._open = lru_cache(maxsize=_MAX_GRAMMARS)(self._matcher)

    @classmethod
    def of_model(cls, model: Any, tokenizer: Any) -> SlotConstraint:
        """Return the constraint for a model and its tokenizer.

        Args:
            model: A Hugging Face causal language model.
            tokenizer: Its tokenizer.

        Returns:
            The constraint.
        """
        ends = model.generation_config.eos_token_id or tokenizer.eos_token_id
        return cls(
            tokenizer,
            vocabulary_size=model.get_output_embeddings().weight.shape[0],
            end_tokens=ends if isinstance(ends, list) else [ends],
        )

    def matcher(self, prompt: Prompt) -> Any:
        """Return a fresh llguidance matcher for a prompt.

        Args:
            prompt: What is written.

        Returns:
            An ``LLMatcher`` of the prompt's grammar. If it has none, or one that is too large, each of its slots stands
            once, in any order.
        """
        try:
            return self._open(grammar_of(prompt)).deep_copy()
        except GenerationError:
            return self._open(slot_grammar(prompt.slots)).deep_copy()

    def processor(self, prompts: Sequence[Prompt], *, n_candidates: int) -> SlotProcessor:
        """Return a logits processor for one call of ``generate``.

        Args:
            prompts: What is written; each gives ``n_candidates`` rows in turn.
            n_candidates: Drafts for each prompt.

        Returns:
            A logits processor.
        """
        rows = [self.matcher(prompt) for prompt in prompts for _ in range(n_candidates)]
        return SlotProcessor(rows, vocabulary_size=self.vocabulary_size, end_tokens=self.end_tokens)

    def _matcher(self, grammar: str) -> Any:
        import llguidance

        matcher = llguidance.LLMatcher(
            self._tokenizer, grammar, log_level=0, limits=llguidance.LLParserLimits(**LIMITS)
        )
        if matcher.is_error():
            raise GenerationError(
                f"the grammar {grammar[:80]!r} cannot be used ({matcher.get_error()}).", is_retryable=False
            )
        return matcher


class SlotProcessor:
    """A logits processor of ``transformers``: tokens that leave the grammar get no probability.

    Args:
        matchers: One for each row of the batch.
        vocabulary_size: Columns of the logits.
        end_tokens: Tokens that end an answer.
    """

    def __init__(self, matchers: Sequence[Any], *, vocabulary_size: int, end_tokens: Sequence[int]) -> None:
        self._matchers = list(matchers)
        self._ends = list(end_tokens)
        self._words = np.zeros((len(self._matchers), (vocabulary_size + 31) // 32), dtype=np.int32)
        self._length: int | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores with everything outside the grammar at minus infinity.

        Args:
            input_ids: Tokens so far, shape ``(rows, length)``; the first call sees the prompts alone.
            scores: Logits of the next token, shape ``(rows, vocabulary)``.

        Returns:
            Logits of the same shape.

        Raises:
            GenerationError: If the batch is not the one that the processor was made for.
        """
        import torch

        if len(self._matchers) != scores.shape[0]:
            raise GenerationError(
                f"the batch has {scores.shape[0]} rows but the processor was made for {len(self._matchers)}. "
                "Make one for each call.",
                is_retryable=False,
            )
        start = input_ids.shape[1] if self._length is None else self._length
        written = input_ids[:, start:].tolist()
        self._length = input_ids.shape[1]
        for row, matcher in enumerate(self._matchers):
            self._read(row, matcher, written[row])
        bits = np.unpackbits(self._words.view(np.uint8), axis=1, bitorder="little")[:, : scores.shape[1]]
        allowed = torch.from_numpy(bits.astype(bool)).to(scores.device)
        return scores.masked_fill(~allowed, float("-inf"))

    def _read(self, row: int, matcher: Any, tokens: Sequence[int]) -> None:
        """Let a matcher read its new tokens and write its mask; a finished row may only end."""
        words = self._words[row]
        is_going = not matcher.is_stopped() and all(matcher.consume_token(token) for token in tokens)
        if is_going and not matcher.is_stopped():
            matcher.unsafe_compute_mask_ptr(words.ctypes.data, words.nbytes)
            return
        words[:] = 0
        for end in self._ends:
            words.view(np.uint32)[end // 32] |= np.uint32(1 << (end % 32))
