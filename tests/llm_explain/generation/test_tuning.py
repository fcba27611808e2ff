"""Tuning, on a model of random weights: an adapter, its record, its curves; the same for the same seed."""

from __future__ import annotations

import json
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


def test_an_adapter_is_written_with_its_record_and_loads(base: Path, tmp_path: Path) -> None:
    record = trained(base, tmp_path / "adapter")
    written = json.loads((tmp_path / "adapter" / "tuning.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(record))
    assert written["lines"]["held_out"] > 0
    assert (tmp_path / "adapter" / "tuning.png").stat().st_size > 1000
    assert not (tmp_path / "adapter" / "README.md").exists()
    generator = TransformersGenerator.load(str(tmp_path / "adapter"), device="cpu")
    assert "+adapter@sha256:" in generator.name


def test_the_same_seed_gives_the_same_adapter(base: Path, tmp_path: Path) -> None:
    first, second = (
        load_file(tmp_path / name / "adapter_model.safetensors")
        for name in ("a", "b")
        if trained(base, tmp_path / name)
    )
    assert first.keys() == second.keys()
    assert all((first[key] == second[key]).all() for key in first)


def test_training_goes_on_from_an_adapter_and_holds_out_the_same(base: Path, tmp_path: Path) -> None:
    first = trained(base, tmp_path / "first")
    record_file = tmp_path / "first" / "tuning.json"
    record_file.write_text(json.dumps({**first, "held_out_combinations": [["popular", "promotion"]]}), encoding="utf-8")
    second = trained(base, tmp_path / "second", start=tmp_path / "first")
    assert second["held_out_combinations"] == [["popular", "promotion"]]
    assert first["went_on_from"] is None
    assert second["went_on_from"] == {
        "adapter": file_hash(tmp_path / "first" / "adapter_model.safetensors"),
        **{key: first[key] for key in ("corpus", "lines", "config", "seconds")},
    }
    weights = [load_file(tmp_path / name / "adapter_model.safetensors") for name in ("first", "second")]
    moved = [abs(weights[1][key].astype("f4") - weights[0][key].astype("f4")).max() for key in weights[0]]
    assert 0 < max(moved) < 0.1


def test_an_adapter_is_no_base(base: Path, tmp_path: Path) -> None:
    trained(base, tmp_path / "adapter")
    with pytest.raises(SettingError, match=r"is an adapter already but a base model is needed"):
        tune(tmp_path / "again", language_model=str(tmp_path / "adapter"), progress=lambda what, done, total: None)


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
