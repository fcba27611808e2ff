"""A LoRA adapter merged into a GGUF file, so that llama.cpp writes with the tuned model; made once and kept.

The changed matrices are stored with eight bits (Q8_0), the others as they were. GGUF keeps the rows of the query and
key matrices of Llama models in another order than Hugging Face does; the changes are put in that order first.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from llm_explain.errors import ArtifactError, MissingExtraError
from llm_explain.generation.weights import cache_folder, file_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

Matrix = npt.NDArray[np.float32]

_NAMES: Final = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
_PERMUTED: Final = {"attn_q": "attention.head_count", "attn_k": "attention.head_count_kv"}
_OWN_FIELDS: Final = "GGUF."


def merged_gguf(gguf: Path, adapter: Path, cache: Path | None = None) -> Path:
    """Return a GGUF file of a model with an adapter merged in.

    The call raises ``MissingExtraError`` if ``gguf`` is not installed.

    Args:
        gguf: The base model.
        adapter: Folder of the adapter.
        cache: Folder to keep the file in; the user's cache if not given.

    Returns:
        The file.
    """
    with MissingExtraError.unless_installed("merging an adapter", "lm"):
        import gguf as library
    hashes = "-".join(file_hash(file)[7:19] for file in (gguf, adapter / "adapter_model.safetensors"))
    merged = (cache or cache_folder()) / f"{gguf.stem}+{adapter.name}@{hashes}.gguf"
    if merged.is_file():
        return merged
    merged.parent.mkdir(parents=True, exist_ok=True)
    reader = library.GGUFReader(gguf)
    changes = _changes(adapter, reader)
    with tempfile.TemporaryDirectory(dir=merged.parent) as folder:
        draft = Path(folder) / merged.name
        _write(library, reader, changes, draft)
        draft.replace(merged)
    return merged


def _changes(adapter: Path, reader: Any) -> dict[str, Matrix]:
    """Return what is added to each tensor, by its GGUF name, shape ``(n_out, n_in)``."""
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    scale = config["lora_alpha"] / config["r"]
    weights = load_file(adapter / "adapter_model.safetensors")
    shapes = {tensor.name: tuple(int(size) for size in reversed(tensor.shape)) for tensor in reader.tensors}
    changes: dict[str, Matrix] = {}
    for key in (key for key in weights if key.endswith("lora_A.weight")):
        name = _gguf_name(key)
        low, high = (weights[each].astype(np.float32) for each in (key, key.replace("lora_A", "lora_B")))
        change: Matrix = scale * (high @ low)
        if shapes.get(name) != change.shape:
            raise ArtifactError(
                f"{adapter} changes {name} of shape {change.shape} but the model has {shapes.get(name)}. "
                "Tune on the same base model."
            )
        changes[name] = _in_gguf_order(change, name, reader)
    return changes


def _gguf_name(key: str) -> str:
    layer, _, rest = key.partition("layers.")[2].partition(".")
    return f"blk.{layer}.{_NAMES[rest.removesuffix('.lora_A.weight')]}.weight"


def _in_gguf_order(change: Matrix, name: str, reader: Any) -> Matrix:
    heads = _PERMUTED.get(name.split(".")[2])
    if heads is None:
        return change
    n_heads = int(reader.fields[f"{reader.fields['general.architecture'].contents()}.{heads}"].contents())
    n_out, n_in = change.shape
    return change.reshape(n_heads, 2, n_out // n_heads // 2, n_in).swapaxes(1, 2).reshape(n_out, n_in)


def _write(library: Any, reader: Any, changes: Mapping[str, Matrix], path: Path) -> None:
    """Write all fields and tensors, with the changes added."""
    writer = library.GGUFWriter(path, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        if not field.name.startswith(_OWN_FIELDS) and field.name != "general.architecture":
            kind, *rest = field.types
            writer.add_key_value(field.name, field.contents(), kind, sub_type=rest[-1] if rest else None)
    eight_bits = library.GGMLQuantizationType.Q8_0
    for tensor in reader.tensors:
        if tensor.name not in changes:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
            continue
        merged = library.quants.dequantize(tensor.data, tensor.tensor_type) + changes[tensor.name]
        writer.add_tensor(tensor.name, library.quants.quantize(merged, eight_bits), raw_dtype=eight_bits)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
