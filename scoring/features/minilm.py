"""The sentence encoder all-MiniLM-L6-v2, from its weights alone.

The libraries that read any model take 0.3 GB of memory and six seconds, in each process that answers conversations.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

if TYPE_CHECKING:
    import numpy.typing as npt

N_LAYERS: Final = 6
N_HEADS: Final = 12
EPS: Final = 1e-12
"""Of the layer norms, as in the model's ``config.json``."""

BATCH: Final = 256


class MiniLM:
    """Encodes sentences: BERT, the mean of its last layer, and unit length.

    Source: Wang et al. (2020), arXiv:2002.10957; Reimers & Gurevych (2019), arXiv:1908.10084.

    Args:
        folder: Holds ``model.safetensors`` and ``tokenizer.json``.
        most_tokens: Tokens of a sentence that are read.
    """

    def __init__(self, folder: str, most_tokens: int) -> None:
        self._weights = load_file(Path(folder) / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        self._tokenizer.enable_truncation(most_tokens)
        self._tokenizer.enable_padding()

    @torch.inference_mode()
    def encode(self, sentences: list[str]) -> npt.NDArray[np.float32]:
        """Return the embeddings of sentences, shape ``(n, 384)``."""
        found = np.empty((len(sentences), self._weights["embeddings.LayerNorm.bias"].numel()), dtype=np.float32)
        by_length = sorted(range(len(sentences)), key=lambda row: len(sentences[row]))
        for start in range(0, len(sentences), BATCH):
            rows = by_length[start : start + BATCH]
            tokens = self._tokenizer.encode_batch([sentences[row] for row in rows])
            is_token = torch.tensor([each.attention_mask for each in tokens], dtype=torch.bool)  # (n, length)
            last = self._last_layer(torch.tensor([each.ids for each in tokens]), is_token)
            found[rows] = normalize((last * is_token[..., None]).sum(1) / is_token.sum(1, keepdim=True)).numpy()
        return found

    def _last_layer(self, ids: torch.Tensor, is_token: torch.Tensor) -> torch.Tensor:
        """Return BERT's last layer, shape ``(n, length, d)``."""
        embedding = "embeddings.{}_embeddings.weight".format
        words, places, types = (self._weights[embedding(name)] for name in ("word", "position", "token_type"))
        x = self._norm("embeddings", words[ids] + places[: ids.shape[1]] + types[0])
        for number in range(N_LAYERS):
            layer = f"encoder.layer.{number}"
            heads = (self._linear(f"{layer}.attention.self.{name}", x) for name in ("query", "key", "value"))
            q, k, v = (each.view(*ids.shape, N_HEADS, -1).transpose(1, 2) for each in heads)
            seen = scaled_dot_product_attention(q, k, v, attn_mask=is_token[:, None, None])
            seen = self._linear(f"{layer}.attention.output.dense", seen.transpose(1, 2).flatten(2))
            x = self._norm(f"{layer}.attention.output", x + seen)
            wide = gelu(self._linear(f"{layer}.intermediate.dense", x))
            x = self._norm(f"{layer}.output", x + self._linear(f"{layer}.output.dense", wide))
        return x

    def _linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        weight, bias = (self._weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return layer_norm(x, weight.shape, weight, bias, EPS)
