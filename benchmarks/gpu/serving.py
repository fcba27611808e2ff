"""Verified sentences a second from vLLM, SGLang or any OpenAI-compatible server, by the number of requests at a time.

    vllm serve MODEL --dtype bfloat16 --port 8001 &
    python benchmarks/gpu/serving.py --language-model http://127.0.0.1:8001/v1 [--quick]

With ``--device cpu`` and no URL, the packaged llama.cpp server answers.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from report import Section

from llm_explain.errors import SettingError
from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.openai_generator import OpenAIGenerator
from llm_explain.text.lexicon import load_lexicon

KINDS = (("repeat_item",), ("due", "promotion"), ("category_affinity",), ("related_category", "season"))
CONCURRENCY = (1, 16, 64, 256)


def packaged_server() -> Any:
    """Return a llama.cpp server with the packaged weights, which lives as long as the object."""
    from llm_explain.generation.llamacpp_generator import LlamaCppGenerator

    return LlamaCppGenerator.load("untuned", n_threads=1, n_parallel=2)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language-model", metavar="URL", help="replicas parted by commas, up to /v1")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="few short drafts: whether it runs, not how fast")
    given = parser.parse_args()
    if given.language_model is None and given.device == "cuda":
        raise SettingError(
            "--language-model is missing but a server on the GPU is needed. Start vLLM and give its URL."
        )
    served = packaged_server() if given.language_model is None else None
    url = given.language_model or served.base_url
    section, rows = Section(given.out, "gpu-serving", "Sentences from a server on one GPU"), []
    for concurrency in CONCURRENCY[:2] if given.quick else CONCURRENCY:
        generator = OpenAIGenerator.load(
            url, concurrency=concurrency, timeout=300, **({"max_new_tokens": 8} if given.quick else {})
        )
        source = ModelSource(lambda g=generator: g, load_lexicon("en"))  # type: ignore[misc]
        n_prompts = 2 if given.quick else 16 * concurrency
        prompts = [source.prompt_builder.prompts(KINDS[n % 4], "friendly", n + 1)[-1] for n in range(n_prompts)]
        began = time.perf_counter()
        accepted = source.write(prompts, seed=concurrency)
        spent = time.perf_counter() - began
        rows.append([str(concurrency), str(n_prompts), f"{n_prompts / spent:.1f}", f"{len(accepted) / spent:.1f}"])
    section.say(f"{generator.name}{', 8 tokens only' * given.quick}.")
    section.table(["requests at a time", "drafts", "drafts a second", "verified sentences a second"], rows)
    section.write()


if __name__ == "__main__":
    main()
