"""Title embeddings from word vectors, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from scoring.features import titles
from scoring.features.titles import encode, principal_components

if TYPE_CHECKING:
    from pathlib import Path

VECTORS = np.array([[9.0, 9.0], [3.0, 0.0], [0.0, 4.0]], dtype=np.float32)


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A model whose tokenizer knows two words."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0, "green": 1, "tea": 2}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    save_file({"embeddings.word_embeddings.weight": VECTORS, "other": VECTORS}, tmp_path / "model.safetensors")
    return str(tmp_path)


def test_a_title_is_the_direction_of_the_sum_of_its_words(source: str) -> None:
    found = encode(["tea", "green tea", ""], source, is_static=True)
    # (3, 0) + (0, 4) = (3, 4), of length 5; a title without words has no direction.
    np.testing.assert_allclose(found, [[0.0, 1.0], [0.6, 0.8], [0.0, 0.0]], atol=1e-6)


def test_the_packaged_encoder_is_the_mean_of_berts_last_layer(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same layers by transformers: 6 of 12 heads, with random weights.
    sizes = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 6, "num_attention_heads": 12}
    bert = BertModel(BertConfig(vocab_size=3, layer_norm_eps=1e-12, **sizes)).eval()
    save_file({name: each.numpy() for name, each in bert.state_dict().items()}, f"{source}/model.safetensors")
    monkeypatch.setattr(titles, "weights", lambda _: source)
    found = encode(["green tea", "tea", "green " * 40], source, is_static=False)
    for row, tokens in zip(found, ([1, 2], [2], [1] * titles.MOST_TOKENS), strict=True):
        with torch.no_grad():
            mean = bert(input_ids=torch.tensor([tokens])).last_hidden_state[0].mean(0).numpy()
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=1e-6)


def test_components_place_a_title_by_its_own_words(source: str) -> None:
    embeddings = encode(["tea", "green tea", "green"], source, is_static=True)
    mean, directions = principal_components(embeddings, 2)
    vectors = (embeddings - mean) @ directions
    assert (vectors**2).sum(axis=1).mean() == pytest.approx(1.0)
    np.testing.assert_allclose((encode(["tea"], source, is_static=True) - mean) @ directions, vectors[:1], atol=1e-6)
