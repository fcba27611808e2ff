"""How well a tuned language model writes of combinations of claim kinds that it never read: its first drafts."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from llm_explain.claims import ClaimKinds
from llm_explain.generation.prompt_builders import BriefPromptBuilder, ExamplePromptBuilder
from llm_explain.generation.weights import TUNING_RECORD
from llm_explain.text.skeleton import TONES, opening
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm_explain.generation.generator import Generator
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.text.lexicon import Lexicon

_BATCH = 96
_OPENING_WORDS = 4

Kinds = tuple[str, ...]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """What was found.

    Attributes:
        drafts: First drafts, one for each prompt.
        accepted: Those of the tuned model that the verifier accepts.
        accepted_untuned: Those of the model without its adapter, asked for the same with examples.
        distinct: Different texts among the tuned model's drafts.
        top_opening: Share of the most frequent first four words among them.
        faults: How often each fault was found.
        refused: Some refused drafts: text, claim kinds that they were to state, and fault codes.
    """

    drafts: int
    accepted: int
    accepted_untuned: int | None
    distinct: int
    top_opening: float
    faults: dict[str, int]
    refused: tuple[dict[str, object], ...]

    def to_dict(self) -> dict[str, object]:
        """Return the figures, ready for JSON."""
        return {**asdict(self), "refused": list(self.refused)}


def held_out_combinations(adapter: Path) -> list[Kinds]:
    """Return the combinations of kinds that an adapter was not trained on.

    Args:
        adapter: Folder of the adapter with its record.

    Returns:
        Combinations that a sentence may state.
    """
    record = json.loads((adapter / TUNING_RECORD).read_text(encoding="utf-8"))
    spoken = {frozenset(kinds) for kinds in ClaimKinds.installed().every_combination()}
    return [tuple(kinds) for kinds in record["held_out_combinations"] if frozenset(kinds) in spoken]


def check_drafts(
    tuned: Generator,
    untuned: Generator | None,
    wanted: Sequence[Kinds],
    lexicon: Lexicon,
    *,
    n: int,
    seed: int,
    progress: Progress,
) -> DraftCheck:
    """Let models write one draft for each of many prompts and verify them.

    Args:
        tuned: Model that reads briefs.
        untuned: Model that reads examples; ``None`` to leave it out.
        wanted: Combinations of kinds.
        lexicon: The locale's words.
        n: How many drafts.
        seed: Source of all chance.
        progress: Called with a description, the number done and the total.

    Returns:
        The figures.
    """
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    wished = [(chance.choice(wanted), chance.choice(TONES)) for _ in range(n)]
    counts = Counter(wished)
    briefs = BriefPromptBuilder(lexicon, seed=seed)
    examples = ExamplePromptBuilder(lexicon)
    asked = [prompt for (kinds, tone), times in counts.items() for prompt in briefs.prompts(kinds, tone, times)]
    asked_untuned = [
        prompt for (kinds, tone), times in counts.items() for prompt in examples.prompts(kinds, tone, times)
    ]
    verifier = SkeletonVerifier(lexicon)

    texts = _write(tuned, asked, seed, "first drafts", progress)
    faults: Counter[str] = Counter()
    refused: list[dict[str, object]] = []
    for prompt, text in zip(asked, texts, strict=True):
        found = verifier.check(text, prompt.kinds).faults
        faults.update({fault.code for fault in found})
        if found:
            codes = sorted({fault.code for fault in found})
            refused.append({"text": text, "kinds": list(prompt.kinds), "faults": codes})
    accepted_untuned = None
    if untuned is not None:
        drafts = _write(untuned, asked_untuned, seed, "first drafts of the untuned model", progress)
        pairs = zip(asked_untuned, drafts, strict=True)
        accepted_untuned = sum(not verifier.check(text, prompt.kinds).faults for prompt, text in pairs)
    openings = Counter(opening(text, _OPENING_WORDS) for text in texts)
    return DraftCheck(
        drafts=n,
        accepted=n - len(refused),
        accepted_untuned=accepted_untuned,
        distinct=len(set(texts)),
        top_opening=round(max(openings.values(), default=0) / max(n, 1), 4),
        faults=dict(faults.most_common()),
        refused=tuple(refused[:20]),
    )


def _write(
    generator: Generator,
    prompts: Sequence[Prompt],
    seed: int,
    what: str,
    progress: Progress,
) -> list[str]:
    """Return one draft for each prompt; an empty one where the model did not end it."""
    texts: list[str] = []
    for start in range(0, len(prompts), _BATCH):
        answers = generator.generate(prompts[start : start + _BATCH], n_candidates=1, seed=seed + start)
        texts += [drafts[0].text if drafts and drafts[0].is_complete else "" for drafts in answers]
        progress(what, len(texts), len(prompts))
    return texts
