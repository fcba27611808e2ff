"""The demand model: an additive part, and gradient-boosted quantiles of what it leaves.

The forecast of ``log(1 + units)`` is the level of the series, plus the effects of the week, plus trees. So TreeSHAP
(exact for trees) and the effects add up to it, and each driver is a factor of the forecast.
Source: Ke et al. (2017), LightGBM; Lundberg et al. (2020), arXiv:1905.04610.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from scoring.demand.effects import OTHERS, SEASON, Effects, terms
from scoring.demand.features import HISTORY, Features
from scoring.errors import MissingExtraError, TableError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from scoring.demand.panel import Floats, Rows, SalesPanel

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
QUANTILES: Final = (LOW, MIDDLE, HIGH)
MOST_WEEKS: Final = 26
"""Weeks ahead that a model can forecast at most."""

_MIN_HISTORY: Final = 8
_LEAF_ROWS: Final = 25
"""Rows of a leaf for each number of weeks ahead: the rows of one week and series are nearly the same."""
_SEASON_TEST_WEEKS: Final = 26
_SEASON_FIT_WEEKS: Final = 56
"""Half a year tells whether a season that more than a year before it shows comes again."""


class DemandConfig(BaseModel):
    """Settings of a demand model.

    Attributes:
        weeks: How many weeks ahead the model forecasts.
        n_trees: Trees of each quantile.
        learning_rate: Weight of each tree.
        n_leaves: Leaves of each tree.
        max_rows: Training rows; a random sample of a larger table.
        validation_weeks: Last weeks of the training period, which calibrate the ranges.
        seed: Seed of every random choice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weeks: Annotated[int, Field(ge=1, le=MOST_WEEKS)] = 4
    n_trees: Annotated[int, Field(ge=1)] = 100
    learning_rate: Annotated[float, Field(gt=0)] = 0.06
    n_leaves: Annotated[int, Field(ge=2)] = 31
    max_rows: Annotated[int, Field(ge=100)] = 60_000
    validation_weeks: Annotated[int, Field(ge=2)] = 26
    seed: int = 0


