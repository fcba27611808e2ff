"""The rule that the claim kinds about a category share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings, kinds_of

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

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        occasions = subjects.of_group
        shop = subjects.shop
        windows = [days if shop.has_dates and shop.snapshot.span(days) == days else None for days in WINDOWS_DAYS]
        counts = np.stack([occasions.within(days) for days in windows])
        enough = counts >= MIN_OCCASIONS
        rows = np.flatnonzero(enough.any(axis=0))
        window, found = enough.argmax(axis=0)[rows], occasions.take(rows)
        names = subjects.shop.catalogue.category_names
        facts: dict[str, list[Fact | None]] = {
            "category": [names[group] for group in subjects.group[rows].tolist()],
            "count": counts[window, rows].tolist(),
            "window_days": [windows[place] for place in window.tolist()],
        }
        return Findings(rows, facts, found, event_kind=kinds_of(subjects, found))
