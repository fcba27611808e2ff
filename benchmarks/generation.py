"""Sentences a second and latency of each backend beside one-by-one ``generate``, in one run.

Run: python benchmarks/generation.py [--quick] [--threads N]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from report import Section

from llm_explain.errors import MissingExtraError
from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.transformers_generator import TransformersGenerator
from llm_explain.text.lexicon import load_lexicon

if TYPE_CHECKING:
    from llm_explain.generation.generator import Generator
    from llm_explain.generation.prompt_template import Prompt

KINDS = (("repeat_item",), ("due", "promotion"), ("category_affinity",), ("related_category", "season"))
CANDIDATES = 4
NEW_TOKENS = 32


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one repetition, and batches of 1 and 8 only")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    batches, repetitions = ((1, 8), 1) if options.quick else ((1, 8, 32), 3)
    source = ModelSource(lambda: backends[0][1], load_lexicon("en"))
    prompts = [source.prompt_builder.prompts(kinds, "friendly", 1)[0] for kinds in KINDS]
    section = Section(options.out, "generation", "How fast a language model drafts")
    backends = _backends(options.threads, section)
    for _, generator in backends:  # first calls compile and fill prompt caches; what is measured is a running service
        generator.generate(prompts, n_candidates=1)
    naive = _naive(backends[0][1], prompts)
    rows = [["transformers, one by one", "1", f"{naive:.2f}", f"{1 / naive:.2f}", "1.0"]]
    for label, generator in backends:
        for batch in batches:
            seconds = statistics.median(_seconds(generator, prompts, batch, seed) for seed in range(repetitions))
            rate = batch / seconds
            rows.append([label, str(batch), f"{seconds:.2f}", f"{rate:.2f}", f"{rate * naive:.1f}"])
    section.say(
        f"SmolLM2-135M, drafts of {NEW_TOKENS} tokens at most before verification, {options.threads} thread(s), "
        f"{torch.cuda.device_count()} GPU(s)."
    )
    section.table(["backend", "batch", "latency, s", "drafts/s", "beside one by one"], rows)
    section.write()


def _backends(threads: int, section: Section) -> list[tuple[str, Generator]]:
    model = TransformersGenerator.load("auto")
    model.max_new_tokens = NEW_TOKENS
    found: list[tuple[str, Generator]] = [("transformers", model)]
    try:
        from llm_explain.generation.llamacpp_generator import LlamaCppGenerator
        from llm_explain.generation.openai_generator import OpenAIGenerator

        local = LlamaCppGenerator.load(n_threads=threads, max_new_tokens=NEW_TOKENS)
        found.append(("llama.cpp", local))
        found.append(("llama.cpp over HTTP", OpenAIGenerator(local.base_url, "auto", max_new_tokens=NEW_TOKENS)))
        bound = LlamaCppGenerator.load(n_threads=threads, max_new_tokens=NEW_TOKENS, is_constrained=True)
        found.append(("llama.cpp, slots constrained", bound))
    except MissingExtraError as error:
        section.say(f"Left out: {error}")
    return found


def _naive(generator: Generator, prompts: list[Prompt]) -> float:
    """Return the seconds of one sentence when each is written alone."""
    started = time.perf_counter()
    for prompt in prompts:
        generator.generate([prompt], n_candidates=1)
    return (time.perf_counter() - started) / len(prompts)


def _seconds(generator: Generator, prompts: list[Prompt], batch: int, seed: int) -> float:
    """Return the seconds of a batch: up to four candidates for each prompt, as the writer asks."""
    n_candidates = min(batch, CANDIDATES)
    chosen = [prompts[index % len(prompts)] for index in range(batch // n_candidates)]
    started = time.perf_counter()
    drafts = generator.generate(chosen, n_candidates=n_candidates, seed=seed + 1)
    seconds = time.perf_counter() - started
    if sum(map(len, drafts)) != batch:
        raise SystemExit(f"{sum(map(len, drafts))} drafts came but {batch} were asked for.")
    return seconds


if __name__ == "__main__":
    main()
