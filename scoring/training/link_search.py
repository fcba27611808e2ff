"""Choose link tables and their decay on validation data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import numpy as np

from scoring.features.alike import Alike
from scoring.features.link_tables import Neighbours, Solved, Transitions
from scoring.features.near import Near
from scoring.model.links import Decay, Links, LinkTable
from scoring.training.memory import trim
from scoring.training.past import Past
from scoring.training.quality import Asked, quality

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray, Log
    from scoring.features.link_tables import Table
    from scoring.features.windows import TrainingData, Window

FLAT: Final = Decay(1e6, 1.0)
DECAYS: Final = (
    *(Decay(days, 2.0) for days in (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)),
    *(Decay(days, 8.0) for days in (0.7, 1.4, 2.8, 10.0)),
    FLAT,
)
"""From seconds to years, with long tails and with short ones."""

VARIANTS: Final = ({"backward": 0.2}, {"backward": 1.0}, {"row_power": 0.7}, {"column_power": 0.4}, {"window": 8})
"""Settings of transitions that validation may prefer to the defaults."""

MAX_ROWS: Final = 300_000
"""Longer logs keep the default settings of transitions."""

MANY_USERS: Final = 500
SHARE_OF_USERS: Final = 0.5
"""Share of the validation users that the choice is made on."""


Fitted: TypeAlias = "dict[tuple[Maker, bool], Table]"
"""Tables by maker and by whether signal events count."""


class Maker(Protocol):
    """A way to link items."""

    @property
    def name(self) -> str:
        """Name of the tables."""

    def fit(self, log: Log, candidates: IndexArray, n_items: int) -> Table:
        """Return the links of a log."""


@dataclass(frozen=True)
class LinkChoice:
    """A way to link items with a decay.

    Attributes:
        maker: Makes the table from a log.
        decay: Weight of an event by its age.
        has_signals: Whether signal events count like target events, as past items and in the counts.
    """

    maker: Maker
    decay: Decay
    has_signals: bool = False


def choose_links(data: TrainingData, window: Window, asked: Asked, users: IndexArray) -> tuple[list[LinkChoice], Links]:
    """Return ways to link items, each with its best decay and with one that never fades.

    Args:
        data: Data that every window shares.
        window: Validation data.
        asked: What the users bought.
        users: The users of ``asked``, ascending, shape ``(n_users,)``.

    Returns:
        The choices, and the links that they give before the window; which of them the score uses is for the blend to
        find.
    """
    log = window.past.targets()
    if not len(log):
        return [], Links(len(data.catalogue))
    few = users[:: int(1 / SHARE_OF_USERS)] if len(users) >= MANY_USERS else users
    sources = (False, True) if data.buckets.signals else (False,)
    pasts = {has_signals: Past.of(window.past, few, has_signals=has_signals) for has_signals in sources}
    asked = asked.rows(np.isin(users, few))
    fitted: Fitted = {}

    def decays_of(has_signals: bool) -> tuple[Decay, ...]:
        least = pasts[has_signals].youngest()
        return tuple(replace(decay, least=least) for decay in DECAYS)

    def tried(maker: Maker, decays: tuple[Decay, ...], has_signals: bool = False) -> tuple[float, Decay]:
        links = _fit(maker, has_signals, window.past, data, fitted)
        table = LinkTable(maker.name, links[:, data.candidates], FLAT)
        scores = pasts[has_signals].scores_by_decay(table, decays)
        found = np.stack([quality(each, asked, new_only=True).sum(axis=1) for each in scores])  # (n_decays, n_users)
        weights = [_mean_weight(decay, pasts[has_signals].age) for decay in decays]
        # A scorer of the next event counts ages as it does here; others are asked about users who were long away.
        trim()
        place = int(found.sum(axis=1).argmax()) if asked.only_new else _slowest(found, weights)
        return float(found[place].sum()), decays[place]

    decays = decays_of(False)
    best, decay = tried(Transitions(), decays)
    maker = Transitions()
    for variant in VARIANTS if len(log) <= MAX_ROWS else ():
        other = replace(maker, **variant)
        value, _ = tried(other, (decay,))
        if value > best:
            best, maker = value, other
    choices = [LinkChoice(maker, decay)]
    others: list[Maker] = [Neighbours(), Solved(), *Near.of(data.catalogue)]
    alike = [found for with_titles in (False, True) if (found := Alike.of(data.catalogue, with_titles=with_titles))]
    if alike:
        others.append(max(alike, key=lambda each: tried(each, (decay,))[0]))
    choices += [LinkChoice(other, tried(other, decays)[1]) for other in others]
    flat = [replace(choice, decay=FLAT) for choice in choices if choice.decay.days < FLAT.days]
    choices += flat
    if data.buckets.signals:
        makers = (Transitions(), *others)
        decays = decays_of(True)
        choices += [LinkChoice(each, tried(each, decays, True)[1], has_signals=True) for each in makers]
    return choices, fit_links(choices, data, window.past, fitted)


def _slowest(found: FloatArray, weights: list[float]) -> int:
    """Return the place of the slowest decay that is worse than the best one by less than a standard error.

    A fast decay that is better by chance makes the links of users fade who were away for longer than validation users.

    Args:
        found: Each user's share of the quality, shape ``(n_decays, n_users)``.
        weights: Mean weight of an event with each decay; larger is slower.

    Returns:
        The place.
    """
    behind = found[found.sum(axis=1).argmax()] - found
    error = behind.std(axis=1) * np.sqrt(found.shape[1])
    return int(np.argmax(np.where(behind.sum(axis=1) <= error, weights, -1.0)))


def _mean_weight(decay: Decay, age: FloatArray) -> float:
    """Return the mean weight of events as a share of the largest."""
    weight = decay(age)
    return float(weight.mean() / weight.max()) if len(weight) else 0.0


def fit_links(choices: list[LinkChoice], data: TrainingData, past: Log, fitted: Fitted | None = None) -> Links:
    """Return the links of a log.

    Args:
        choices: How to link items.
        data: Data that every window shares.
        past: Events.
        fitted: Tables of this log that are known already, by maker and by whether signal events count.

    Returns:
        A table for each choice, of weight 1.
    """
    found = dict(fitted or {})
    tables = (
        LinkTable(
            choice.maker.name,
            _fit(choice.maker, choice.has_signals, past, data, found),
            choice.decay,
            has_signals=choice.has_signals,
        )
        for choice in choices
    )
    return Links(len(data.catalogue), tuple(tables))


def _fit(maker: Maker, has_signals: bool, past: Log, data: TrainingData, fitted: Fitted) -> Table:
    """Return the links of a log, and keep them in ``fitted``."""
    key = maker, has_signals
    if key not in fitted:
        log = past.interactions() if has_signals else past.targets()
        fitted[key] = maker.fit(log, data.candidates, len(data.catalogue))
    return fitted[key]
