"""The claim kind ``category_affinity``."""

from __future__ import annotations

from llm_explain.claims.category import CategoryHabit


class CategoryAffinity(CategoryHabit):
    """The user buys from the item's own category.

    Rule: ``count`` is the number of distinct timestamps of the user's events with an item of ``category``, the item's
    own, in the ``window_days`` before ``as_of``; the window is 90 days, or 365 where fewer than two lie in 90; it holds
    from two on: one purchase is no affinity. It cites the larger of the tower's part and the own-history feature's.
    """

    name = "category_affinity"
    scope = "own group"
    parts = ("tower", "category_share")
    position = 30
    topic = "category"
    never_with = frozenset({"other purchase"})
    yields_to = frozenset({"item", "rhythm"})
    required_slots = ("category",)
    optional_slots = ("category_times", "category_window")
