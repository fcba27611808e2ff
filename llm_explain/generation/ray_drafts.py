"""Lets the actors of a Ray cluster ask for drafts and verify them: a stage of Ray Data over many prompts.

Each actor asks servers over HTTP, so that it needs one processor and no weights. Ray Data gives an actor its next block
of prompts when it has room, starts an actor again that died, and streams what is accepted.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from llm_explain.generation.drafts import BATCH, ModelSource
from llm_explain.generation.opening import open_generator
from llm_explain.generation.ray_cluster import ray_data
from llm_explain.generation.weights import is_tuned
from llm_explain.text.lexicon import load_lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llm_explain.generation.prompt_template import Prompt
    from llm_explain.text.skeleton import Skeleton


class DraftActor:
    """An actor that opens the language model once and writes verified skeletons.

    Args:
        language_model: As for ``open_generator``.
        locale: Locale of the skeletons.
        options: Keyword arguments of the generator's ``load``.
    """

    def __init__(self, language_model: str, locale: str, options: dict[str, Any]) -> None:
        generator = open_generator(language_model, **options)
        self._source = ModelSource(lambda: generator, load_lexicon(locale), is_tuned=is_tuned(language_model))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Write skeletons.

        Args:
            batch: Columns ``prompt``, pickled, and ``seed``.

        Returns:
            One row, ``skeletons``: those that the verifier accepted, pickled.
        """
        prompts = [pickle.loads(prompt) for prompt in batch["prompt"]]  # noqa: S301  of this run
        written = self._source.write(prompts, seed=int(batch["seed"][0]))
        return {"skeletons": [pickle.dumps(written)]}


class RayDrafts:
    """Writes skeletons as ``ModelSource`` does, by actors.

    Args:
        language_model: As for ``open_generator``.
        locale: Locale of the skeletons.
        workers: Actors, one processor each.
        batch_size: Prompts of a block.
        **options: Keyword arguments of the generator's ``load``.
    """

    def __init__(
        self, language_model: str, locale: str, *, workers: int, batch_size: int = BATCH, **options: Any
    ) -> None:
        self._given, self._workers, self._batch_size = (language_model, locale, options), workers, batch_size

    def write_in_batches(self, prompts: Sequence[Prompt], *, seed: int = 0) -> Iterator[list[Skeleton]]:
        """Yield what the servers write and the verifier accepts, a block of prompts after the other.

        Args:
            prompts: What is asked; one draft for each.
            seed: Seed of the sampling.

        Yields:
            list[Skeleton]: Verified skeletons, in the order of the prompts.
        """
        if not prompts:
            return
        rows = [{"prompt": pickle.dumps(prompt), "seed": seed + place} for place, prompt in enumerate(prompts)]
        with ray_data() as (data, actors):
            data.DataContext.get_current().execution_options.preserve_order = True  # the same seed, the same phrasebook
            asked = data.from_items(rows, override_num_blocks=-(-len(rows) // self._batch_size))
            written = asked.map_batches(
                DraftActor,
                fn_constructor_args=self._given,
                batch_size=self._batch_size,
                num_cpus=1,
                compute=actors(self._workers),
            )
            for row in written.iter_rows():
                yield pickle.loads(row["skeletons"])  # noqa: S301  of this run
