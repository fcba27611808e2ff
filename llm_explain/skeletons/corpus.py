"""The hand-written skeletons of a locale: training material of the language model, and the bar for what it writes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import locale_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Tone

FILE = "skeletons.jsonl"

Kinds = tuple[str, ...]
"""Claim kinds of one sentence, sorted."""


@dataclass(frozen=True, slots=True)
class CorpusLine:
    """One hand-written skeleton.

    Attributes:
        kinds: Claim kinds that it states, sorted.
        tone: ``friendly``, ``concise`` or ``formal``.
        text: The sentence with slots in braces.
    """

    kinds: Kinds
    tone: Tone
    text: str


def read_corpus(lexicon: Lexicon) -> list[CorpusLine]:
    """Return every hand-written skeleton of a locale, in file order.

    Args:
        lexicon: The locale's words.

    Returns:
        The lines of ``prompts/<locale>/skeletons.jsonl``, then those of the same file in the prompts folders that claim
        kinds bring along; without those about a claim kind that the lexicon does not have.

    Raises:
        PromptError: If there are none, or a line is not of the form ``{"kinds": […], "tone": "…", "text": "…"}``.
    """
    roots = dict.fromkeys(
        (locale_root(lexicon.locale), *(kind.prompts for kind in lexicon.kinds.values() if kind.prompts))
    )
    paths = [root / lexicon.locale / FILE for root in roots]
    lines = [line for path in paths if path.is_file() for line in _read(path)]
    if not lines:
        raise PromptError(f"{paths[0]} holds no skeletons but the corpus is needed. Write at least one line.")
    return [line for line in lines if lexicon.kinds.keys() >= set(line.kinds)]


def _read(path: Path) -> list[CorpusLine]:
    lines = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(raw)
            lines.append(CorpusLine(tuple(sorted(row["kinds"])), row["tone"], row["text"]))
        except (ValueError, KeyError, TypeError) as error:
            raise PromptError(
                f'{path.name}, line {number} is {raw[:40]!r} but {{"kinds": […], "tone": "…", "text": "…"}} is needed. '
                "Correct the line."
            ) from error
    return lines


def corpus_hash(lines: Sequence[CorpusLine]) -> str:
    """Return the SHA-256 of the corpus."""
    text = "\n".join(f"{','.join(line.kinds)}|{line.tone}|{line.text}" for line in lines)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def hold_out(combinations: Sequence[Kinds], *, share: float, seed: int) -> tuple[Kinds, ...]:
    """Choose whole combinations of kinds to hold out, so that what is measured was never seen.

    Single kinds are never held out: a model cannot write of what it never read.

    Args:
        combinations: Combinations of claim kinds.
        share: Share of those of two and more kinds to hold out.
        seed: Seed of the choice.

    Returns:
        The held-out combinations, each sorted.
    """
    several = sorted({tuple(sorted(kinds)) for kinds in combinations if len(kinds) > 1})
    order = np.random.default_rng(seed).permutation(len(several))
    return tuple(sorted(several[place] for place in order[: round(share * len(several))]))
