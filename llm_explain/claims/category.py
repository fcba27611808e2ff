"""The rule that the claim kinds about a category share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings, kinds_of
from llm_explain.claims.signal_events import recent_categories

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

WINDOWS_DAYS: Final = (90, 365)
MIN_OCCASIONS: Final = 2


class CategoryHabit(ClaimKind):
    """How often the user bought from a category.

    Rule: ``count`` is the number of the user's occasions with a counted event of an item of ``category``, in the
    ``window_days`` before ``as_of`` on the shop's clock. The window is 90 days, or 365 where fewer than two occasions
    lie in 90. Where the log up to the snapshot is shorter than a window, all occasions count and there is no
    ``window_days``: a window would only name the log's length. The rule holds from two occasions on. An occasion lies
    in the window if its latest such event does.
    """

    with_signals: ClassVar[bool] = False
    """Whether signals of two titles suffice where the user has no counted event of the category."""

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        occasions = subjects.of_group
        shop = subjects.shop
        windows = [days if shop.has_dates and shop.snapshot.span(days) == days else None for days in WINDOWS_DAYS]
        counts = np.stack([occasions.within(days) for days in windows])
        enough = counts >= MIN_OCCASIONS
        signals = recent_categories(subjects, np.flatnonzero(self.with_signals & (occasions.counts == 0)))
        rows = np.union1d(np.flatnonzero(enough.any(axis=0)), [*signals]).astype(np.int64)
        window, found = enough.argmax(axis=0)[rows], occasions.take(rows)
        names = subjects.shop.catalogue.category_names
        facts: dict[str, list[Fact | None]] = {
            "category": [names[group] for group in subjects.group[rows].tolist()],
            "count": [count or None for count in counts[window, rows].tolist()],
            "window_days": [
                None if row in signals else windows[place]
                for row, place in zip(rows.tolist(), window.tolist(), strict=True)
            ],
        }
        kinds = zip(rows.tolist(), kinds_of(subjects, found), strict=True)
        return Findings(rows, facts, found, event_kind=[signals.get(row, kind) for row, kind in kinds])
