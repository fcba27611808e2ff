"""The claim kind ``back_in_stock``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import NS_PER_DAY, to_dates
from scoring.data.changes import is_on_sale

if TYPE_CHECKING:
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray

MAX_DAYS: Final = 14
LEAST_PAUSE: Final = pd.Timedelta(days=1)


class BackInStock(ClaimKind):
    """The item is on sale again after it was not.

    Rule: ``since`` is the local day of the latest change of the catalogue by which the item came back on sale: before
    it, ``available`` was no, in the items table or by an earlier change, and after it no change said no. If a change
    took the item off sale, it was off sale for at least 24 hours. From ``since`` to the local day of ``as_of`` at most
    14 days have passed. A log whose times only order the events has no such claim.
    """

    name = "back_in_stock"
    scope = "context"
    parts = ("novelty",)
    position = 111
    topic = "stock"
    badge_place = 7
    is_reason = False
    counts_events = False
    fits_sensitive_items = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if not shop.has_dates or not shop.past.changes:
            return NOTHING
        moment = shop.once(_back_since)[subjects.item]
        passed = subjects.as_of // NS_PER_DAY - moment // NS_PER_DAY
        rows = np.flatnonzero((moment >= 0) & (moment <= subjects.as_of) & (passed <= MAX_DAYS))
        facts: dict[str, list[Fact]] = {"since": [*to_dates(moment[rows] // NS_PER_DAY)]}
        return Findings(rows, facts)


def _back_since(shop: ShopEvidence) -> IndexArray:
    """Return the local moment at which each item on sale came back; −1 for the others, shape ``(n_items,)``."""
    gone: dict[str, pd.Timestamp | None] = {}
    back: dict[str, pd.Timestamp] = {}
    for item_id, when, is_there in shop.past.sale_steps():
        if not is_there:
            gone[item_id] = when
            back.pop(item_id, None)
        elif when is not None and ((left := gone[item_id]) is None or when - left >= LEAST_PAUSE):
            back[item_id] = when
    since = np.full(len(shop.catalogue), -1)
    since[shop.catalogue.index_of([*back])] = [shop.local(moment).value for moment in back.values()]
    return np.where(is_on_sale(shop.catalogue.items), since, -1)
