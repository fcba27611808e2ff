"""Weigh the parts of the score on validation data.

Popularity, personal frequency and links by themselves are where the search starts, next to the trained model. So the
result is at least as good as the best of them on validation data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import torch

from scoring.features.context import context_columns
from scoring.features.own_history import PAIR_FEATURES
from scoring.model.batches import make_batch
from scoring.model.model import PARTS
from scoring.training.past import Past
from scoring.training.quality import Asked, quality

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.data.catalogue import IndexArray
    from scoring.features.windows import TrainingData, Window
    from scoring.model.links import Links
    from scoring.model.model import AdditiveModel
    from scoring.training.trainer import Trainer

OWN_COUNTS: Final = ("count_10", "count_30", "count_90", "count")
"""Features of a bought item that rank by personal frequency."""

POPULARITY: Final = ("users_7", "users_30", "users_90", "rows")
"""Columns of the context that rank by popularity."""

METRICS: Final = ("recall@10", "ndcg@10", "recall@10_new", "ndcg@10_new")

MAX_USERS: Final = (800, 4000)
N_ASKED: Final = 12_000
"""Validation reads so many users that they bought about this many items, within the bounds of ``MAX_USERS``."""

N_CONTENDERS: Final = 50
"""Best items of each part that contend."""

BLOCK: Final = 50
SWEEPS: Final = 4
FACTORS: Final = (0.0, 0.4, 0.7, 1.4, 2.5)
ENTRIES: Final = (0.03, 0.1, 0.3, 1.0)
"""Weights with which a part enters, as shares of the spread of the score."""

MAX_SPREAD: Final = 5.0
"""Largest standard deviation of blended scores, where purchases can be told from the rest without error."""

LEAST_SPREAD: Final = 1e-12
"""Parts that differ by less than this are the same for all contenders."""

MIN_GAIN: Final = 5e-4
MIN_ERRORS: Final = 3.0
"""A change is kept if it gains this many standard errors."""

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Blend:
    """Weights of the parts of a score.

    Attributes:
        model: Weights of ``PARTS``.
        own: Slopes that are added to the curves of ``OWN_COUNTS``.
        popularity: Slopes that are added to the curves of ``POPULARITY``.
        links: Weights of the link tables.
        metrics: recall@10 and NDCG@10 on validation data, over all items and over new ones.
        starts: The same of each part by itself, by name.
    """

    model: tuple[float, ...]
    own: tuple[float, ...]
    popularity: tuple[float, ...]
    links: tuple[float, ...]
    metrics: tuple[float, ...]
    starts: dict[str, tuple[float, ...]]

    def fold(self, model: AdditiveModel) -> None:
        """Scale the parts of a model and add the slopes to its curves."""
        model.scale(dict(zip(PARTS, self.model, strict=True)))
        for name, slope in zip(OWN_COUNTS, self.own, strict=True):
            model.own.pair.tilt(PAIR_FEATURES.index(name), slope)
        columns = [column[1] for column in context_columns(model.labels)]
        for name, slope in zip(POPULARITY, self.popularity, strict=True):
            model.context.curves.tilt(columns.index(name), slope)

    @classmethod
    def popular(cls) -> Blend:
        """Return the blend for a log without validation data: popularity alone."""
        return cls((0.0,) * len(PARTS), (0.0,) * len(OWN_COUNTS), (0.0, 0.0, 0.0, 1.0), (), (), {})

    @staticmethod
    def named_metrics(values: tuple[float, ...]) -> dict[str, float]:
        """Return validation metrics by name; where items of the history are no candidates, those of new items alone."""
        return dict(zip(METRICS[len(METRICS) - len(values) :], values, strict=True))

    @property
    def uses_model(self) -> bool:
        """Whether a trained part counts."""
        return any(self.model)


def asked_of(data: TrainingData, window: Window, *, only_new: bool) -> tuple[IndexArray, Asked]:
    """Return validation users and what they bought.

    Args:
        data: Data that every window shares.
        window: Validation data.
        only_new: Whether items of the history are no candidates.

    Returns:
        Users, ascending, shape ``(n_users,)``, and their purchases.
    """
    users = window.users
    n_users = int(np.clip(N_ASKED * len(users) / max(len(window.bought_user), 1), *MAX_USERS))
    if len(users) > n_users:
        users = np.sort(np.random.default_rng(data.seed).choice(users, n_users, replace=False))
    shape = (len(users), len(data.candidates))
    place = data.place()
    masks = []
    past = window.past.targets()
    for user, item in ((window.bought_user, window.bought_item), (past.user_index, place[past.item_index])):
        mask = np.zeros(shape, dtype=bool)
        kept = np.isin(user, users) & (item >= 0)
        mask[np.searchsorted(users, user[kept]), item[kept]] = True
        masks.append(mask)
    out = np.broadcast_to(~window.is_available, shape)
    return users, Asked(masks[0], masks[1], out, only_new)


def find_blend(
    data: TrainingData, window: Window, trainer: Trainer, links: Links, *, users: IndexArray, asked: Asked,
    is_trained: bool,
) -> Blend:  # fmt: skip
    """Search for the weights of all parts.

    Args:
        data: Data that every window shares.
        window: Validation data, which the trainer has not learned from.
        trainer: The trained model.
        links: Link tables, fitted on what came before the window.
        users: Validation users.
        asked: What they bought.
        is_trained: Whether the model was trained; its parts are left out otherwise.

    Returns:
        The weights.
    """
    values, contenders = _contenders(data, window, trainer, links, users=users, asked=asked)
    names = [*PARTS, *OWN_COUNTS, *POPULARITY, *(f"links {place} {t.name}" for place, t in enumerate(links.tables))]
    search = _Search(values, contenders, np.arange(len(names)) < (0 if is_trained else len(PARTS)))
    starts = {}
    if is_trained:
        starts["trained"] = np.array([1.0] * len(PARTS) + [0.0] * (len(names) - len(PARTS)))
    for place in range(len(PARTS), len(names)):
        if not search.is_left_out[place] or names[place] == POPULARITY[-1]:
            starts[names[place]] = np.eye(len(names))[place]
    found = {name: search.means(weights) for name, weights in starts.items()}
    search.reference = np.maximum(np.max(list(found.values()), axis=0), 1e-6)
    for place in range(len(PARTS), len(PARTS) + len(OWN_COUNTS)):  # personal frequency needs popularity behind it
        if names[place] in starts:
            best = max((name for name in POPULARITY if name in starts), key=lambda name: float(found[name].sum()))
            starts[f"{names[place]} and {best}"] = starts[names[place]] + 1e-3 * starts[best]
    found = {name: search.means(weights) for name, weights in starts.items()}
    search.reference = np.maximum(np.max(list(found.values()), axis=0), 1e-6)
    ranked = sorted(starts, key=lambda name: -search.value(search.gains(starts[name])))
    chosen = dict.fromkeys(["trained", ranked[0]] if is_trained else ranked[:2])
    tries = [search.climb(starts[name]) for name in chosen]
    weights = max(tries, key=lambda each: search.value(search.gains(each)))
    weights = weights * search.slope(weights)
    cut = np.cumsum([len(PARTS), len(OWN_COUNTS), len(POPULARITY)])
    model, own_slopes, slopes, link_weights = (tuple(part.tolist()) for part in np.split(weights, cut))
    metrics = tuple(search.means(weights).tolist())
    by_start = {name: tuple(value.tolist()) for name, value in found.items()}
    return Blend(model, own_slopes, slopes, link_weights, metrics, by_start)


class _Search:
    """Coordinate ascent over the weights of parts."""

    def __init__(self, values: Scores, asked: Asked, is_left_out: npt.NDArray[np.bool_]) -> None:
        self.values, self.asked = values, asked
        self.is_open = ~asked.is_out & ~(asked.is_owned & asked.only_new)
        self.spread = values[self.is_open].std(axis=0) if self.is_open.any() else np.zeros(values.shape[2])
        self.is_left_out = is_left_out | (self.spread < LEAST_SPREAD)
        self.reference = np.ones(2 if asked.only_new else 4)

    def scores(self, weights: npt.NDArray[np.float64]) -> Scores:
        used = np.flatnonzero(weights)
        return self.values[:, :, used] @ weights[used].astype(np.float32)

    def means(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(quality(self.scores(weights), self.asked).sum(axis=0))

    def gains(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return each user's share of the metrics over those of the best start, shape ``(n_users, n_metrics)``."""
        return np.asarray(quality(self.scores(weights), self.asked) / self.reference)

    @staticmethod
    def value(gains: npt.NDArray[np.float64]) -> float:
        """Return the mean gain; a metric below the best start costs more than one above it earns."""
        means = gains.sum(axis=0)
        return float(means.mean() - 2.0 * np.maximum(1.0 - means, 0.0).mean())

    def climb(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        gains = self.gains(weights)
        for _ in range(SWEEPS):
            before = self.value(gains)
            for move in self._moves(weights):
                tried = move(weights)
                found = self.gains(tried)
                if self._is_better(found, gains):
                    weights, gains = tried, found
            if self.value(gains) <= before:
                break
        return weights

    def _is_better(self, found: npt.NDArray[np.float64], gains: npt.NDArray[np.float64]) -> bool:
        difference = (found - gains).mean(axis=1)
        error = float(difference.std() * np.sqrt(len(difference)))
        return self.value(found) - self.value(gains) > MIN_GAIN + MIN_ERRORS * error

    def _moves(self, weights: npt.NDArray[np.float64]) -> Iterator[_Move]:
        n = len(weights)
        trained = np.arange(n) < len(PARTS)
        yield from (_Move(trained, factor) for factor in FACTORS if weights[trained].any())
        for place in np.flatnonzero(~self.is_left_out):
            chosen = np.arange(n) == place
            yield from (_Move(chosen, factor) for factor in FACTORS)
            if weights[place] == 0:
                size = float(self.scores(weights).std()) / float(self.spread[place])
                yield from (_Move(chosen, 1.0, share * size) for share in ENTRIES)

    def slope(self, weights: npt.NDArray[np.float64]) -> float:
        """Return the factor that makes the scores of contenders log-odds, by logistic regression."""
        if (weights[: len(PARTS)] == 1.0).all():
            return 1.0  # trained as log-odds
        scores = self.scores(weights)
        x, y = scores[self.is_open].astype(np.float64), self.asked.is_hit[self.is_open].astype(np.float64)
        scale = float(x.std()) if len(x) else 0.0
        if scale < LEAST_SPREAD:
            return 1.0
        design = np.stack([np.ones_like(x), x / scale], axis=1)
        beta = np.array([np.log((y.mean() + 1e-6) / (1 - y.mean() + 1e-6)), 0.0])
        for _ in range(25):
            p = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -30, 30)))
            curvature = design.T @ (design * (p * (1 - p))[:, None]) + 1e-6 * np.eye(2)
            beta += np.clip(np.linalg.solve(curvature, design.T @ (y - p)), -1.0, 1.0)
        return float(np.clip(beta[1], 0.01, MAX_SPREAD) / scale)


