"""Ray Data on the cluster that is there, or on this machine."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def ray_data() -> Iterator[tuple[Any, Callable[[int], Any]]]:
    """Provide Ray Data; Ray is started for the time of the context if it does not run.

    The call raises ``MissingExtraError`` if Ray is not installed.

    Yields:
        tuple[Any, Callable[[int], Any]]: The module ``ray.data``, and a function that returns a pool of so many actors.
    """
    with MissingExtraError.unless_installed("the engine ray", "ray"):
        import ray
        import ray.data
    is_own = not ray.is_initialized()
    if is_own:
        ray.init(num_cpus=None, include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
    try:
        yield ray.data, lambda size: ray.data.ActorPoolStrategy(size=size)
    finally:
        if is_own:
            ray.shutdown()
