"""A start collects nothing, keeps what it made, and leaves collecting on however it ends."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from llm_explain.service.collecting import THRESHOLDS, starting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def test_a_start_collects_nothing_and_keeps_what_it_made() -> None:
    with starting():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == THRESHOLDS


def test_a_start_that_fails_collects_again() -> None:
    before = gc.get_threshold()
    with pytest.raises(RuntimeError, match="failed"), starting():
        raise RuntimeError("failed")
    assert gc.isenabled()
    assert gc.get_threshold() == before
