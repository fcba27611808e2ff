"""Verified sentences a second of ``transformers`` on one GPU in bfloat16, by batch size.

python benchmarks/gpu/writing.py [--language-model auto] [--device cuda] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import torch
from report import Section

from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.transformers_generator import TransformersGenerator
from llm_explain.generation.weights import is_tuned
from llm_explain.text.lexicon import load_lexicon

KINDS = (("repeat_item",), ("due", "promotion"), ("category_affinity",), ("related_category", "season"))
BATCHES = (1, 8, 32, 128, 512)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language-model", default="auto")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="two small batches: whether it runs, not how fast")
    given = parser.parse_args()
    torch.set_num_threads(1)
    section = Section(given.out, "gpu-writing", "Sentences written on one GPU")
    rows = []
    for is_constrained in (False, True):
        generator = TransformersGenerator.load(given.language_model, device=given.device, is_constrained=is_constrained)
        if given.quick:
            generator.max_new_tokens = 8
        source = ModelSource(lambda g=generator: g, load_lexicon("en"), is_tuned=is_tuned(given.language_model))  # type: ignore[misc]
        for batch in (1, 2) if given.quick else BATCHES:
            prompts = [source.prompt_builder.prompts(KINDS[n % 4], "friendly", n + 1)[-1] for n in range(batch)]
            if not given.quick:
                source.write(prompts, seed=0)  # compiles and fills caches
            began = time.perf_counter()
            accepted = source.write(prompts, seed=1)
            spent = time.perf_counter() - began
            grammar = "yes" if is_constrained else "no"
            rows.append([str(batch), grammar, f"{spent:.2f}", f"{batch / spent:.1f}", f"{len(accepted) / spent:.1f}"])
    device = torch.cuda.get_device_name() if given.device == "cuda" else "CPU, one thread"
    section.say(f"{generator.name} on {device}{', 8 tokens only' * given.quick}.")
    section.table(["batch", "grammar", "seconds", "drafts a second", "verified sentences a second"], rows)
    section.write()


if __name__ == "__main__":
    main()
