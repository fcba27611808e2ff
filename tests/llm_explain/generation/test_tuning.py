"""Tuning, on a model of random weights: an adapter, its record, its curves; the same for the same seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from tiny import tiny_model, tiny_tokenizer

from llm_explain.errors import GenerationError, SettingError
from llm_explain.generation import tuning
from llm_explain.generation.transformers_generator import TransformersGenerator
from llm_explain.generation.tuning import TuningConfig, tune, tune_on
from llm_explain.generation.weights import file_hash
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon

pytest.importorskip("peft", reason="tuning needs the extra lm")

CONFIG = TuningConfig(rank=2, epochs=0.02, composed_each=0)


def trained(base: Path, out: Path, start: Path | None = None) -> dict[str, object]:
    return tune_on(
        tiny_model(), tiny_tokenizer(), read_corpus(load_lexicon("en")), load_lexicon("en"), out,
        base_model=str(base), start=start, config=CONFIG, progress=lambda what, done, total: None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    tiny_model().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that the tests share: training takes most of their time."""
    folder = tmp_path_factory.mktemp("tuned") / "adapter"
    record = trained(base, folder)
    written = json.loads((folder / "tuning.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(record))
    return folder


def test_an_adapter_is_written_with_its_record_and_loads(adapter: Path) -> None:
    written = json.loads((adapter / "tuning.json").read_text(encoding="utf-8"))
    assert written["lines"]["held_out"] > 0
    assert written["went_on_from"] is None
    assert (adapter / "tuning.png").stat().st_size > 1000
    assert not (adapter / "README.md").exists()
    generator = TransformersGenerator.load(str(adapter), device="cpu")
    assert "+adapter@sha256:" in generator.name


def test_the_same_seed_gives_the_same_adapter(base: Path, adapter: Path, tmp_path: Path) -> None:
    trained(base, tmp_path / "again")
    first, second = (load_file(folder / "adapter_model.safetensors") for folder in (adapter, tmp_path / "again"))
    assert first.keys() == second.keys()
    assert all((first[key] == second[key]).all() for key in first)


def test_training_goes_on_from_an_adapter_and_holds_out_the_same(base: Path, adapter: Path, tmp_path: Path) -> None:
    start = shutil.copytree(adapter, tmp_path / "first")
    first = json.loads((start / "tuning.json").read_text(encoding="utf-8"))
    changed = {**first, "held_out_combinations": [["popular", "promotion"]]}
    (start / "tuning.json").write_text(json.dumps(changed), encoding="utf-8")
    second = trained(base, tmp_path / "second", start=start)
    assert second["held_out_combinations"] == [["popular", "promotion"]]
    assert json.loads(json.dumps(second["went_on_from"])) == {
        "adapter": file_hash(start / "adapter_model.safetensors"),
        **{key: first[key] for key in ("corpus", "lines", "config", "seconds")},
    }
    weights = [load_file(folder / "adapter_model.safetensors") for folder in (start, tmp_path / "second")]
    moved = [abs(weights[1][key].astype("f4") - weights[0][key].astype("f4")).max() for key in weights[0]]
    assert 0 < max(moved) < 0.1


def test_an_adapter_is_no_base(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"is an adapter already but a base model is needed"):
        tune(tmp_path / "again", language_model=str(adapter), progress=lambda what, done, total: None)


def test_a_base_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match=r"(?s)cannot be loaded .* causal language model is needed"):
        tune(tmp_path / "out", language_model="/no such/model", progress=lambda what, done, total: None)


@pytest.mark.parametrize("is_half", [True, False])
def test_a_cpu_may_train_in_half_precision(tmp_path, monkeypatch, is_half):
    monkeypatch.setattr(tuning, "_is_half_faster", lambda: is_half)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    found = tuning._arguments(tmp_path, tuning.TuningConfig(), n_lines=8)
    assert found.bf16 is is_half
    assert found.use_cpu
