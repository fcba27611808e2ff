"""The classifier of intents keeps what it has solved, and solves again for other examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm_explain.dialogue.intents import IntentClassifier

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = {"why": ["why this one?", "why is that here?"], "price": ["what does it cost?", "how much is it?"]}


def test_the_weights_of_the_same_examples_are_read_from_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_EXPLAIN_CACHE", str(tmp_path))
    first = IntentClassifier(EXAMPLES).scores(["why does it cost so much?"])

    def no_solver(*_: object, **__: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr("numpy.linalg.solve", no_solver)
    assert IntentClassifier(EXAMPLES).scores(["why does it cost so much?"]) == first
    with pytest.raises(AssertionError, match="solved again"):
        IntentClassifier({**EXAMPLES, "help": ["help"]})
