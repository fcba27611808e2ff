"""The claim kind ``related_category``."""

from __future__ import annotations

from llm_explain.claims.category import CategoryHabit


class RelatedCategory(CategoryHabit):
    """The user buys from another category that drives the score.

    Rule: as for ``category_affinity``, with ``category`` the single category behind the cited player instead of the
    item's own. What relates the two is the model's attribution, which the claim cites, and no statement about them.
    """

    name = "related_category"
    scope = "other group"
    parts = ("tower", "links")
    position = 40
    topic = "other purchase"
    yields_to = frozenset({"past item"})
    list_place = 2
    needs_visible_link = True
