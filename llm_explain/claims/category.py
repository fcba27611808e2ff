"""The rule that the claim kinds about a category share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import ClaimKind, Finding, with_kind

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence

WINDOWS_DAYS: Final = (90, 365)
MIN_OCCASIONS: Final = 2


class CategoryHabit(ClaimKind):
    """How often the user bought from a category.

    Rule: ``count`` is the number of distinct timestamps of the user's events with an item of ``category`` in the
    ``window_days`` before ``as_of``; the window is 90 days, or 365 where fewer than two lie in 90; it holds from two.
    """

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        group = evidence.user.category(evidence.group)
        for window_days in WINDOWS_DAYS:
            count = len(group.occasions.within(window_days))
            if count >= MIN_OCCASIONS:
                name = evidence.shop.catalogue.category_names[evidence.group]
                facts = with_kind({"category": name, "count": count, "window_days": window_days}, group.event_kind)
                return Finding(facts, evidence.user.category_licences(evidence.group))
        return None
