"""Choose link tables and their decay on validation data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from scoring.features.alike import Alike
from scoring.features.link_tables import Neighbours, Solved, Transitions
from scoring.features.near import Near
from scoring.model.links import Decay, Links, LinkTable
from scoring.training.past import Past
from scoring.training.quality import Asked, quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import Log
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
    """

    maker: Maker
    decay: Decay


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
    past, asked = Past.of(window.past, few), asked.rows(np.isin(users, few))
    decays = tuple(replace(decay, least=past.youngest()) for decay in DECAYS)

    fitted: dict[Maker, Table] = {}

    def tried(maker: Maker, decays: tuple[Decay, ...]) -> tuple[float, Decay]:
        if maker not in fitted:
            fitted[maker] = maker.fit(log, data.candidates, len(data.catalogue))
        table = LinkTable(maker.name, fitted[maker][:, data.candidates], FLAT)
        scores = past.scores_by_decay(table, decays)
        found = [(quality(each, asked, new_only=True).sum(), -place) for place, each in enumerate(scores)]
        best = max(found)
        return float(best[0]), decays[-best[1]]

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
    return choices, fit_links(choices, data, log, fitted)


def fit_links(
    choices: list[LinkChoice], data: TrainingData, past: Log, fitted: Mapping[Maker, Table] | None = None
) -> Links:
    """Return the links of a log.

    Args:
        choices: How to link items.
        data: Data that every window shares.
        past: Events.
        fitted: Tables of this log that are known already.

    Returns:
        A table for each choice, of weight 1.
    """
    log, n_items = past.targets(), len(data.catalogue)
    found = dict(fitted or {})
    for choice in choices:
        if choice.maker not in found:
            found[choice.maker] = choice.maker.fit(log, data.candidates, n_items)
    tables = (LinkTable(choice.maker.name, found[choice.maker], choice.decay) for choice in choices)
    return Links(n_items, tuple(tables))
