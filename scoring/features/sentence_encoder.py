"""The packaged sentence encoder: a BERT model whose weights stay in their file.

It gives what ``sentence_transformers`` gives, whose import alone takes 0.2 GB and seconds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

BATCH: Final = 32
"""Texts that one pass encodes."""

_NAMES: Final = {
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
"""Name of each part of a BERT layer in PyTorch's layer."""


class SentenceEncoder:
    """Encodes texts: the mean of the last layer's vectors, at unit length.

    Args:
        folder: Folder with ``config.json``, ``tokenizer.json`` and ``model.safetensors`` of a BERT model.
        most_tokens: Tokens of a text that are read.
    """

    def __init__(self, folder: Path, *, most_tokens: int = 32) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(most_tokens)
        self._tokenizer.enable_padding()
        with safe_open(folder / "model.safetensors", "pt") as tensors:
            weights = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118  it is no mapping
        self._words = weights["embeddings.word_embeddings.weight"]
        places = weights["embeddings.position_embeddings.weight"][:most_tokens]
        self._places = places + weights["embeddings.token_type_embeddings.weight"][0]
        with torch.device("meta"):
            layer = nn.TransformerEncoderLayer(
                config["hidden_size"],
                config["num_attention_heads"],
                config["intermediate_size"],
                dropout=0.0,
                activation=config["hidden_act"],
                layer_norm_eps=config["layer_norm_eps"],
                batch_first=True,
            )
            self._layers = nn.TransformerEncoder(layer, config["num_hidden_layers"], enable_nested_tensor=False)
            self._norm = nn.LayerNorm(config["hidden_size"], eps=config["layer_norm_eps"])
        for number, each in enumerate(self._layers.layers):
            each.load_state_dict(_layer(weights, f"encoder.layer.{number}."), assign=True)
        norm = {name: weights[f"embeddings.LayerNorm.{name}"] for name in ("weight", "bias")}
        self._norm.load_state_dict(norm, assign=True)
        self._layers.eval()

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the embeddings of texts, shape ``(n_texts, d)``.

        Args:
            texts: Texts.

        Returns:
            Rows of unit length.
        """
        found = np.empty((len(texts), self._words.shape[1]), dtype=np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")  # texts of a like length are padded least
        for start in range(0, len(texts), BATCH):
            rows = order[start : start + BATCH]
            read = self._tokenizer.encode_batch([texts[row] for row in rows])
            tokens = torch.tensor([each.ids for each in read])
            is_read = torch.tensor([each.attention_mask for each in read], dtype=torch.bool)
            vectors = self._norm(self._words[tokens] + self._places[: tokens.shape[1]])  # (n, n_tokens, d)
            vectors = self._layers(vectors, src_key_padding_mask=~is_read)
            means = (vectors * is_read[..., None]).sum(dim=1)
            found[rows] = nn.functional.normalize(means, dim=1).numpy()
        return found


def _layer(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the weights of one layer under the names of PyTorch's layer."""
    found = {}
    for kind in ("weight", "bias"):
        own = [weights[f"{prefix}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
        found[f"self_attn.in_proj_{kind}"] = torch.cat(own)
        found |= {f"{other}.{kind}": weights[f"{prefix}{name}.{kind}"] for name, other in _NAMES.items()}
    return found
