"""The sentence encoder gives what the library's BERT gives, with the mean of its vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from scoring.features.sentence_encoder import BATCH, SentenceEncoder

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["[PAD]", "[CLS]", "[SEP]", "?", "green", "tea", "black", "why"]
MOST_TOKENS = 6


def test_the_embedding_is_the_mean_of_the_last_layer(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(3)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24}
    model = transformers.BertModel(transformers.BertConfig(vocab_size=len(WORDS), **sizes)).eval()
    for parameter in model.parameters():  # biases and norms of a new model are 0 and 1, which hides their places
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(tmp_path)
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    texts = ["green tea", "tea", "", "why black tea why green tea why tea", *["black tea"] * BATCH]
    found = SentenceEncoder(tmp_path, most_tokens=MOST_TOKENS).encode(texts)
    tokenizer.enable_truncation(MOST_TOKENS)
    with torch.no_grad():
        for row, text in zip(found, texts, strict=True):
            mean = model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0].mean(dim=0)
            np.testing.assert_allclose(row, (mean / mean.norm()).numpy(), atol=1e-5)