@dataclass(frozen=True, eq=False)
class DemandModel:
    """A fitted model.

    Attributes:
        config: Its settings.
        effects: The additive part.
        keys: Player and name of each feature that the trees read.
        trees: LightGBM booster of each quantile.
        holidays: 1 by named event and week label; empty without a calendar.
        tree_weight: Share of the trees' correction that counts, from 0 to 1: on sales without more structure than the
            additive part has, trees learn noise.
    """

    config: DemandConfig
    effects: Effects
    keys: tuple[tuple[str, str], ...]
    trees: Mapping[float, Any]
    holidays: Mapping[str, Mapping[str, float]]
    tree_weight: float = 1.0

    @classmethod
    def fit(
        cls,
        panel: SalesPanel,
        config: DemandConfig,
        *,
        holidays: Mapping[str, Mapping[str, float]] | None = None,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> DemandModel:
        """Fit the model on the known weeks of a panel.

        Args:
            panel: Weekly sales.
            config: Settings.
            holidays: 1 by named event and week label.
            quantiles: Quantiles to fit trees for; ``median`` needs .5 alone.

        Returns:
            The model.

        Raises:
            TableError: If there is too little history for a single training row.
        """
        holidays = holidays or {}
        planned = panel.planned
        item = pd.factorize(planned.series["item_id"])[0].astype(np.int64)
        values = terms(planned, _on(planned, holidays), has_season=_has_season(planned, holidays, item))
        effects = Effects.fit(np.log1p(planned.units), values, item)
        features = Features.of(planned, effects.of(values), values)
        series, week, ahead = _training_rows(planned, features, config)
        if len(series) < _MIN_HISTORY:
            raise TableError(
                f"sales: {panel.n_known} weeks give {len(series)} training rows but more are needed. "
                "Give a longer history."
            )
        x = features.rows(series, week, ahead)
        offset = features.offset(series, week, ahead)
        target = np.log1p(planned.units[series, week]) - offset
        level = np.clip(features.level[series, week - ahead], 0.0, None)
        weight = np.exp(level - level.max())
        trees = {
            quantile: _boosted(x, target, weight if quantile == MIDDLE else None, quantile, features, config)
            for quantile in quantiles
        }
        return cls(config, effects, features.keys, trees, holidays)

    def without_holidays(self, weeks: Collection[str]) -> DemandModel:
        """Return the model that expects no event in some weeks; those of other weeks keep their effects."""
        left = {
            name: {week: on for week, on in own.items() if week not in weeks} for name, own in self.holidays.items()
        }
        return replace(self, holidays=left)

    def features(self, panel: SalesPanel, others: SalesPanel | None = None) -> Features:
        """Return the features of a panel with the series that the model was fitted on.

        Args:
            panel: The panel.
            others: Plans of the other items of each store, if they are not those of ``panel``.

        Returns:
            The features.
        """
        planned = panel.planned
        has_season = any(driver == SEASON for driver, _ in self.effects.names)
        values = terms(planned, _on(planned, self.holidays), has_season=has_season)
        if others is not None:
            theirs = terms(others.planned)
            values = {key: theirs.get(key, own) if key[0] == OTHERS else own for key, own in values.items()}
        return Features.of(planned, self.effects.of(values), values, self.keys)

    def median(self, features: Features, series: Rows, week: Rows, ahead: Rows) -> Floats:
        """Return the median of ``log(1 + units)``, at least 0, shape ``(m,)``; arguments as in ``quantiles``."""
        x = features.rows(series, week, ahead)
        correction = self.tree_weight * np.asarray(self.trees[MIDDLE].predict(x, num_threads=1))
        limited: Floats = np.maximum(correction + features.offset(series, week, ahead), 0.0)
        return limited

    def quantiles(self, features: Features, series: Rows, week: Rows, ahead: Rows) -> Floats:
        """Return the quantiles of units.

        Args:
            features: Features of a panel.
            series: Row number of each series, shape ``(m,)``.
            week: The week to forecast, shape ``(m,)``.
            ahead: How many weeks after the origin it lies, shape ``(m,)``.

        Returns:
            Quantiles .1, .5 and .9 of ``log(1 + units)``, ascending, shape ``(m, 3)``.
        """
        x, offset = features.rows(series, week, ahead), features.offset(series, week, ahead)
        found = np.stack([self.trees[quantile].predict(x, num_threads=1) for quantile in QUANTILES], axis=1)
        found += (offset - (1 - self.tree_weight) * found[:, 1])[:, None]
        found[:, 0] = np.minimum(found[:, 0], found[:, 1])
        found[:, 2] = np.maximum(found[:, 2], found[:, 1])
        limited: Floats = np.maximum(found, 0.0)
        return limited

    def attribution(
        self, features: Features, series: Rows, week: Rows, ahead: Rows
    ) -> tuple[tuple[str, ...], Floats, Floats]:
        """Return what each player adds to the median forecast in log units.

        Args:
            features: Features of a panel.
            series: Row number of each series, shape ``(m,)``.
            week: The week to forecast, shape ``(m,)``.
            ahead: How many weeks after the origin it lies, shape ``(m,)``.

        Returns:
            Players; phi of shape ``(m, n_players)``; base values, shape ``(m,)``. Base value and phi add up to the
            median of ``log(1 + units)`` before it is limited to 0.
        """
        x = features.rows(series, week, ahead)
        parts = self.tree_weight * np.asarray(self.trees[MIDDLE].predict(x, pred_contrib=True, num_threads=1))
        players = tuple(dict.fromkeys((*(player for player, _ in features.keys), *features.effects)))
        phi = np.zeros((len(series), len(players)))
        for place, (player, _) in enumerate(features.keys):
            phi[:, players.index(player)] += parts[:, place]
        for driver, values in features.effects.items():
            phi[:, players.index(driver)] += values[series, week]
        level = features.level[series, week - ahead]
        base = parts[:, -1] + float(np.nanmean(features.level))
        phi[:, players.index(HISTORY)] += level - float(np.nanmean(features.level))
        return players, phi, base


def _on(panel: SalesPanel, holidays: Mapping[str, Mapping[str, float]]) -> dict[str, Floats]:
    return {event: np.array([own.get(week, 0.0) for week in panel.weeks]) for event, own in holidays.items()}


def _has_season(panel: SalesPanel, holidays: Mapping[str, Mapping[str, float]], item: Rows) -> bool:
    """Return whether an effect of the season, fitted before the last weeks, makes their additive forecast better."""
    cut = panel.n_known - _SEASON_TEST_WEEKS
    if cut < _SEASON_FIT_WEEKS:
        return False
    log_units = np.log1p(panel.units)
    errors = []
    for has_season in (False, True):
        values = terms(panel, _on(panel, holidays), has_season=has_season)
        earlier = log_units.copy()
        earlier[:, cut:] = np.nan
        effects = Effects.fit(earlier, values, item).of(values)
        features = Features.of(panel, effects, values)
        series, week = np.nonzero(np.isfinite(panel.units[:, cut : panel.n_known]))
        offset = features.offset(series, week + cut, week * 0 + 2)
        miss = np.abs(np.expm1(offset) - panel.units[series, week + cut])
        errors.append(float(np.nansum(miss)))
    return errors[1] < errors[0]


def _training_rows(panel: SalesPanel, features: Features, config: DemandConfig) -> tuple[Rows, Rows, Rows]:
    """Return series, week and weeks ahead of rows with known units and at least eight weeks of history."""
    known = np.isfinite(panel.units)
    history = known.cumsum(axis=1)
    found = []
    for ahead in range(1, config.weeks + 1):
        usable = known[:, ahead:] & (history[:, :-ahead] >= _MIN_HISTORY) & np.isfinite(features.level[:, :-ahead])
        series, week = np.nonzero(usable)
        found.append(np.stack([series, week + ahead, np.full(len(series), ahead)]))
    rows = np.concatenate(found, axis=1)
    if rows.shape[1] > config.max_rows:
        chosen = np.random.default_rng(config.seed).choice(rows.shape[1], config.max_rows, replace=False)
        rows = rows[:, np.sort(chosen)]
    return rows[0], rows[1], rows[2]


def _boosted(
    x: Floats, target: Floats, weight: Floats | None, quantile: float, features: Features, config: DemandConfig
) -> Any:
    """Return a LightGBM booster of one quantile."""
    with MissingExtraError.unless_installed("a demand model", "jobs"):
        import lightgbm
    parameters = {
        "objective": "quantile",
        "alpha": quantile,
        "learning_rate": config.learning_rate,
        "num_leaves": config.n_leaves,
        "min_data_in_leaf": int(np.clip(len(target) // 10, 5, _LEAF_ROWS * config.weeks)),
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "cat_smooth": 30,
        "max_cat_threshold": 16,
        "seed": config.seed,
        "deterministic": True,
        "num_threads": 1,
        "verbose": -1,
    }
    codes = [place for place, (_, name) in enumerate(features.keys) if name in {"item", "store"}]
    data = lightgbm.Dataset(x, target, weight=weight, categorical_feature=codes, params={"verbose": -1})
    return lightgbm.train(parameters, data, config.n_trees)
