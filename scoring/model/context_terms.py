"""Context terms of the whole catalogue at any moment, for a scorer that is asked about many moments.

Between two moments at which no promotion begins or ends, only the age of new items differs. So their rows alone are
worked out anew; everything else is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from scoring.features.context import context_columns, context_features, novelty

if TYPE_CHECKING:
    import pandas as pd

    from scoring.data.catalogue import Catalogue
    from scoring.data.log import FloatArray
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot
    from scoring.model.model import Context

MAX_MOMENTS: Final = 8
"""Moments whose terms are remembered."""

MAX_PERIODS: Final = 2
"""Periods without a change of promotions whose features are remembered."""


@dataclass(frozen=True)
class _Period:
    """Features and terms at one moment of a period, shapes ``(n_items, n_columns)`` and ``(n_items, n_terms)``."""

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
        self._age = context_columns(promotions.labels).index(("novelty", "age"))
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
            found = self._at_new(as_of)
            kept = list(moments.items())[1 - MAX_MOMENTS :]
            self._moments = {**dict(kept), as_of: found}  # replaced, never changed: other threads may read it
        return found

    def _at_new(self, as_of: pd.Timestamp) -> FloatArray:
        snapshot, promotions, catalogue = self._shop
        number = promotions.period(as_of)
        periods = self._periods
        period = periods.get(number)
        if period is None:
            x = context_features(snapshot, promotions, catalogue, as_of)
            period = _Period(x, self._terms(x))
            self._periods = {**dict(list(periods.items())[1 - MAX_PERIODS :]), number: period}
            return period.terms
        age = novelty(snapshot, as_of)
        rows = np.flatnonzero(np.isfinite(age) | np.isfinite(period.x[:, self._age]))
        x = period.x[rows]
        x[:, self._age] = age[rows]
        terms = period.terms.copy()
        terms[rows] = self._terms(x)
        return terms

    def _terms(self, x: FloatArray) -> FloatArray:
        with torch.no_grad():
            terms: FloatArray = self._model(torch.from_numpy(x)).numpy()
        return terms
