"""A small job without items: which visits speak for a user to stay. Its claim kind is about the user alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims import ClaimKind, Findings

if TYPE_CHECKING:
    from llm_explain.claims import Subjects

WINDOW_DAYS = 90


class ShopVisits(ClaimKind):
    """The user was in the shop lately.

    Rule: ``count`` is the number of the user's occasions in the ``window_days`` before ``as_of``, which are 90; it
    holds from one on.
    """

    name = "shop_visits"
    subject = "user"
    scope = "feature"
    parts = ("visits",)
    position = 10
    topic = "visits"
    prompts = Path(__file__).parent / "prompts"

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        counts = subjects.of_user.within(WINDOW_DAYS)
        rows = np.flatnonzero(counts)
        facts = {"count": counts[rows].tolist(), "window_days": [WINDOW_DAYS] * len(rows)}
        return Findings(rows, facts, subjects.of_user.take(rows))
