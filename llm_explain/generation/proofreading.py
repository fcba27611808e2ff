"""The verifier reads along: a token after which every continuation would be refused gets no probability, nor does a
full stop behind a sentence that it refuses, so that the model goes on and mends it if it can.

A grammar bars what a regular expression over slots and words can say. What depends on a whole clause, such as a
statement that no claim makes, is beyond the work that a grammar may take, but is cheap to ask of a few words.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from llm_explain.text.lexicon import load_lexicon
from llm_explain.verifier import SkeletonVerifier, UnfinishedVerifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.generation.sampling import Nucleus

_MOST_READ = 400
"""How many of the likeliest tokens are read before a draft is given up."""


@cache
def _verifiers(locale: str) -> tuple[UnfinishedVerifier, SkeletonVerifier]:
    """Return the verifiers of a locale's sentences, one of each for the process."""
    lexicon = load_lexicon(locale)
    return UnfinishedVerifier(lexicon), SkeletonVerifier(lexicon)


class Proofreader:
    """A logits processor of ``transformers`` that bars tokens which the locale's verifier could never accept.

    A draft that no continuation can correct ends at once, so that it costs no more; the verifier then refuses it.

    Args:
        tokenizer: Tokenizer of the model.
        nucleus: What is sampled from: its tokens are read, and others only where none of them is left.
        rows: The prompt of each row of the batch.
    """

    def __init__(self, tokenizer: Any, nucleus: Nucleus, rows: Sequence[Prompt]) -> None:
        self._tokenizer = tokenizer
        self._nucleus = nucleus
        self._rows = rows
        self._start: int | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores with every token of the nucleus that loses the sentence at minus infinity.

        Args:
            input_ids: Tokens so far, shape ``(rows, length)``; the first call sees the prompts alone.
            scores: Logits of the next token, shape ``(rows, vocabulary)``.

        Returns:
            Logits of the same shape.
        """
        if self._start is None:
            self._start = input_ids.shape[1]
        written = input_ids[:, self._start :].tolist()
        scores = scores.clone()
        waiting = [row for row, prompt in enumerate(self._rows) if prompt.locale]
        read: list[set[int]] = [set() for _ in self._rows]
        while waiting:
            tokens, shares = self._nucleus.shares(scores[waiting])
            likely = [best[share > 0].tolist() for best, share in zip(tokens, shares, strict=True)]
            again = []
            for row, best in zip(waiting, likely, strict=True):
                lost = [token for token in best if token not in read[row] and self._is_lost(row, written[row], token)]
                read[row].update(best)
                scores[row, lost] = float("-inf")
                if len(read[row]) > _MOST_READ or not scores[row].isfinite().any():
                    scores[row] = float("-inf")
                    scores[row, self._tokenizer.eos_token_id] = 0.0
                elif lost:
                    again.append(row)
            waiting = again
        return scores

    def _is_lost(self, row: int, written: list[int], token: int) -> bool:
        prompt = self._rows[row]
        text = self._tokenizer.decode([*written, token], skip_special_tokens=True)
        unfinished, finished = _verifiers(prompt.locale)
        if prompt.grammar and finished.wording.form["ends"].search(text):  # the grammar of a brief allows one sentence
            return bool(finished.check(text, prompt.kinds).faults)
        return unfinished.is_lost(text, frozenset(prompt.kinds), prompt.slots)
