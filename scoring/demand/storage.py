"""Saving and loading a forecaster with the panel that it was fitted on."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from scoring.demand.effects import Effects
from scoring.demand.forecaster import Forecaster
from scoring.demand.model import QUANTILES, DemandConfig, DemandModel
from scoring.demand.panel import PRICE, UNITS, SalesPanel
from scoring.demand.ranges import Stretch
from scoring.errors import ArtifactError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

VERSION: Final = 1
_MODEL, _ARRAYS, _SERIES = "demand.json", "demand.npz", "series.parquet"
_PROMOTION: Final = "promotion."


def save(folder: Path, forecaster: Forecaster, panel: SalesPanel) -> None:
    """Write a forecaster and its panel.

    Args:
        folder: Folder to write to; it is created.
        forecaster: The forecaster.
        panel: The weekly sales that it was fitted on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = forecaster.model
    for quantile, booster in model.trees.items():
        booster.save_model(folder / f"trees_{quantile}.txt")
    arrays: dict[str, Any] = {
        "item": model.effects.item,
        "coefficients": model.effects.coefficients,
        "means": model.effects.means,
        UNITS: panel.units,
        PRICE: panel.price,
        **{f"{_PROMOTION}{name}": values for name, values in panel.promotions.items()},
    }
    np.savez_compressed(folder / _ARRAYS, allow_pickle=False, **arrays)
    panel.series.to_parquet(folder / _SERIES, index=False)
    content = {
        "version": VERSION,
        "config": model.config.model_dump(),
        "terms": model.effects.names,
        "keys": model.keys,
        "holidays": model.holidays,
        "weekly": asdict(forecaster.weekly),
        "together": {str(n): asdict(stretch) for n, stretch in forecaster.together.items()},
        "weeks": panel.weeks,
        "n_known": panel.n_known,
        "has_planned_price": panel.has_planned_price,
    }
    (folder / _MODEL).write_text(json.dumps(content, indent=1), encoding="utf-8")


def load(folder: Path) -> tuple[Forecaster, SalesPanel]:
    """Read what ``save`` wrote.

    Args:
        folder: Folder that ``llm-explain demand train`` wrote.

    Returns:
        The forecaster and the weekly sales that it was fitted on.

    Raises:
        ArtifactError: If a file is missing or of another version.
        MissingExtraError: If LightGBM is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise MissingExtraError.of("lightgbm", "a demand model", "jobs") from error
    try:
        content = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
        series = pd.read_parquet(folder / _SERIES)
        with np.load(folder / _ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        trees = {
            quantile: lightgbm.Booster(model_str=(folder / f"trees_{quantile}.txt").read_text(encoding="utf-8"))
            for quantile in QUANTILES
        }
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"{folder} holds no demand model that can be read ({error}) but one is needed. "
            "Run llm-explain demand train."
        ) from error
    if content.get("version") != VERSION:
        raise ArtifactError(
            f"{folder} holds a demand model of version {content.get('version')} but {VERSION} is needed. "
            "Train it again."
        )
    effects = Effects(_pairs(content["terms"]), arrays["item"], arrays["coefficients"], arrays["means"])
    config = DemandConfig.model_validate(content["config"])
    model = DemandModel(config, effects, _pairs(content["keys"]), trees, content["holidays"])
    together = {int(n): _stretch(values) for n, values in content["together"].items()}
    panel = SalesPanel(
        series,
        tuple(content["weeks"]),
        arrays[UNITS],
        arrays[PRICE],
        {name.removeprefix(_PROMOTION): values for name, values in arrays.items() if name.startswith(_PROMOTION)},
        content["n_known"],
        content["has_planned_price"],
    )
    return Forecaster(model, _stretch(content["weekly"]), together), panel


def _pairs(values: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in values)


def _stretch(values: dict[str, Any]) -> Stretch:
    return Stretch(*({int(level): factor for level, factor in values[side].items()} for side in ("low", "high")))
