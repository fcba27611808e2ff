"""Saving and loading a forecaster with the panel that it was fitted on."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from scoring.demand.effects import Effects
from scoring.demand.forecaster import Forecaster, Ranges
from scoring.demand.model import DemandConfig, DemandModel
from scoring.demand.panel import PRICE, UNITS, SalesPanel
from scoring.demand.ranges import Stretch
from scoring.errors import ArtifactError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION: Final = 6
_MODEL, _ARRAYS, _SERIES = "demand.json", "demand.npz", "series.parquet"
_MIDDLE, _SPREAD = "middle", "spread"
_FIGURES: Final = "metrics.json"
_PROMOTION: Final = "promotion."
_EFFECTS: Final = ("item", "coefficients", "means", "pooled", "least", "most")


def save(folder: Path, forecaster: Forecaster, panel: SalesPanel, figures: Mapping[str, Any] | None = None) -> None:
    """Write a forecaster and its panel.

    Args:
        folder: Folder to write to; it is created.
        forecaster: The forecaster.
        panel: The weekly sales that it was fitted on.
        figures: What a backtest measured, for a report.
    """
    for name, model in {_MIDDLE: forecaster.model, _SPREAD: forecaster.spread}.items():
        _save_model(folder / name, model)
    promotions = {f"{_PROMOTION}{name}": values for name, values in panel.promotions.items()}
    _write_arrays(folder / _ARRAYS, {UNITS: panel.units, PRICE: panel.price, **promotions})
    panel.series.to_parquet(folder / _SERIES, index=False)
    content = {
        "version": VERSION,
        "config": forecaster.model.config.model_dump(),
        "planned": asdict(forecaster.planned),
        "unplanned": asdict(forecaster.unplanned),
        "weeks": panel.weeks,
        "n_known": panel.n_known,
        "has_planned_price": panel.has_planned_price,
        "locale": panel.locale,
        "currency": panel.currency,
        "unit": panel.unit,
    }
    if figures is not None:
        (folder / _FIGURES).write_text(json.dumps(figures, indent=1), encoding="utf-8")
    (folder / _MODEL).write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_figures(folder: Path) -> dict[str, Any]:
    """Read what the backtest of ``llm-explain demand train`` measured.

    Args:
        folder: Folder that it wrote.

    Returns:
        ``wmape``, ``coverage80``, ``baselines``, ``coverage``, ``n_series`` and ``weeks``.

    Raises:
        ArtifactError: If the folder holds no figures.
    """
    path = folder / _FIGURES
    if not path.is_file():
        raise ArtifactError(
            f"{folder} holds no {_FIGURES} but the figures of a demand model are needed. "
            f"Run `llm-explain demand train --data DATA --artifacts {folder}` again."
        )
    return dict(json.loads(path.read_text(encoding="utf-8")))


def load(folder: Path) -> tuple[Forecaster, SalesPanel]:
    """Read what ``save`` wrote.

    The call raises ``MissingExtraError`` if LightGBM is not installed.

    Args:
        folder: Folder that ``llm-explain demand train`` wrote.

    Returns:
        The forecaster and the weekly sales that it was fitted on.

    Raises:
        ArtifactError: If a file is missing or of another version.
    """
    if not (folder / _MODEL).is_file():
        raise ArtifactError(
            f"{folder} holds no {_MODEL} but a trained demand model is needed. "
            f"Run `llm-explain demand train --data DATA --artifacts {folder}` first."
        )
    try:
        content = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
        if content.get("version") != VERSION:
            raise ArtifactError(
                f"{folder} holds a demand model of version {content.get('version')} but {VERSION} is needed. "
                "Train it again."
            )
        series, arrays = pd.read_parquet(folder / _SERIES), _arrays(folder / _ARRAYS)
        config = DemandConfig.model_validate(content["config"])
        middle, spread = (_load_model(folder / name, config) for name in (_MIDDLE, _SPREAD))
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"{folder} holds a demand model that cannot be read ({error}) but a whole one is needed. "
            f"Run `llm-explain demand train --data DATA --artifacts {folder}` again."
        ) from error
    panel = SalesPanel(
        series,
        tuple(content["weeks"]),
        arrays[UNITS],
        arrays[PRICE],
        {name.removeprefix(_PROMOTION): values for name, values in arrays.items() if name.startswith(_PROMOTION)},
        content["n_known"],
        content["has_planned_price"],
        content.get("locale", ""),
        content.get("currency"),
        content.get("unit", ""),
    )
    return Forecaster(middle, spread, _ranges(content["planned"]), _ranges(content["unplanned"])), panel


def _save_model(folder: Path, model: DemandModel) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for quantile, booster in model.trees.items():
        booster.save_model(folder / f"trees_{quantile}.txt")
    effects = model.effects
    arrays = {name: getattr(effects, name) for name in _EFFECTS}
    _write_arrays(folder / _ARRAYS, arrays)
    content = {
        "terms": effects.names,
        "keys": model.keys,
        "holidays": model.holidays,
        "quantiles": list(model.trees),
        "tree_weight": model.tree_weight,
    }
    (folder / _MODEL).write_text(json.dumps(content), encoding="utf-8")


def _load_model(folder: Path, config: DemandConfig) -> DemandModel:
    with MissingExtraError.unless_installed("a demand model", "jobs"):
        import lightgbm
    content = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
    arrays = _arrays(folder / _ARRAYS)
    effects = Effects(_pairs(content["terms"]), **{name: arrays[name] for name in _EFFECTS})
    trees = {
        float(quantile): lightgbm.Booster(model_str=(folder / f"trees_{quantile}.txt").read_text(encoding="utf-8"))
        for quantile in content["quantiles"]
    }
    return DemandModel(
        config, effects, _pairs(content["keys"]), trees, content["holidays"], content.get("tree_weight", 1.0)
    )


def _write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _pairs(values: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in values)


def _ranges(values: dict[str, Any]) -> Ranges:
    return Ranges(_stretch(values["weekly"]), {int(n): _stretch(each) for n, each in values["together"].items()})


def _stretch(values: dict[str, Any]) -> Stretch:
    return Stretch(*({int(level): factor for level, factor in values[side].items()} for side in ("low", "high")))
