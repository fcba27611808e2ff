"""The library behind two of the baselines may be missing."""

from __future__ import annotations

import sys

import pytest

from scoring.baselines import Baseline, FactorModel, ItemNeighbours
from scoring.errors import MissingExtraError
from tests.scoring.baselines.boards import checkerboard


@pytest.mark.parametrize("baseline", [ItemNeighbours(), FactorModel()], ids=lambda baseline: baseline.name)
def test_a_missing_library_is_said_with_its_remedy(baseline: Baseline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "implicit", None)
    with pytest.raises(
        MissingExtraError, match=r"implicit is not installed .* pip install 'llm-explain-recommendations\[baselines\]'"
    ):
        baseline.fit(checkerboard().train)
