"""The shop that a worker process explains from: opened once and shared by the processes that fork from it."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from llm_explain.batch.explaining import explain_users
from llm_explain.explainer import Explainer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from llm_explain.batch.shards import Shards

WARM_USERS = 20
"""Users that are explained before processes fork, so that caches of words and skeletons are shared."""

_open: tuple[Shards, Explainer] | None = None


def open_shop(shards: Shards) -> Explainer:
    """Open the shop of a batch in this process, unless the process that it forked from has done so.

    Args:
        shards: The batch.

    Returns:
        An explainer that uses one thread; it has a language model only if the settings ask for one.
    """
    global _open
    if _open is None or _open[0] != shards:
        torch.set_num_threads(1)
        settings = shards.settings
        _open = (
            shards,
            Explainer.load(
                shards.artifacts,
                events=shards.events,
                language_model=settings.language_model if "lm" in settings.sources else None,
                policy_file=settings.policy_file,
            ),
        )
        _freeze()
    return _open[1]


def warm_up(shards: Shards) -> None:
    """Open the shop and fill its caches before processes fork.

    Args:
        shards: The batch.
    """
    sources = tuple(source for source in shards.settings.sources if source != "lm")
    explain_users(open_shop(shards), replace(shards.settings, sources=sources), shards.users().slice(0, WARM_USERS))
    _freeze()


def _freeze() -> None:
    """Let no collection visit the shop: each takes time, and writes to pages that forked processes share."""
    gc.collect()
    gc.freeze()


def write_shards_of(shards: Shards, numbers: Sequence[int]) -> None:
    """Write those of some shards that are missing.

    Args:
        shards: The batch.
        numbers: Places of the shards.
    """
    explainer = open_shop(shards)
    for number in numbers:
        if not shards.path(number).exists():
            shards.write(number, explainer)


def write_in_process(shards: Shards, numbers: Sequence[int], errors: Connection) -> None:
    """Write shards in a process of its own.

    Args:
        shards: The batch.
        numbers: Places of the shards.
        errors: Where the process sends the message of an exception before it ends.
    """
    try:
        write_shards_of(shards, numbers)
    except Exception as error:
        errors.send(f"{type(error).__name__}: {error}")
        sys.exit(1)


def close() -> None:
    """Forget the shop that this process opened."""
    global _open
    _open = None
    gc.unfreeze()
