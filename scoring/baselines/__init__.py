"""What a shop could use instead of the scorer, measured the same way (docs/design.md §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.baselines.base import Baseline
from scoring.baselines.ease import Ease
from scoring.baselines.frequency import DecayedFrequency, PersonalFrequency, Popularity, RecentPopularity
from scoring.baselines.hadamard_mlp import HadamardRanker
from scoring.baselines.matrix_models import FactorModel, ItemNeighbours
from scoring.baselines.measuring import measure_baselines

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Baseline",
    "DecayedFrequency",
    "Ease",
    "FactorModel",
    "HadamardRanker",
    "ItemNeighbours",
    "PersonalFrequency",
    "Popularity",
    "RecentPopularity",
    "cheap_baselines",
    "measure_baselines",
    "simple_baselines",
]


def simple_baselines() -> Sequence[Baseline]:
    """Return the baselines that count, which take seconds on any log."""
    return (Popularity(), RecentPopularity(), PersonalFrequency(), DecayedFrequency())


def cheap_baselines() -> Sequence[Baseline]:
    """Return the baselines that together take well under a minute on a year of a supermarket's purchases."""
    return (
        Popularity(),
        RecentPopularity(),
        FactorModel(),
        ItemNeighbours(),
        Ease(),
        PersonalFrequency(),
        DecayedFrequency(),
    )
