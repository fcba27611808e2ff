"""What the command ``serve`` does around the application."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

import pytest

from llm_explain.cli import serving


def test_the_collector_passes_over_what_is_loaded_when_the_service_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass over the demo's shop stopped every thread for half a second; the body of a request caused several."""
    waits, trims = iter((False, False, True)), []
    monkeypatch.setattr(serving, "_trim", lambda: trims.append("trim"))
    drain = SimpleNamespace(wait=lambda seconds: next(waits))
    app: Any = SimpleNamespace(state=SimpleNamespace(warm_up=lambda: None, drain=drain))
    try:
        serving._warm_up(app)
        assert gc.get_freeze_count() > 10_000
        assert len(trims) == 3, "free memory is returned again and again until the process ends"
    finally:
        gc.unfreeze()
