"""The claim kind ``other_size``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from llm_explain.claims.sizes import other_size
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


class OtherSize(ClaimKind):
    """The item is what the user bought, in another size.

    Rule: counted events are the user's purchases before ``as_of`` that no return took back. ``other_item_id`` is an
    item of one of them, of the item's category and brand. Its title is the item's but for one size, of which one is at
    least 30 % larger (see ``sizes``). ``size`` is that of the item's title, and ``other_size`` that of the other one,
    as the titles write them in small letters. It is the one bought last, ties by the smallest id. No counted event is
    of the item's title.
    """

    name = "other_size"
    scope = "context"
    parts = ("popularity",)
    position = 63
    new_place = 0
    topic = "past item"
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        found = {row: known for row in range(len(subjects)) if (known := _latest(subjects, row)) is not None}
        names = ("other_item_id", "size", "other_size")
        facts: dict[str, list[Fact]] = {name: [known[n] for known in found.values()] for n, name in enumerate(names)}
        return Findings(np.array([*found], dtype=np.int64), facts)


def _latest(subjects: Subjects, row: int) -> tuple[str, str, str] | None:
    """Return the item that the subject's user bought last in another size, and both sizes; ``None`` without one."""
    evidence, shop, item = subjects.evidence, subjects.shop, int(subjects.item[row])
    catalogue, kinds = shop.catalogue, shop.shop.target_kinds
    own = slice(*evidence.user.searchsorted([subjects.user[row], subjects.user[row] + 1]))
    is_one = evidence.kind[own] == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)
    bought = evidence.item[own]
    if (shop.title_index[bought[is_one]] == shop.title_index[item]).any():
        return None
    is_one &= catalogue.category_index[bought] == catalogue.category_index[item]
    is_one &= (catalogue.brand_index[bought] == catalogue.brand_index[item]) & (
        shop.product[bought] == shop.product[item]
    )
    latest: dict[int, int] = {}
    for other, moment in zip(bought[is_one].tolist(), evidence.moment[own][is_one].tolist(), strict=True):
        latest[other] = max(moment, latest.get(other, moment))
    title, titles, ids = str(catalogue.titles[item]), catalogue.titles, catalogue.item_ids
    sizes = {other: other_size(title, str(titles[other])) for other in latest}
    ordered = sorted(latest, key=lambda other: (-latest[other], str(ids[other])))
    return next(((str(ids[other]), *known) for other in ordered if (known := sizes[other]) is not None), None)
