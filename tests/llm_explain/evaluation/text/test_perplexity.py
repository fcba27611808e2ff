"""Perplexity under a model that can be worked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from llm_explain.evaluation.text.perplexity import Perplexity


class Uniform(torch.nn.Module):
    """Gives each of eight tokens the same probability, whatever came before."""

    def forward(self, input_ids, attention_mask):
        return SimpleNamespace(logits=torch.zeros((*input_ids.shape, 8)))


class Letters:
    """One token a letter."""

    bos_token, eos_token, pad_token, pad_token_id, padding_side = "^", "^", "_", 0, "right"

    def __call__(self, texts, return_tensors, padding):
        longest = max(map(len, texts))
        rows = [[ord(letter) % 7 + 1 for letter in text] + [0] * (longest - len(text)) for text in texts]
        ids = torch.tensor(rows)
        return {"input_ids": ids, "attention_mask": (ids > 0).long()}


def test_a_model_that_knows_nothing():
    # Each of the letters after the start costs ln 8, so the perplexity is 8 whatever the length; padding costs nothing.
    measure = Perplexity(Uniform(), Letters())
    assert measure.losses(["ab", "abcd"]) == [(pytest.approx(2 * 2.0794415), 2), (pytest.approx(4 * 2.0794415), 4)]
    assert measure.of(["ab", "abcd"]) == {"corpus": pytest.approx(8.0), "median": pytest.approx(8.0)}
