"""A GGUF model by llama.cpp, in this process and behind its own HTTP server; needs the packaged weights."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from conformance import PROMPTS, GeneratorConformance

pytest.importorskip("xllamacpp", reason="llama.cpp needs the extra llamacpp")

from llm_explain.errors import GenerationError
from llm_explain.generation.llamacpp_generator import LlamaCppGenerator
from llm_explain.generation.openai_generator import OpenAIGenerator


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match=r"no\.gguf is missing but a GGUF file is needed") as caught:
        LlamaCppGenerator(tmp_path / "no.gguf")
    assert not caught.value.is_retryable


@pytest.fixture(scope="module")
def served() -> LlamaCppGenerator:
    return LlamaCppGenerator.load(n_threads=1, n_parallel=4, max_new_tokens=12)


@pytest.mark.slow
class TestLlamaCpp(GeneratorConformance):
    @pytest.fixture
    def generator(self, served: LlamaCppGenerator) -> LlamaCppGenerator:
        return served


@pytest.mark.slow
class TestLlamaCppOverHttp(GeneratorConformance):
    """The same model behind llama.cpp's own server."""

    @pytest.fixture
    def generator(self, served: LlamaCppGenerator) -> OpenAIGenerator:
        return OpenAIGenerator(served.base_url, "smollm2", max_new_tokens=12)


@pytest.mark.slow
def test_constrained_drafts_have_no_slot_twice_and_none_invented() -> None:
    generator = LlamaCppGenerator.load(n_threads=1, n_parallel=4, is_constrained=True)
    answers = generator.generate(PROMPTS, n_candidates=4, seed=1, deadline=time.monotonic() + 120)
    for prompt, drafts in zip(PROMPTS, answers, strict=True):
        for draft in drafts:
            counts = Counter(re.findall(r"\{([a-z_]+)\}", draft.text))
            assert set(counts) <= set(prompt.slots)
            assert not counts or max(counts.values()) == 1
            if draft.is_complete:
                assert counts == dict.fromkeys(prompt.slots, 1)
