"""Weigh the parts of the score on validation data.

Popularity, personal frequency and links by themselves are where the search starts, next to the trained model. So the
result is at least as good as the best of them on validation data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt
import torch

from scoring.features.context import context_columns
from scoring.features.own_history import BUCKET_FEATURES, BUCKET_KINDS, PAIR_FEATURES
from scoring.model.batches import make_batch
from scoring.model.model import PARTS
from scoring.training.contenders import Contenders
from scoring.training.past import table_scores, to_candidates
from scoring.training.quality import Asked
from scoring.training.weight_search import WeightSearch

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.features.windows import TrainingData, Window
    from scoring.model.curves import Curves
    from scoring.model.links import Links
    from scoring.model.model import AdditiveModel
    from scoring.training.trainer import Trainer
    from scoring.training.weight_search import Weights

OWN_COUNTS: Final = ("count_10", "count_30", "count_90", "count")
"""Features of a bought item that rank by personal frequency."""

FOR_STRANGERS: Final = ("towers", "context")
"""Parts of the model that rank items for users without target events."""

SIGNAL_COUNTS: Final = ("count_10", "count")
"""Features of an item with signal events, such as views, that rank by how often each signal kind occurred."""

POPULARITY: Final = ("users_7", "users_30", "users_90", "rows")
"""Columns of the context that rank by popularity."""

METRICS: Final = ("recall@10", "ndcg@10", "recall@10_new", "ndcg@10_new")

MAX_USERS: Final = (800, 4000)
N_ASKED: Final = 12_000
"""Validation reads so many users that they bought about this many items, within the bounds of ``MAX_USERS``."""

BLOCK: Final = 50
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Blend:
    """Weights of the parts of a score.

    Attributes:
        model: Weights of ``PARTS``.
        own: Slopes that are added to the curves of ``OWN_COUNTS``.
        popularity: Slopes that are added to the curves of ``POPULARITY``.
        links: Weights of the link tables.
        signals: Slopes that are added to the curves of ``SIGNAL_COUNTS`` of items, signal kind by signal kind.
        metrics: recall@10 and NDCG@10 on validation data, over all items and over new ones.
        starts: The same of each part by itself, by name.
    """

    model: tuple[float, ...]
    own: tuple[float, ...]
    popularity: tuple[float, ...]
    links: tuple[float, ...]
    signals: tuple[float, ...]
    metrics: tuple[float, ...]
    starts: dict[str, tuple[float, ...]]

    def fold(self, model: AdditiveModel) -> None:
        """Scale the parts of a model and add the slopes to its curves."""
        model.scale(dict(zip(PARTS, self.model, strict=True)))
        for name, slope in zip(OWN_COUNTS, self.own, strict=True):
            model.own.pair.tilt(PAIR_FEATURES.index(name), slope)
        for place, slope in enumerate(self.signals):
            signal, feature = divmod(place, len(SIGNAL_COUNTS))
            curves = cast("Curves", model.own.bucket[signal_bucket(signal)])
            curves.tilt(BUCKET_FEATURES.index(SIGNAL_COUNTS[feature]), slope)
        columns = [column[1] for column in context_columns(model.labels)]
        for name, slope in zip(POPULARITY, self.popularity, strict=True):
            model.context.curves.tilt(columns.index(name), slope)

    @classmethod
    def popular(cls) -> Blend:
        """Return the blend for a log without validation data: popularity alone."""
        return cls((0.0,) * len(PARTS), (0.0,) * len(OWN_COUNTS), (0.0, 0.0, 0.0, 1.0), (), (), (), {})

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
    signals = [f"{name} of {kind}" for kind in data.buckets.signals for name in SIGNAL_COUNTS]
    tables = [f"links {place} {table.name}" for place, table in enumerate(links.tables)]
    names = [*PARTS, *OWN_COUNTS, *signals, *POPULARITY, *tables]
    is_left_out = np.arange(len(names)) < (0 if is_trained else len(PARTS))
    may_fall = np.array([name in signals for name in names])  # a dislike, or a view of what was not bought
    search = WeightSearch(values, contenders, is_left_out, len(PARTS), may_fall)
    alone = dict(zip(names, np.eye(len(names)), strict=True))
    starts = {
        name: alone[name]
        for name, is_left_out in zip(names, search.is_left_out, strict=True)
        if name not in PARTS and (name == POPULARITY[-1] or not is_left_out)
    }
    found = search.compare(starts)
    popularity = max((name for name in POPULARITY if name in starts), key=lambda name: float(found[name].sum()))
    linked = max((name for name in tables if name in starts), key=lambda name: float(found[name].sum()), default=None)
    behind = {  # personal frequency needs something behind it for items that are new to the user
        f"{name} and {back}": starts[name] + 1e-3 * starts[back]
        for name in (*reversed(OWN_COUNTS), *signals)
        if name in starts
        for back in (popularity, linked)
        if back
    }
    simple = {**behind, **starts}
    starts = {**simple, "trained": np.sum([alone[name] for name in PARTS], axis=0)} if is_trained else simple
    found = search.compare(starts)
    ranked = sorted(simple, key=lambda name: -search.value(simple[name]))
    chosen = [ranked[0], "trained"] if is_trained else ranked[:2]
    weights = search.best([starts[name] for name in chosen])
    if not weights[[PARTS.index(part) for part in FOR_STRANGERS]].any():
        strangers = _for_strangers(data, window, trainer, links, users, asked, search, alone[popularity])
        backing = [alone[linked]] if linked and not any(weights[names.index(name)] for name in tables) else []
        backing += [part for part in (strangers, alone[popularity]) if part[weights == 0].any()]
        weights = search.backed(weights, backing)
    weights = weights * search.slope(weights)
    cut = np.cumsum([len(PARTS), len(OWN_COUNTS), len(signals), len(POPULARITY)])
    model, own_slopes, signal_slopes, slopes, link_weights = (tuple(part.tolist()) for part in np.split(weights, cut))
    metrics = tuple(search.means(weights).tolist())
    by_start = {name: tuple(value.tolist()) for name, value in found.items()}
    return Blend(model, own_slopes, slopes, link_weights, signal_slopes, metrics, by_start)


def _for_strangers(
    data: TrainingData, window: Window, trainer: Trainer, links: Links, users: IndexArray, asked: Asked,
    search: WeightSearch, popularity: Weights,
) -> Weights:  # fmt: skip
    """Return weights of popularity and signals for users without target events, such as guests who look at items.

    They rank what validation users bought next that was new to them, with all of their target events left out.

    Args:
        data: Data that every window shares.
        window: Validation data.
        trainer: The model.
        links: Link tables.
        users: Validation users.
        asked: What they bought.
        search: The search over all parts, with their order.
        popularity: Weights of the best popularity.

    Returns:
        The weights; those of popularity where signals predict nothing more.
    """
    past = window.past.signals()
    has_signals = np.isin(users, past.user_index)
    if not has_signals.any():
        return popularity
    asked = replace(asked.rows(has_signals), only_new=True)
    values, contenders = _contenders(
        data, replace(window, past=past), trainer, links, users=users[has_signals], asked=asked
    )
    values[: len(PARTS) + len(OWN_COUNTS)] = 0.0
    alone = WeightSearch(values, contenders, search.is_left_out, 0, search.may_fall)
    alone.compare({"popularity": popularity})
    return alone.best([popularity])


def _contenders(
    data: TrainingData, window: Window, trainer: Trainer, links: Links, *, users: IndexArray, asked: Asked
) -> tuple[Scores, Asked]:
    """Return each part's value of each user's contenders, shape ``(n_parts, n_users, n_contenders)``."""
    popularity = _columns(data, window)
    past = window.past.of_users(users)
    linked = to_candidates(links, data.candidates)
    found = Contenders()
    for at in range(0, len(users), BLOCK):
        rows = slice(at, at + BLOCK)
        parts = _parts(data, window, trainer, users[rows])
        parts += [np.broadcast_to(column, parts[0].shape) for column in popularity]
        parts += table_scores(linked, past, np.arange(len(users))[rows])
        found.add(parts, [parts[0] + parts[1] + parts[2] + parts[3], *parts], asked.rows(rows))
    return found.collected(asked)


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
    place_of_item = data.place()
    for signal in range(len(data.buckets.signals)):
        rows = batch.buckets[signal_bucket(signal)]
        place = place_of_item[rows.bucket.cpu().numpy()]
        user, x = rows.user.cpu().numpy()[place >= 0], rows.x.cpu().numpy()[place >= 0]
        for name in SIGNAL_COUNTS:
            counts = np.zeros(found[0].shape, dtype=np.float32)
            counts[user, place[place >= 0]] = x[:, BUCKET_FEATURES.index(name)]
            found.append(counts)
    return found


def signal_bucket(signal: int) -> int:
    """Return the number of the kind of bucket that holds single items of a signal kind."""
    return len(BUCKET_KINDS) + 2 * signal
