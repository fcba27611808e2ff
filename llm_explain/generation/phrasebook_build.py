"""Let a language model fill a phrasebook: drafts in rounds, verified, without near-duplicates, opened differently."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from llm_explain.text.skeleton import SLOT, TONES, opening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llm_explain.generation.prompt_builders import PromptBuilder
    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.skeletons.phrasebook import Combination
    from llm_explain.text.skeleton import Skeleton, Tone

ENOUGH = 12
"""Least number of skeletons of a combination."""

SAME_OPENING = 3
"""At most this many skeletons of a combination begin alike."""

TOO_NEAR = 0.99
"""Cosine similarity from which two skeletons of a combination count as one."""

_ROUNDS = 6


class Encoder(Protocol):
    """Turns sentences into vectors; a ``SentenceTransformer`` is one."""

    def encode(self, sentences: Sequence[str], /, *, normalize_embeddings: bool) -> npt.NDArray[np.float32]:
        """Return unit vectors, shape ``(n_sentences, d)``."""


class DraftWriter(Protocol):
    """What writes verified skeletons, as ``ModelSource`` does."""

    def write_in_batches(self, prompts: Sequence[Prompt], *, seed: int = ...) -> Iterator[list[Skeleton]]:
        """Yield what is written and accepted, one draft for each prompt."""


@dataclass
class SkeletonCollection:
    """Skeletons of one combination while it is being filled.

    Attributes:
        texts: Kept so far.
        vectors: Their embeddings.
        openings: How often each opening was used.
    """

    texts: list[str] = field(default_factory=list)
    vectors: list[npt.NDArray[np.float32]] = field(default_factory=list)
    openings: Counter[str] = field(default_factory=Counter)

    def offer(self, text: str, vector: npt.NDArray[np.float32]) -> bool:
        """Keep a skeleton unless it is known, nearly so, or begins like too many others.

        Args:
            text: Skeleton.
            vector: Its embedding, of unit length.

        Returns:
            Whether it was kept.
        """
        first = opening(text)
        is_known = text in self.texts or any(float(vector @ other) >= TOO_NEAR for other in self.vectors)
        if is_known or self.openings[first] >= SAME_OPENING:
            return False
        self.texts.append(text)
        self.vectors.append(vector)
        self.openings[first] += 1
        return True


def fill(
    wanted: Sequence[tuple[str, ...]],
    writer: DraftWriter,
    prompt_builder: Callable[[int], PromptBuilder],
    encoder: Encoder,
    *,
    n_each: int = ENOUGH,
    tones: Sequence[Tone] = TONES,
    begun: dict[Combination, Sequence[str]] | None = None,
    progress: Callable[[str, int, int], None],
    keep: Callable[[dict[Combination, list[str]]], None] = lambda _: None,
) -> dict[Combination, list[str]]:
    """Write skeletons until every combination has enough of them, or the rounds are over.

    Args:
        wanted: Combinations of kinds.
        writer: Writes and verifies.
        prompt_builder: Returns the prompt builder of a round, by its number.
        encoder: Tells near-duplicates.
        n_each: Skeletons for each combination and tone.
        tones: Tones.
        begun: What an earlier build has.
        progress: Told a description, the skeletons kept and the skeletons wanted.
        keep: Given what there is after each round, and when one fails, so that a resumed build goes on from there.

    Returns:
        Texts by combination; fewer than ``n_each`` where the model did not find more.
    """
    collections: dict[Combination, SkeletonCollection] = {
        (kinds, tone): SkeletonCollection() for kinds in wanted for tone in tones
    }
    for combination, texts in (begun or {}).items():
        if combination in collections:
            _offer(collections[combination], list(texts), encoder)
    total = n_each * len(collections)
    for number in range(_ROUNDS):
        unfilled = [each for each, collection in collections.items() if len(collection.texts) < n_each]
        prompts = list(_prompts(unfilled, collections, prompt_builder(number), n_each, number))
        try:
            for written in writer.write_in_batches(prompts, seed=number * 1000):
                for skeleton in written:
                    collection = collections[skeleton.kinds, skeleton.tone]
                    if len(collection.texts) < n_each:
                        _offer(collection, [skeleton.text], encoder)
                n_kept = sum(len(collection.texts) for collection in collections.values())
                progress("writing the phrasebook", n_kept, total)
        finally:
            keep({each: collection.texts for each, collection in collections.items()})
    return {each: collection.texts for each, collection in collections.items()}


def _prompts(
    unfilled: Sequence[Combination],
    collections: dict[Combination, SkeletonCollection],
    prompt_builder: PromptBuilder,
    n_each: int,
    number: int,
) -> Iterator[Prompt]:
    """Yield what is asked in one round: a few more than are missing, since some will be refused or known."""
    for kinds, tone in unfilled:
        missing = n_each - len(collections[kinds, tone].texts)
        yield from prompt_builder.prompts(kinds, tone, missing + 2 + number * 2)  # type: ignore[arg-type]  # a tone by construction


def _offer(collection: SkeletonCollection, texts: list[str], encoder: Encoder) -> None:
    plain = [SLOT.sub(lambda match: match.group(1).replace("_", " "), text) for text in texts]
    for text, vector in zip(texts, encoder.encode(plain, normalize_embeddings=True), strict=True):
        collection.offer(text, vector)
