"""What a campaign can offer a user: promotions that run in the user's store, and coupons of the campaign."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.campaigns.audience import name_of, opened
from llm_explain.campaigns.lines import COUPON
from llm_explain.claims.kinds.promotion import Promotion
from llm_explain.claims.subjects import Subjects
from llm_explain.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.campaigns.audience import Source
    from llm_explain.claims import Evidence
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray

PROMOTION: Final = "promotion"
NEEDED: Final = ("coupon_id", "item_id", "first_day", "last_day")


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that a message offers.

    Attributes:
        offer_id: Id of the coupon; kind and item of a promotion.
        kind: ``promotion`` or ``coupon``.
        item_id: The shop's id of the item.
        facts: What its line may state.
    """

    offer_id: str
    kind: str
    item_id: str
    facts: Mapping[str, Fact]

    def numbered(self) -> Offer:
        """Return the offer with the item's id as a fact, for an item whose title other items share."""
        return replace(self, facts={**self.facts, "item_number": self.item_id})

    def expected_cost(self, probability: float, price: float) -> float:
        """Return what the coupon is expected to cost if the item is bought with it; 0 for a promotion.

        Args:
            probability: Probability of a purchase.
            price: Price of the item; NaN if it is not known, and a percentage of it counts as 0.

        Returns:
            Money.
        """
        if "amount_off" in self.facts:
            return probability * float(self.facts["amount_off"])
        share = float(self.facts.get("percent_off", 0.0))
        return 0.0 if share == 0 or np.isnan(price) else probability * share * price


def read_coupons(source: Source, item_ids: Sequence[str]) -> list[Offer]:
    """Read the coupons of a campaign.

    Args:
        source: Data frame, CSV or Parquet: ``coupon_id, item_id, first_day, last_day``, one of ``amount_off`` (money)
            and ``percent_off`` (whole percent), and optionally ``code``. Days are days of the shop, both included.
        item_ids: Items of the catalogue.

    Returns:
        The coupons.

    Raises:
        TableError: If a column is missing or a row is wrong.
    """
    frame, name = opened(source).reset_index(drop=True), name_of(source)
    missing = [name for name in NEEDED if name not in frame]
    if missing or not {"amount_off", "percent_off"} & set(frame):
        raise TableError(
            f"{name} has the columns {', '.join(map(str, frame.columns))} but {', '.join(NEEDED)} and amount_off "
            "or percent_off are needed. Add or rename the columns."
        )
    known = set(item_ids)
    texts = frame.astype("str").astype(object).where(frame.notna(), None)
    rows: list[dict[str, str | None]] = [{str(k): v for k, v in row.items()} for row in texts.to_dict("records")]
    coupons = [_coupon(row, number, name, known) for number, row in enumerate(rows, start=1)]
    _refuse_overlaps(coupons, name)
    return coupons


def _refuse_overlaps(coupons: Sequence[Offer], file: str) -> None:
    """Raise ``TableError`` for two coupons of an item that can be used on the same day."""
    ends: dict[str, str] = {}
    for coupon in sorted(coupons, key=lambda each: (each.item_id, str(each.facts["since"]))):
        if str(coupon.facts["since"]) <= ends.get(coupon.item_id, ""):
            raise TableError(
                f"{file}: item {coupon.item_id!r} has a second coupon, {coupon.offer_id!r}, on the same days but "
                "one is told. Keep one of them."
            )
        ends[coupon.item_id] = str(coupon.facts["until"])


def coupons_of(rows: Sequence[Mapping[str, object]], item_ids: Sequence[str]) -> list[Offer]:
    """Return the coupons of rows with the columns of ``read_coupons``; a wrong row raises ``TableError``."""
    return read_coupons(pd.DataFrame(rows), item_ids) if rows else []


def _coupon(row: Mapping[str, str | None], number: int, file: str, known: set[str]) -> Offer:
    first, last = _day(row["first_day"]), _day(row["last_day"])
    amount, percent = _number(row.get("amount_off")), _number(row.get("percent_off"))
    rules = {
        "first_day and last_day are days such as 2017-12-01, in order": bool(first and last and first <= last),
        "item_id is an item of the catalogue": row["item_id"] in known,
        "one of amount_off (above 0) and percent_off (1 to 99, whole) is given": _is_discount(amount, percent),
    }
    broken = [rule for rule, is_kept in rules.items() if not is_kept]
    if broken:
        raise TableError(f"{file}: row {number} breaks the rule '{broken[0]}'. Correct the row.")
    facts: dict[str, Fact] = {"since": str(first), "until": str(last)}
    facts |= {"percent_off": percent / 100} if math.isnan(amount) else {"amount_off": amount}
    code = (row.get("code") or "").strip()
    if code:
        facts["code"] = code
    return Offer(str(row["coupon_id"]), COUPON, str(row["item_id"]), facts)


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _is_discount(amount: float, percent: float) -> bool:
    if math.isnan(amount):
        return 0 < percent < 100 and percent == round(percent)
    return amount > 0 and math.isnan(percent)


def promotions_of(evidence: Evidence, items: IndexArray) -> dict[int, Offer]:
    """Return the promotions that run now where a user shops, by the rule of the claim kind ``promotion``.

    Args:
        evidence: Events of one user.
        items: Row numbers in the catalogue, shape ``(n,)``.

    Returns:
        Offers by row number of the item.
    """
    subjects = Subjects.of(evidence, np.zeros(len(items), dtype=np.int64), items)
    found = Promotion().find(subjects)
    ids = evidence.shop.catalogue.item_ids
    offers = {}
    for place, row in enumerate(found.rows.tolist()):
        item_id = str(ids[items[row]])
        offers[int(items[row])] = Offer(f"{PROMOTION}:{item_id}", PROMOTION, item_id, found.facts_at(place))
    return offers


def running(coupons: Sequence[Offer], today: str) -> list[Offer]:
    """Return the coupons that can be used on a day.

    Args:
        coupons: Coupons of the campaign.
        today: The day in the shop's time zone, in ISO 8601.

    Returns:
        Coupons whose days include it.
    """
    return [offer for offer in coupons if str(offer.facts["since"]) <= today <= str(offer.facts["until"])]
