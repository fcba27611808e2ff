"""The nucleus against the three steps of transformers that it stands for."""

from __future__ import annotations

import pytest
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from llm_explain.generation.nucleus import Nucleus


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("top_p", [0.1, 0.9, 1.0])
@pytest.mark.parametrize("top_k", [1, 20, 1000])
def test_it_keeps_what_temperature_top_k_and_top_p_keep(temperature, top_p, top_k):
    scores = torch.randn(8, 300, generator=torch.manual_seed(0)) * 3
    scores[0, 5:] = float("-inf")  # a grammar that allows five tokens
    expected = TemperatureLogitsWarper(temperature)(None, scores)
    expected = TopKLogitsWarper(top_k)(None, expected)
    if top_p < 1:
        expected = TopPLogitsWarper(top_p)(None, expected)
    assert torch.equal(Nucleus(temperature, top_p, top_k)(None, scores), expected)


def test_by_hand():
    scores = torch.log(torch.tensor([[0.1, 0.6, 0.3]]))
    found = Nucleus(temperature=1.0, top_p=0.7)(None, scores).softmax(dim=1)
    assert found[0].tolist() == pytest.approx([0, 2 / 3, 1 / 3])  # 0.6 alone is less than 0.7
