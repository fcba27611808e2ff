"""Additive models: a base value and one curve for each feature, so that each Shapley value is a term of the sum.

    score(x) = base_value + Σ_j φ_j(x_j),    φ_j(x_j) = f_j(x_j) − E[f_j]

The curves are steps. LightGBM fits them as trees with one split; this module reads them out of the trees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scoring.errors import ArtifactError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
"""Numbers, shape as said where it is used."""


@dataclass(frozen=True, eq=False)
class Curve:
    """The term of one feature: a step function, and a value for a missing one.

    Attributes:
        edges: Ends of the steps, ascending, shape ``(n,)``. A value on an end lies left of it.
        values: Height of each step, shape ``(n + 1,)``.
        missing: Height for NaN.
    """

    edges: Floats
    values: Floats
    missing: float

    def __call__(self, x: Floats) -> Floats:
        """Return the term.

        Args:
            x: Values of the feature, shape ``(n_rows,)``.

        Returns:
            Heights, shape ``(n_rows,)``.
        """
        steps = self.values[np.searchsorted(self.edges, x, side="left")]
        return np.where(np.isnan(x), self.missing, steps)

    def shifted(self, by: float, factor: float = 1.0) -> Curve:
        """Return ``factor`` times the curve, less ``by``."""
        return Curve(self.edges, factor * self.values - by, factor * self.missing - by)


@dataclass(frozen=True, eq=False)
class AdditiveModel:
    """A base value and centred curves.

    Attributes:
        features: Names of the features, in the order of the columns.
        curves: Curve of each feature; its mean over the reference rows is 0.
        base_value: Mean score of the reference rows.
    """

    features: tuple[str, ...]
    curves: tuple[Curve, ...]
    base_value: float

    def terms(self, x: Floats) -> Floats:
        """Return the exact Shapley value of each feature.

        Args:
            x: Feature values, NaN for missing ones, shape ``(n_rows, n_features)``.

        Returns:
            phi, shape ``(n_rows, n_features)``; rows sum to ``score - base_value``.

        Raises:
            ShapeError: If the number of columns is not the number of features.
        """
        if x.shape[1] != len(self.features):
            raise ShapeError(
                f"the table has {x.shape[1]} columns but the model has {len(self.features)} features. "
                "Compute the features by the settings that the model was trained with."
            )
        return np.column_stack([curve(column) for curve, column in zip(self.curves, x.T, strict=True)])

    def score(self, x: Floats) -> Floats:
        """Return the scores of rows of features, shape ``(n_rows,)``."""
        return np.asarray(self.base_value + self.terms(x).sum(axis=1))

    def scaled(self, slope: float, intercept: float) -> AdditiveModel:
        """Return the model whose scores are ``slope * score + intercept``.

        Args:
            slope: Factor of every term.
            intercept: What is added after that.

        Returns:
            A model with the same features.
        """
        curves = tuple(curve.shifted(0.0, slope) for curve in self.curves)
        return replace(self, curves=curves, base_value=slope * self.base_value + intercept)

    def to_json(self) -> dict[str, Any]:
        """Return the model as JSON values."""
        curves = {
            name: {"edges": curve.edges.tolist(), "values": curve.values.tolist(), "missing": curve.missing}
            for name, curve in zip(self.features, self.curves, strict=True)
        }
        return {"base_value": self.base_value, "curves": curves}

    @classmethod
    def of_json(cls, content: Any) -> AdditiveModel:
        """Read what ``to_json`` returned.

        Args:
            content: JSON values.

        Returns:
            The model.

        Raises:
            ArtifactError: If the content is not a model.
        """
        try:
            curves = {
                str(name): Curve(
                    np.array(each["edges"], float), np.array(each["values"], float), float(each["missing"])
                )
                for name, each in content["curves"].items()
            }
            return cls(tuple(curves), tuple(curves.values()), float(content["base_value"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(
                f"the model cannot be read ({error!r}) but curves are needed. Train it again."
            ) from error


def read_out(booster: Any, features: Sequence[str], reference: Floats) -> AdditiveModel:
    """Return the curves of a LightGBM model whose trees have one split each.

    Predicts one value of every step and takes differences, so it needs no knowledge of how trees are stored.

    Args:
        booster: A ``lightgbm.Booster`` of trees with at most two leaves.
        features: Names of the columns.
        reference: Rows whose mean score becomes the base value, shape ``(n_rows, n_features)``.

    Returns:
        The model; its scores are those of the booster.
    """
    splits = booster.trees_to_dataframe().dropna(subset=["split_feature"])
    columns = booster.feature_name()
    origin = np.zeros((1, len(columns)))
    at_origin = float(booster.predict(origin, raw_score=True)[0])
    curves = []
    base = at_origin
    for place, column in enumerate(columns):
        edges = np.unique(splits.loc[splits["split_feature"] == column, "threshold"].to_numpy(dtype=np.float64))
        inside = np.append(edges, edges[-1] + 1.0 if len(edges) else 0.0)  # a value on an edge lies left of it
        rows = np.repeat(origin, len(inside) + 1, axis=0)
        rows[:, place] = np.append(inside, np.nan)
        heights = booster.predict(rows, raw_score=True) - at_origin
        curve = Curve(edges, heights[:-1], float(heights[-1]))
        mean = float(curve(reference[:, place]).mean())
        base += mean
        curves.append(curve.shifted(mean))
    return AdditiveModel(tuple(features), tuple(curves), base)
