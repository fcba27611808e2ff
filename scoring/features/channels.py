"""How items sell in each channel, such as web or app, against how they sell in all of them.

The same for every user, so the channel of a request can be a context term (docs/decisions/0001).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray, Log

CHANNEL: Final = "channel"
"""Name of the context term."""

CHANNEL_WINDOWS: Final = (30, 365)
"""Days of the windows in which users of each channel are counted."""

STRENGTHS: Final = np.geomspace(0.5, 50_000.0, 31)
"""Strengths of shrinkage that are tried, in users of an item."""


@dataclass(frozen=True)
class Channels:
    """Users of each item in each channel.

    Attributes:
        names: Channels of the log, the commonest first.
        users_by_window: Distinct users with a counted target event of the item in the channel in the last
            ``CHANNEL_WINDOWS`` days, shape ``(n_windows, n_channels, n_items)``.
    """

    names: tuple[str, ...]
    users_by_window: IndexArray

    @classmethod
    def count(cls, past: Log, now: float, n_items: int) -> Channels:
        """Count the users of a log.

        Args:
            past: Counted target events.
            now: End of the windows, in days since 1970.
            n_items: Number of items.

        Returns:
            The counts.
        """
        if not past.channels:
            return cls.none(n_items)
        users = np.zeros((len(CHANNEL_WINDOWS), len(past.channels), n_items), dtype=np.int64)
        for row, days in enumerate(CHANNEL_WINDOWS):
            recent = past.between(now - days, now)
            for channel in range(len(past.channels)):
                users[row, channel] = recent.of_channel(channel).distinct_users(n_items)
        return cls(past.channels, users)

    @classmethod
    def none(cls, n_items: int) -> Channels:
        """Return the counts of a log without channels."""
        return cls((), np.zeros((len(CHANNEL_WINDOWS), 0, n_items), dtype=np.int64))

    def with_items(self, n_new: int) -> Channels:
        """Return the counts with new items, which no user has, behind the others."""
        return Channels(self.names, np.pad(self.users_by_window, ((0, 0), (0, 0), (0, n_new))))

    @cached_property
    def log_ratios(self) -> FloatArray:
        """Return how much more an item sells in a channel than in all channels, shape as ``users_by_window``.

        Of ``n`` users in the channel against ``e`` expected ones, the value is ``log((n + a) / (e + a))``, less the
        mean of this over the channel's users. ``e`` are the item's users in all channels times ``p``, the channel's
        share of all users of items. ``a`` is ``p`` times the strength of a Dirichlet prior of an item's shares, which
        has the largest Dirichlet-multinomial likelihood. So where channels sell alike, all values are nearly 0.
        Source: Minka (2000), "Estimating a Dirichlet distribution".
        """
        return np.stack([_log_ratios(users.astype(np.float64)) for users in self.users_by_window])

    def heights(self, weights: Sequence[float]) -> FloatArray:
        """Return the context term of each channel and item.

        Args:
            weights: Weight of each window.

        Returns:
            Logits, shape ``(n_channels, n_items)``.
        """
        return np.asarray(np.tensordot(np.asarray(weights), self.log_ratios, axes=1))


def _log_ratios(users: FloatArray) -> FloatArray:
    if not users.any():
        return np.zeros_like(users)
    from scipy.special import gammaln  # slow to import, and few logs have channels

    everywhere = users.sum(axis=0)  # (n_items,)
    share = users.sum(axis=1, keepdims=True) / users.sum()  # (n_channels, 1)
    sold = users[share[:, 0] > 0][:, everywhere > 0]
    prior = share[share > 0][:, None]

    def likelihood(strength: float) -> float:
        whole = gammaln(strength) - gammaln(everywhere[everywhere > 0] + strength)
        return float(whole.sum() + (gammaln(sold + strength * prior) - gammaln(strength * prior)).sum())

    known = max(STRENGTHS, key=likelihood) * np.maximum(share, 1e-12)
    found = np.log((users + known) / (everywhere * share + known))
    centre = (users * found).sum(axis=1) / np.maximum(users.sum(axis=1), 1.0)
    return np.asarray(found - centre[:, None])