@dataclass(frozen=True)
class _Move:
    """A change of some weights."""

    chosen: npt.NDArray[np.bool_]
    factor: float
    entry: float = 0.0

    def __call__(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(self.chosen, weights * self.factor + self.entry, weights)


def _contenders(
    data: TrainingData, window: Window, trainer: Trainer, links: Links, *, users: IndexArray, asked: Asked
) -> tuple[Scores, Asked]:
    """Return each part's value of each user's contenders, shape ``(n_users, n_contenders, n_parts)``."""
    popularity = _columns(data, window)
    linked = [Past.of(window.past, users).scores(table, data.candidates) for table in links.tables]
    found, places = [], []
    for at in range(0, len(users), BLOCK):
        rows = slice(at, at + BLOCK)
        parts = _parts(data, window, trainer, users[rows])
        parts += [np.broadcast_to(column, parts[0].shape) for column in popularity]
        parts += [table[rows] for table in linked]
        stacked = np.stack(parts, axis=2)  # (n_block, n_candidates, n_parts)
        totals = [parts[0] + parts[1] + parts[2] + parts[3], *parts]
        chosen = [_best(scores, asked.rows(rows)) for scores in totals]
        for row in range(len(stacked)):
            hits = np.flatnonzero(asked.is_hit[at + row])
            place = np.unique(np.concatenate([hits, *(best[row] for best in chosen)]))
            places.append(place)
            found.append(stacked[row, place])
    width = max(map(len, places))
    values = np.zeros((len(users), width, found[0].shape[1]), dtype=np.float32)
    padded = np.zeros((len(users), width), dtype=np.int64)
    is_padding = np.ones((len(users), width), dtype=bool)
    for row, (place, value) in enumerate(zip(places, found, strict=True)):
        values[row, : len(place)], padded[row, : len(place)], is_padding[row, : len(place)] = value, place, False
    contenders = asked.at(padded)
    return values, Asked(
        contenders.is_hit & ~is_padding, contenders.is_owned, contenders.is_out | is_padding, asked.only_new
    )


def _best(scores: Scores, asked: Asked) -> IndexArray:
    out = asked.is_out | asked.is_owned if asked.only_new else asked.is_out
    open_ = np.where(out, -np.inf, scores)
    k = min(N_CONTENDERS, open_.shape[1])
    best = np.argpartition(-open_, k - 1, axis=1)[:, :k]
    if asked.only_new:
        return best
    fresh = np.argpartition(-np.where(asked.is_owned, -np.inf, open_), k - 1, axis=1)[:, :k]
    return np.concatenate([best, fresh], axis=1)


def _columns(data: TrainingData, window: Window) -> list[Scores]:
    names = [column[1] for column in context_columns(data.promotions.labels)]
    return [window.context[:, names.index(name)].astype(np.float32) for name in POPULARITY]


def _parts(data: TrainingData, window: Window, trainer: Trainer, users: IndexArray) -> list[Scores]:
    """Return the parts of the model and the personal frequencies, each of shape ``(n_users, n_candidates)``."""
    batch = make_batch(data, window, users).to(trainer.device)
    model = trainer.model.eval()
    with torch.no_grad():
        parts = model.parts(batch, trainer.inputs.rows(batch.items), trainer.bucket_of_item)
    found = [part.float().cpu().numpy().T for part in parts]
    is_candidate = (batch.pair_candidate >= 0).cpu().numpy()
    user, place = (column.cpu().numpy()[is_candidate] for column in (batch.pair_user, batch.pair_candidate))
    x = batch.pair_x.cpu().numpy()[is_candidate]
    for name in OWN_COUNTS:
        counts = np.zeros(found[0].shape, dtype=np.float32)
        counts[user, place] = x[:, PAIR_FEATURES.index(name)]
        found.append(counts)
    return found
