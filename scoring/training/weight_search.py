"""Coordinate ascent over the weights of the parts of a score, with a patience that users left out decide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from scoring.training.quality import Asked, quality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Scores = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
"""A weight for each part, shape ``(n_parts,)``."""

PerUser = npt.NDArray[np.float64]
"""Shares of each user of the metrics over those of the best start, shape ``(n_users, n_metrics)``."""

SWEEPS: Final = 4
FACTORS: Final = ((0.7, 0.4, 0.0), (1.4, 2.5))
"""Factors of a weight, in two directions."""

ENTRIES: Final = (0.03, 0.1, 0.3, 1.0)
"""Weights with which a part enters, as shares of the spread of the score."""

BACKING: Final = tuple(10.0 ** (-step / 2) for step in range(13))
"""The same for a part that ranks what the others leave equal, down to a millionth."""

MIN_GAIN: Final = 5e-4
MIN_ERRORS: Final = (3.0, 1.5, 0.5)
"""A change is kept if it gains this many standard errors, the first number unless users left out gain from another."""

N_FOLDS: Final = 2

MAX_SPREAD: Final = 5.0
"""Largest standard deviation of blended scores, where purchases can be told from the rest without error."""

MIN_CONTRAST: Final = 0.01
"""Least spread of a part as a share of its size, if it enters without a gain."""

LEAST_CONTRAST: Final = 1e-4
"""Least spread of scores as a share of their size that is brought to log-odds; less is rounding and chance."""

LEAST_SPREAD: Final = 1e-12
"""Parts that differ by less than this are the same for all contenders."""


@dataclass
class WeightSearch:
    """A search for weights.

    Attributes:
        values: Each part's value of each user's contenders, shape ``(n_parts, n_users, n_contenders)``.
        asked: What the users bought of their contenders.
        is_left_out: Whether a part is not used, shape ``(n_parts,)``; parts that differ by nothing are left out too.
        n_trained: Parts of the trained model, which come first and are also weighed together.
        may_fall: Whether a part may lower the score, shape ``(n_parts,)``; none may if not given.
    """

    values: Scores
    asked: Asked
    is_left_out: npt.NDArray[np.bool_]
    n_trained: int
    may_fall: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Measure the spread of each part."""
        self.is_open = ~self.asked.is_out & ~(self.asked.is_owned & self.asked.only_new)
        self.spread = np.array([part[self.is_open].std() if self.is_open.any() else 0.0 for part in self.values])
        self.is_left_out = self.is_left_out | (self.spread < LEAST_SPREAD)
        self.reference = np.ones(2 if self.asked.only_new else 4)

    def scores(self, weights: Weights) -> Scores:
        """Return the scores of contenders, shape ``(n_users, n_contenders)``."""
        total = np.zeros(self.values.shape[1:], dtype=np.float32)
        for place in np.flatnonzero(weights):
            total += np.float32(weights[place]) * self.values[place]
        return total

    def means(self, weights: Weights) -> npt.NDArray[np.float64]:
        """Return the metrics of some weights, shape ``(n_metrics,)``."""
        return np.asarray(quality(self.scores(weights), self.asked).sum(axis=0))

    def compare(self, starts: Mapping[str, Weights]) -> dict[str, npt.NDArray[np.float64]]:
        """Return the metrics of each start, and measure gains against the best of them from now on."""
        found = {name: self.means(weights) for name, weights in starts.items()}
        self.reference = np.maximum(np.max(list(found.values()), axis=0), 1e-6)
        return found

    def value(self, weights: Weights) -> float:
        """Return how good some weights are, 1 for the best start in every metric."""
        return _value(self._gains_of(weights))

    def best(self, starts: Sequence[Weights]) -> Weights:
        """Return the best weights that ascent reaches from some starts.

        Args:
            starts: Where to start, the simplest first. Where a later one leads must be better by a standard error.

        Returns:
            The weights. A change must gain three standard errors; fewer if that is better for users left out.
        """
        errors = MIN_ERRORS[0]
        n_users = self.values.shape[1]
        if n_users >= 2 * N_FOLDS:
            fold = np.arange(n_users) % N_FOLDS
            parts = [(self._of(fold != number), self._of(fold == number)) for number in range(N_FOLDS)]
            gains = None
            for tried in MIN_ERRORS:
                found = [left_out._gains_of(learnt._climb_all(starts, tried)) for learnt, left_out in parts]
                stacked = np.concatenate(found) / N_FOLDS
                if gains is None or _is_better(stacked, gains):
                    errors, gains = tried, stacked
        return self._climb_all(starts, errors)

    def backed(self, weights: Weights, parts: Sequence[Weights]) -> Weights:
        """Return weights with more parts, each as large as costs nothing on validation data.

        What ranks the items of users with a history may tell nothing of the other items, and nothing to other users.

        Args:
            weights: Weights.
            parts: Weights of what enters, each by itself.

        Returns:
            The weights; a part enters with the smallest share if every share costs something.
        """
        least = self.value(weights) - MIN_GAIN
        size = float(self.scores(weights).std())
        for part in parts:
            scores = self.scores(part)
            level = float(np.abs(scores).mean(where=self.is_open)) if self.is_open.any() else 0.0
            spread = float(scores.std(where=self.is_open)) if self.is_open.any() else 0.0
            if spread <= max(MIN_CONTRAST * level, LEAST_SPREAD):
                continue  # nearly the same for all contenders
            shares = [share * size / spread for share in BACKING]
            found = (tried for share in shares if self.value(tried := weights + share * part) >= least)
            weights = next(found, weights + shares[-1] * part)
        return weights

    def slope(self, weights: Weights) -> float:
        """Return the factor that makes the scores of contenders log-odds, by logistic regression."""
        if (weights[: self.n_trained] == 1.0).all():
            return 1.0  # trained as log-odds
        scores = self.scores(weights)
        x, y = scores[self.is_open].astype(np.float64), self.asked.is_hit[self.is_open].astype(np.float64)
        scale = float(x.std()) if len(x) else 0.0
        if scale < max(LEAST_SPREAD, LEAST_CONTRAST * float(np.abs(x).mean()) if len(x) else 0.0):
            return 1.0
        design = np.stack([np.ones_like(x), x / scale], axis=1)
        beta = np.array([np.log((y.mean() + 1e-6) / (1 - y.mean() + 1e-6)), 0.0])
        for _ in range(25):
            p = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -30, 30)))
            curvature = design.T @ (design * (p * (1 - p))[:, None]) + 1e-6 * np.eye(2)
            beta += np.clip(np.linalg.solve(curvature, design.T @ (y - p)), -1.0, 1.0)
        return float(np.clip(beta[1], 0.01, MAX_SPREAD) / scale)

    def _of(self, users: npt.NDArray[np.bool_]) -> WeightSearch:
        found = replace(self, values=self.values[:, users], asked=self.asked.rows(users))
        found.reference = self.reference
        return found

    def _gains_of(self, weights: Weights) -> PerUser:
        return self._gains(self.scores(weights))

    def _gains(self, scores: Scores) -> PerUser:
        return np.asarray(quality(scores, self.asked) / self.reference)

    def _climb_all(self, starts: Sequence[Weights], errors: float) -> Weights:
        best, *others = (self._climb(start, errors) for start in starts)
        for other in others:
            if _is_better(self._gains_of(other), self._gains_of(best)):
                best = other
        return best

    def _climb(self, weights: Weights, errors: float) -> Weights:
        scores = self.scores(weights)
        gains = self._gains(scores)
        for _ in range(SWEEPS):
            before = _value(gains)
            for moves in self._directions(weights):
                for move in moves:
                    tried = move(weights)
                    moved = scores + self.scores(tried - weights)
                    found = self._gains(moved)
                    gain, error = _gain(found, gains)
                    if gain > MIN_GAIN + errors * error:
                        weights, scores, gains = tried, moved, found
                    elif gain < -error:
                        break  # further in this direction is worse still
            if _value(gains) <= before:
                break
        return weights

    def _directions(self, weights: Weights) -> Iterator[list[_Move]]:
        """Yield changes of the weights at the start of a sweep, each list from small to large."""
        n = len(weights)
        trained = np.arange(n) < self.n_trained
        if weights[trained].any():
            yield from ([_Move(trained, factor) for factor in factors] for factors in FACTORS)
        for place in np.flatnonzero(~self.is_left_out):
            chosen = np.arange(n) == place
            if weights[place]:
                yield from ([_Move(chosen, factor) for factor in factors] for factors in FACTORS)
            else:
                size = float(self.scores(weights).std()) / float(self.spread[place])
                yield [_Move(chosen, 1.0, share * size) for share in ENTRIES]
                if self.may_fall is not None and self.may_fall[place]:
                    yield [_Move(chosen, 1.0, -share * size) for share in ENTRIES]


@dataclass(frozen=True)
class _Move:
    """A change of some weights."""

    chosen: npt.NDArray[np.bool_]
    factor: float
    entry: float = 0.0

    def __call__(self, weights: Weights) -> Weights:
        return np.where(self.chosen, weights * self.factor + self.entry, weights)


def _is_better(found: PerUser, gains: PerUser) -> bool:
    """Return whether the value grows by more than a standard error."""
    gain, error = _gain(found, gains)
    return gain > error


def _gain(found: PerUser, gains: PerUser) -> tuple[float, float]:
    """Return by how much the value grows from ``gains`` to ``found``, and the standard error of that."""
    difference = (found - gains).mean(axis=1)
    return _value(found) - _value(gains), float(difference.std() * np.sqrt(len(difference)))


def _value(gains: PerUser) -> float:
    """Return the mean gain; a metric below the best start costs more than one above it earns."""
    means = gains.sum(axis=0)
    return float(means.mean() - 2.0 * np.maximum(1.0 - means, 0.0).mean())
