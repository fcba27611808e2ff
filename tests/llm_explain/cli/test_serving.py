"""What the command ``serve`` does around the application."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

from llm_explain.cli import serving


def test_the_collector_passes_over_what_is_loaded_when_the_service_is_warm() -> None:
    """A pass over the demo's shop stopped every thread for half a second; the body of a request caused several."""
    app: Any = SimpleNamespace(state=SimpleNamespace(warm_up=lambda: None))
    try:
        serving._warm_up(app)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
