"""Context terms of the whole catalogue at any moment, for a scorer that is asked about many moments.

Between two moments at which no promotion begins or ends, only the age of new items differs. So their rows alone are
worked out anew; everything else is remembered. A request for few items works out their rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from scoring.features.context import TERMS, can_be_new, context_columns, context_features, novelty

if TYPE_CHECKING:
    import pandas as pd

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot
    from scoring.model.model import Context

MAX_MOMENTS: Final = 8
"""Moments whose terms are remembered."""

MAX_PERIODS: Final = 2
"""Periods without a change of promotions whose features are remembered."""

FEW: Final = 0.05
"""Share of the catalogue up to which rows are worked out for the asked items alone."""

POPULARITY: Final = TERMS.index("popularity")

BLOCK: Final = 65_536
"""Items whose curves are read at a time."""


@dataclass(frozen=True)
class _Period:
    """Terms at one moment of a period, shape ``(n_items, n_terms)``, and the features of items that can be new."""

    x: FloatArray
    terms: FloatArray


class ContextTerms:
    """Works context terms out and remembers them; safe to share between threads.

    Args:
        model: The learned curves.
        snapshot: Global statistics.
        promotions: What runs when.
        catalogue: The shop's items.
    """

    def __init__(self, model: Context, snapshot: Snapshot, promotions: PromotionCalendar, catalogue: Catalogue) -> None:
        self._model = model
        self._shop = snapshot, promotions, catalogue
        columns = context_columns(promotions.labels)
        self._age, self._rows = columns.index(("novelty", "age")), columns.index(("popularity", "rows"))
        self._can_be_new = np.flatnonzero(can_be_new(snapshot))
        self._place = np.full(len(catalogue), -1, dtype=np.int32)
        self._place[self._can_be_new] = np.arange(len(self._can_be_new), dtype=np.int32)
        self.forget()

    def forget(self) -> None:
        """Give up the terms that are remembered."""
        self._moments: dict[pd.Timestamp, FloatArray] = {}
        self._periods: dict[int, _Period] = {}

    def at(self, as_of: pd.Timestamp) -> FloatArray:
        """Return the terms of every item.

        Args:
            as_of: The moment.

        Returns:
            Terms in logits, shape ``(n_items, n_terms)``; not to be written to.
        """
        moments = self._moments
        found = moments.get(as_of)
        if found is None:
            found = self._renewed(self._period(as_of), as_of, np.arange(len(self._place)))
            kept = list(moments.items())[1 - MAX_MOMENTS :]
            self._moments = {**dict(kept), as_of: found}  # replaced, never changed: other threads may read it
        return found

    def of(self, as_of: pd.Timestamp, item_index: IndexArray) -> FloatArray:
        """Return the terms of some items.

        Args:
            as_of: The moment.
            item_index: Items, shape ``(n,)``.

        Returns:
            Terms in logits, shape ``(n, n_terms)``.
        """
        if as_of in self._moments or len(item_index) > FEW * len(self._place):
            return self.at(as_of)[item_index]
        return self._renewed(self._period(as_of), as_of, item_index)

    def in_period(self, as_of: pd.Timestamp) -> FloatArray:
        """Return the terms of every item at some moment with the same promotions, shape ``(n_items, n_terms)``."""
        return self._period(as_of).terms

    def _period(self, as_of: pd.Timestamp) -> _Period:
        snapshot, promotions, catalogue = self._shop
        number = promotions.period(as_of)
        periods = self._periods
        period = periods.get(number)
        if period is None:
            x = context_features(snapshot, promotions, catalogue, as_of)
            period = _Period(x[self._can_be_new], self._terms(x))
            self._periods = {**dict(list(periods.items())[1 - MAX_PERIODS :]), number: period}
        return period

    def _renewed(self, period: _Period, as_of: pd.Timestamp, item_index: IndexArray) -> FloatArray:
        """Return terms of a period with the age of new items at a moment."""
        terms = period.terms[item_index]
        rows = np.flatnonzero(self._place[item_index] >= 0)
        x = period.x[self._place[item_index[rows]]]
        age = novelty(self._shop[0], as_of, item_index[rows])
        is_new = np.isfinite(age) | np.isfinite(x[:, self._age])
        x[:, self._age] = age
        terms[rows[is_new]] = self._terms(x[is_new])
        return terms

    def _terms(self, x: FloatArray) -> FloatArray:
        with torch.no_grad():
            blocks = [self._model(torch.from_numpy(x[at : at + BLOCK])).numpy() for at in range(0, len(x), BLOCK)]
        terms = np.concatenate(blocks) if blocks else np.zeros((0, len(TERMS)))
        # An item without events has no popularity, high or low: the term of an absent player is its mean.
        terms[x[:, self._rows] == 0, POPULARITY] = self._model.mean[POPULARITY].item()
        return terms
