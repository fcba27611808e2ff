"""Events of one signal kind, such as views, of users and titles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from scoring.data.targets import OTHER

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Floats
    from llm_explain.claims.subjects import Subjects
    from scoring.data.catalogue import IndexArray
    from scoring.data.history import History

NS_PER_DAY = 86_400 * 10**9
WINDOW_DAYS: Final = 30
"""Days before ``as_of`` in which a signal event tells what the user is interested in."""

SIGNALS: Final = ("wishlist", "play", "watch", "read", "like", "bookmark", "rate", "follow", "search", "view")
"""Signal kinds that have a verb, those that tell most of the user first."""


class SignalEvents(NamedTuple):
    """Events of a signal kind with the visible title of each subject's item; all columns have shape ``(n,)``.

    Attributes:
        row: Subject of each event, ascending.
        moment: Local moment in nanoseconds since 1970.
        channel: Where it happened; the empty string where the log does not say.
    """

    row: IndexArray
    moment: IndexArray
    channel: list[str]

    def after(self, day: Floats) -> SignalEvents:
        """Return the events on local days after a day of each subject, shape ``(n_subjects,)``."""
        places = np.flatnonzero(self.moment // NS_PER_DAY > day[self.row])
        return SignalEvents(self.row[places], self.moment[places], [self.channel[place] for place in places.tolist()])

    def last(self, n_subjects: int) -> tuple[Floats, list[str]]:
        """Return the local moment of each subject's latest event, and its channel.

        Args:
            n_subjects: Number of subjects.

        Returns:
            Moments, −infinity without an event, shape ``(n_subjects,)``; channels, empty where events of that moment
            name several or none.
        """
        latest = np.full(n_subjects, -np.inf)
        np.maximum.at(latest, self.row, self.moment.astype(np.float64))
        named: list[set[str]] = [set() for _ in range(n_subjects)]
        for row, moment, channel in zip(self.row.tolist(), self.moment.tolist(), self.channel, strict=True):
            if float(moment) == latest[row]:
                named[row].add(channel)
        return latest, [next(iter(names)) if len(names) == 1 else "" for names in named]


def signal_events(subjects: Subjects, kind: str) -> SignalEvents:
    """Return the events of a signal kind with the visible title of each subject's item, before its moment.

    Args:
        subjects: Users and items.
        kind: A signal kind; events of it that are target events or returns are left out.

    Returns:
        The events, of one subject after the other.
    """
    shop, title = subjects.shop, subjects.shop.title_index
    rows, moments, channels = [np.array([], dtype=np.int64)], [np.array([], dtype=np.int64)], []
    own: dict[int, tuple[IndexArray, IndexArray, list[str]]] = {}
    for row, (user, item) in enumerate(zip(subjects.user.tolist(), subjects.item.tolist(), strict=True)):
        if user not in own:
            history = subjects.evidence.histories[user]
            is_one = (history.kind == kind) & (history.role == OTHER)
            moment = history.timestamp[is_one].astype("datetime64[ns]").astype(np.int64)
            own[user] = (
                title[history.item_index[is_one]],
                shop.shop.clock.local(moment),
                history.channel[is_one].tolist(),
            )
        titles, moment, names = own[user]
        places = np.flatnonzero(titles == title[item])
        rows.append(np.full(len(places), row))
        moments.append(moment[places])
        channels += [str(names[place]) for place in places.tolist()]
    return SignalEvents(np.concatenate(rows), np.concatenate(moments), channels)


def recent_categories(subjects: Subjects, rows: IndexArray) -> dict[int, str]:
    """Return the kind of signal that the user lately gave to two titles of the history group's category.

    Args:
        subjects: Users and history groups.
        rows: Places of the subjects that are asked for.

    Returns:
        By place, the first of ``SIGNALS`` that is no target kind and has events of two titles of the category in the 30
        days before ``as_of``; subjects without one are left out, all of them where times only order the events.
    """
    found: dict[int, str] = {}
    own: dict[int, dict[int, str]] = {}
    for row in rows.tolist() if subjects.shop.has_dates else ():
        user = int(subjects.user[row])
        if user not in own:
            own[user] = _categories(subjects, subjects.evidence.histories[user])
        if (kind := own[user].get(int(subjects.group[row]))) is not None:
            found[row] = kind
    return found


def _categories(subjects: Subjects, history: History) -> dict[int, str]:
    """Return the first kind of signal of each category of which a user lately gave it to two titles."""
    shop, catalogue = subjects.shop, subjects.shop.catalogue
    kinds = [kind for kind in SIGNALS if kind not in shop.shop.target_kinds]
    since = (history.as_of - pd.Timedelta(days=WINDOW_DAYS)).to_datetime64()
    is_one = (history.role == OTHER) & np.isin(history.kind, kinds) & (history.timestamp >= since)
    items = history.item_index[is_one]
    columns = history.kind[is_one], catalogue.category_index[items], shop.title_index[items]
    counts = Counter(each[:2] for each in {*zip(*(column.tolist() for column in columns), strict=True)})
    return {
        category: kind for kind in reversed(kinds) for (own, category), n in counts.items() if own == kind and n > 1
    }
