"""The claim kind ``category_affinity``."""

from __future__ import annotations

from llm_explain.claims.category import CategoryHabit


class CategoryAffinity(CategoryHabit):
    """The user buys from the item's own category.

    Rule: a counted event is a target event before ``as_of`` that no return took back, of the first target kind that
    occurs among the user's events with the category. ``count`` is the number of the user's occasions with a counted
    event of an item of ``category``, the item's own, in the ``window_days`` before ``as_of`` on the shop's clock. The
    window is 90 days, or 365 where fewer than two occasions lie in 90; the rule holds from two occasions on: one
    purchase is no affinity. An occasion lies in the window if its latest counted event does. A log whose times only
    order the events has no window: all occasions count. It cites the largest part of the history group: the tower's,
    the links', or that of an own-history feature of the category, of a brand in it or of a price band in it. Each of
    them is what the user's purchases from this category add to the score.

    Where the user has no counted event of the category, the claim holds without a count if events of one signal kind,
    as for ``recent_signal``, are of two titles of the category in the 30 days before ``as_of``: a guest who looked at
    two dresses has looked at dresses. It may cite the part of the signals too.
    """

    name = "category_affinity"
    tells_category = True
    with_signals = True
    scope = "own group"
    parts = ("tower", "links", "category_share", "own_brand", "own_price", "signals")
    position = 30
    list_place = 1
    fact_place = 3
    topic = "category"
    never_with = frozenset({"other purchase"})
    yields_to = frozenset({"item", "rhythm", "past item"})
