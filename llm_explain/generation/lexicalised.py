"""A strong language model that reads names and values and phrases them freely; the verifier decides as ever."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.text.skeleton import ITEM, ITEM_LABEL, SLOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.generation.generator import Generator
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Tone

TEMPLATE = "lexicalised"


class FreeDraft(NamedTuple):
    """A finished sentence as a model wrote it, not verified yet.

    Attributes:
        text: The sentence.
        prompt: Name and hash of the prompt.
        model: Name of the model.
    """

    text: str
    prompt: str
    model: str


class FreeWriter:
    """Asks a language model for finished sentences about claims whose values it sees.

    Only cleaned values reach the model, as the realiser writes them: no markup, no control characters, not too long.

    Args:
        open_generator: Loads the model when it is first needed.
        lexicon: The locale's words.
        n_candidates: Drafts for each sentence.
        seed: Seed of the sampling.

    Attributes:
        n_candidates: Drafts for each sentence.
    """

    def __init__(
        self, open_generator: Callable[[], Generator], lexicon: Lexicon, *, n_candidates: int = 3, seed: int = 0
    ) -> None:
        self.n_candidates = n_candidates
        self._open = open_generator
        self._generator: Generator | None = None
        self._template = PromptTemplate(lexicon, TEMPLATE)
        self._sentence_end = re.compile(lexicon.form.sentence_end)
        self._seed = seed

    def write(
        self,
        wanted: Sequence[tuple[Sequence[str], Mapping[str, str]]],
        tone: Tone,
        *,
        seconds: float,
    ) -> list[list[FreeDraft]]:
        """Return drafts for each sentence, all written in one batch.

        Args:
            wanted: Claim kinds and rendered values by slot; none for a sentence that is not wanted. Nothing is written
                about a value that ends a sentence ("Buy now!"): the model could let it speak.
            tone: ``friendly``, ``concise`` or ``formal``.
            seconds: How long writing may take. The time to load the model does not count.

        Returns:
            Complete drafts, in the order of ``wanted``.
        """
        places = [place for place, (kinds, values) in enumerate(wanted) if kinds and not self._speaks(values)]
        found: list[list[FreeDraft]] = [[] for _ in wanted]
        if not places:
            return found
        if self._generator is None:
            self._generator = self._open()
        prompts = [
            self._template.render_facts(wanted[place][0], _shown(wanted[place][1]), tone=tone) for place in places
        ]
        answers = self._generator.generate(
            prompts, n_candidates=self.n_candidates, deadline=time.monotonic() + seconds, seed=self._seed
        )
        for place, prompt, drafts in zip(places, prompts, answers, strict=True):
            texts = dict.fromkeys(draft.text for draft in drafts if draft.is_complete)
            found[place] = [FreeDraft(text, prompt.origin, self._generator.name) for text in texts]
        return found

    def _speaks(self, values: Mapping[str, str]) -> bool:
        """Return whether a supplier's title or another value is a sentence of its own."""
        return any(self._sentence_end.search(value) for value in values.values())


def _shown(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that the model may see: those of the claims, and the item as a sentence says it."""
    return {slot: SLOT.sub("", value) for slot, value in values.items() if slot != ITEM_LABEL} | (
        {} if ITEM in values else {ITEM: ""}
    )
