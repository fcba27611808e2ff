"""The shop that a worker process explains from: opened once and shared by the processes that fork from it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import torch

from llm_explain.explainer import Explainer

if TYPE_CHECKING:
    from llm_explain.batch.shards import Shards

_open: tuple[Shards, Explainer] | None = None


def open_shards(shards: Shards) -> Explainer:
    """Open the shop of a batch in this process, unless the process that it forked from has done so.

    Args:
        shards: The batch.

    Returns:
        An explainer that uses one thread; it has a language model only if the settings ask for one.
    """
    global _open  # noqa: PLW0603, the one way to hand an object to forked processes
    if _open is None or _open[0] != shards:
        torch.set_num_threads(1)
        language_model = "auto" if "lm" in shards.settings.sources else None
        _open = shards, Explainer.load(shards.artifacts, events=shards.events, language_model=language_model)
        gc.collect()
        gc.freeze()  # so that the collector does not write to pages that forked workers share
    return _open[1]


def write_shard(shards: Shards, number: int) -> int:
    """Write one shard.

    Args:
        shards: The batch.
        number: Place of the shard.

    Returns:
        ``number``.
    """
    shards.write(number, open_shards(shards))
    return number


def close() -> None:
    """Forget the shop that this process opened."""
    global _open  # noqa: PLW0603
    _open = None
    gc.unfreeze()
