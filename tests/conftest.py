"""Fixtures that several packages share."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import settings

if TYPE_CHECKING:
    from scoring.data.tables import Tables
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.training.blend import Blend

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # shap compiles for ten seconds what takes a test one second

TESTS = Path(__file__).parent
if str(TESTS / "scoring") not in sys.path:
    sys.path.insert(0, str(TESTS / "scoring"))  # `from shop import small_shop`

settings.register_profile("no clock", deadline=None)  # a busy machine is no failure
settings.load_profile("no clock")

assert importlib.util.find_spec("shop") is not None


def pytest_collection_finish() -> None:
    """Keep modules and tests out of the garbage collections that every training asks for: each took a second."""
    gc.freeze()


@pytest.fixture(scope="session")
def shop_tables() -> Tables:
    """Return the small synthetic shop."""
    from shop import small_shop

    return small_shop()


@pytest.fixture(scope="session")
def shop_artifacts(shop_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train on the small shop and return the artifacts (seconds); no test may change them."""
    return _trained(shop_tables, _folder_of_all_workers(tmp_path_factory) / "shop")


@pytest.fixture(scope="session")
def mixed_artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train on the small shop with views, carts and returns, and return the artifacts (seconds).

    No test may change them.
    """
    from shop import mixed_shop

    return _trained(mixed_shop(), _folder_of_all_workers(tmp_path_factory) / "mixed")


def _folder_of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the processes of one run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def _trained(tables: Tables, folder: Path) -> Path:
    """Train once a run: the first process trains, the others wait for its artifacts."""
    from shop import CUTOFF, SMALL

    from scoring.training import training

    find_blend = training.find_blend

    def keep_trained(*args: Any, **kwargs: Any) -> Blend:
        """Return the weights of the trained model: every part of the score counts, also in so small a shop."""
        zeros = (0.0,) * 4
        return replace(find_blend(*args, **kwargs), model=(1.0,) * 4, own=zeros, popularity=zeros)

    with FileLock(f"{folder}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "find_blend", keep_trained)
        if not folder.exists():
            training.train(tables, SMALL, folder, cutoff=CUTOFF)
    return folder


@pytest.fixture(scope="session")
def shop_scorer(shop_artifacts: Path) -> GlassBoxScorer:
    """Return a scorer trained on the small shop."""

    from scoring.scorer.storage import load_scorer

    return load_scorer(shop_artifacts)
