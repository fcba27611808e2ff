"""The nucleus against the three steps of transformers that it stands for, and codes against independent draws."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from llm_explain.generation.sampling import ArithmeticSampler, Nucleus

_EVERYTHING = Nucleus(temperature=1.0, top_p=1.0)


def _probabilities(nucleus, scores):
    tokens, shares = nucleus.shares(scores)
    return torch.zeros(scores.shape, dtype=torch.float64).scatter(1, tokens, shares)


def _sentences(sampler, shares, n_words):
    """Return the row's words, each drawn from the same probabilities."""
    scores = torch.log(torch.tensor(shares)).repeat(n_words[0], 1)
    words = [sampler(None, scores).argmax(dim=1).tolist() for _ in range(n_words[1])]
    return list(zip(*words, strict=True))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("top_p", [0.1, 0.9, 1.0])
@pytest.mark.parametrize("top_k", [1, 20, 1000])
def test_the_nucleus_keeps_what_temperature_top_k_and_top_p_keep(temperature, top_p, top_k):
    scores = torch.randn(8, 300, generator=torch.manual_seed(0)) * 3
    scores[0, 5:] = float("-inf")  # a grammar that allows five tokens
    expected = TemperatureLogitsWarper(temperature)(None, scores)
    expected = TopKLogitsWarper(top_k)(None, expected)
    if top_p < 1:
        expected = TopPLogitsWarper(top_p)(None, expected)
    found = _probabilities(Nucleus(temperature, top_p, top_k), scores)
    torch.testing.assert_close(found, expected.double().softmax(dim=1))


def test_the_nucleus_by_hand():
    scores = torch.log(torch.tensor([[0.1, 0.6, 0.3]]))
    found = _probabilities(Nucleus(temperature=1.0, top_p=0.7), scores)
    assert found[0].tolist() == pytest.approx([0, 2 / 3, 1 / 3])  # 0.6 alone is less than 0.7


@pytest.mark.parametrize("n", [2, 7, 64])
def test_no_sentence_is_written_more_often_than_its_probability_says(n):
    shares = [0.5, 0.3, 0.2]
    written = Counter(_sentences(ArithmeticSampler(_EVERYTHING, ["one"] * n, seed=n), shares, (n, 3)))
    for words in product(range(3), repeat=3):
        expected = n * shares[words[0]] * shares[words[1]] * shares[words[2]]
        assert abs(written[words] - expected) <= 1, (words, expected)


def test_each_row_alone_is_drawn_from_the_probabilities():
    shares = [0.5, 0.3, 0.2]
    rows = list(range(4000))  # drafts of different prompts know nothing of one another
    written = Counter(word for (word,) in _sentences(ArithmeticSampler(_EVERYTHING, rows, seed=0), shares, (4000, 1)))
    assert [written[word] / 4000 for word in range(3)] == pytest.approx(shares, abs=0.03)


def test_chance_does_not_run_out_in_a_long_sentence():
    shares = [0.5, 0.5]
    written = _sentences(ArithmeticSampler(_EVERYTHING, ["one"] * 100, seed=0), shares, (100, 400))
    late = [word for sentence in written for word in sentence[300:]]
    assert sum(late) / len(late) == pytest.approx(0.5, abs=0.03)
    assert len({sentence[300:] for sentence in written}) == 100


def test_a_grammar_that_allows_one_token_gets_it():
    scores = torch.full((3, 9), float("-inf"))
    scores[:, 4] = -7.0
    sampler = ArithmeticSampler(Nucleus(temperature=0.7, top_p=0.9), ["a", "a", "b"], seed=1)
    assert sampler(None, scores).argmax(dim=1).tolist() == [4, 4, 4]


def test_the_same_seed_draws_the_same():
    def draw(seed):
        return _sentences(ArithmeticSampler(_EVERYTHING, ["a"] * 5, seed=seed), [0.1] * 10, (5, 6))

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)
