"""Statements about the shop's tables: what an item costs, whether it is available and whether a promotion runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.claims.evidence import Evidence
from llm_explain.claims.kinds.promotion import OPEN_END
from llm_explain.dialogue.facts import Statement
from scoring.data.changes import is_on_sale
from scoring.data.tables import AVAILABLE, PRICE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.claims.shop_evidence import ShopEvidence
    from scoring.data.history import History


MOST_FOUND: Final = 5
"""Most items that a search names."""

_MOMENT: Final = pd.Timedelta(1, "us")
"""A promotion is over at its end; its last day is that of the moment before."""


def price(shop: ShopEvidence, item_id: str) -> Statement:
    """Return what the catalogue says that an item costs."""
    (index,) = shop.catalogue.index_of([item_id])
    column = shop.catalogue.items.get(PRICE)
    amount = float("nan") if column is None else float(pd.to_numeric(column.iloc[index], errors="coerce"))
    if not amount > 0:
        return Statement("no_price", item=item_id)
    return Statement("price", item=item_id, amounts={"amount": round(amount, 2)})


def cheapest(shop: ShopEvidence, items: Sequence[str], category: str | None = None) -> Statement:
    """Return the one item with the lowest price; that there are no prices, if any is not known."""
    told = sorted((price(shop, item) for item in items), key=lambda each: each.amounts.get("amount", 0.0))
    amounts = [each.amounts.get("amount") for each in told]
    is_told = None not in amounts and len(amounts) > 1 and amounts[0] != amounts[1]
    if not is_told:
        return Statement("no_cheapest" if category is None else "no_cheapest_group", category=category)
    return replace(told[0], frame="cheapest" if category is None else "cheapest_group", category=category)


def up_to(shop: ShopEvidence, items: Sequence[str], amount: float) -> Statement:
    """Return which of some items cost at most an amount; that there are none, or that there are no prices."""
    prices = {item: price(shop, item).amounts.get("amount") for item in items}
    found = tuple(item for item, each in prices.items() if each is not None and each <= amount)
    if not any(each is not None for each in prices.values()):
        return Statement("no_prices")
    frame = "up_to" if found else "none_up_to"
    return Statement(frame, items=found[:MOST_FOUND], amounts={"amount": amount})


def stock(shop: ShopEvidence, item_id: str) -> Statement:
    """Return whether the catalogue says that an item is available, or that it does not say."""
    if AVAILABLE not in shop.catalogue.items:
        return Statement("stock_unknown", item=item_id)
    (index,) = shop.catalogue.index_of([item_id])
    return Statement("available" if is_on_sale(shop.catalogue.items.iloc[[index]])[0] else "unavailable", item=item_id)


def stock_of(shop: ShopEvidence, category: str, *, most: int) -> Statement:
    """Return what the catalogue has of a category, what users chose most first."""
    items = titles_of(shop, category)
    is_stated = AVAILABLE in shop.catalogue.items
    if not items:
        return Statement("stock_group_none", category=category)
    frame = "stock_group" if is_stated else "stock_group_unknown"
    return Statement(frame, category=category, items=items[:most], numbers={"count": len(items)})


def offers_of(shop: ShopEvidence, category: str, history: History, *, most: int) -> Statement:
    """Return which titles of a category a promotion runs for, what users chose most first."""
    found = tuple(item for item in titles_of(shop, category, is_each=True) if _ends(shop, item, history))
    titles = dict.fromkeys(map(shop.catalogue.title_of.__getitem__, found))
    if not found:
        return Statement("no_offers_group", category=category)
    items = tuple(next(item for item in found if shop.catalogue.title_of[item] == title) for title in [*titles][:most])
    return Statement("offers_group", category=category, items=items, numbers={"count": len(titles)})


def titles_of(shop: ShopEvidence, category: str, *, is_each: bool = False) -> tuple[str, ...]:
    """Return items of a category that are on sale and may be named, one for each title unless each is wanted."""
    catalogue = shop.catalogue
    rows = np.flatnonzero(catalogue.category_index == list(catalogue.category_names).index(category))
    rows = np.array([row for row in rows.tolist() if catalogue.titles[row] and not shop.is_sensitive(row)], dtype=int)
    rows = rows[np.argsort(-shop.snapshot.n_events[rows], kind="stable")]
    rows = rows[is_on_sale(catalogue.items.iloc[rows])]
    if not is_each:
        rows = rows[np.sort(np.unique(shop.title_index[rows], return_index=True)[1])]
    return tuple(map(str, catalogue.item_ids[rows]))


def offer(shop: ShopEvidence, item_id: str, history: History) -> Statement:
    """Return until when a promotion of an item runs where the user shops."""
    ends = _ends(shop, item_id, history)
    if not ends:
        return Statement("no_offer", item=item_id)
    if max(ends) >= OPEN_END or not shop.has_dates:
        return Statement("offer_open", item=item_id)
    last = shop.local(max(ends)) - _MOMENT
    return Statement("offer", item=item_id, dates={"last": last.date()})


def offers(shop: ShopEvidence, item_ids: Sequence[str], history: History, *, most: int) -> Statement:
    """Return which items of a list a promotion runs for."""
    found = tuple(item for item in item_ids if _ends(shop, item, history))
    return Statement("offers", items=found[:most]) if found else Statement("no_offers")


def _ends(shop: ShopEvidence, item_id: str, history: History) -> list[pd.Timestamp]:
    """Return the ends of the promotions of an item that run now, where the user shops, and that may be spoken of."""
    (index,) = shop.catalogue.index_of([item_id])
    store = Evidence(shop, [history]).usual_store(0) if len(history) else None
    running = shop.promotions.running(history.as_of, int(index), store_id=store)
    return [run.end for run in running if shop.policy.may_speak_promotion(run.label)]


def spoken(shop: ShopEvidence, groups: Sequence[str], items: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the categories and the items that an answer may name."""
    rows = dict(zip(items, shop.catalogue.index_of(items).tolist(), strict=True)) if items else {}
    named_items = tuple(each for each in items if not shop.is_sensitive(rows[each]))
    return tuple(filter(shop.policy.may_name_category, groups)), named_items
