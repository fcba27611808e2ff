"""Statements about the user's own events: what is known, when an item was bought, how often and for how much."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llm_explain.claims.kinds.due import MIN_DUE_DAYS, MIN_REGULAR_SHARE
from llm_explain.dialogue.facts import Statement
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags
    from llm_explain.claims.shop_evidence import ShopEvidence
    from scoring.data.history import History

MOST_NAMED: Final = 3
"""Most items or categories that one sentence lists."""

MOST_LISTED: Final = 10
"""Most items of a period that are listed."""

SAID_OF: Final = {
    "like": {"like", "wishlist", "bookmark", "rate", "follow"},
    "view": {"view", "watch", "read"},
    "play": {"play", "watch"},
    "rating": {"rate", "rating", "like", "dislike"},
    "return": {"return", "refund", "cancel", "cancelled", "cancellation"},
}
"""Event kinds that people call by one name."""


Item = str | tuple[str, ...] | None
"""One item, or several that a message does not tell apart: any ham."""

_UNNAMED: Final = Statement("no_talk_own")


class OwnEvents:
    """The target events of one user, as answers count them.

    An item stands for every item with its visible title.

    Args:
        shop: The shop.
        history: The events of the user that may be used.
    """

    def __init__(self, shop: ShopEvidence, history: History) -> None:
        self._shop, self._catalogue, self._history = shop, shop.catalogue, history

    def known(self) -> Statement:
        """Return the number and the period of the events, and the largest categories."""
        own = self._history.is_target
        if not own.any():
            return Statement("know_none")
        categories, numbers = tuple(self.categories()[:MOST_NAMED]), {"count": int(own.sum())}
        if not self._shop.has_dates:
            return Statement("know_undated", categories=categories, numbers=numbers)
        return Statement(
            "know" if categories else "know_bare", categories=categories, numbers=numbers, dates=self._ends(own)
        )

    def categories(self) -> list[str]:
        """Return the user's categories that may be named, those with most events first."""
        names = self._catalogue.category_names
        counts = np.bincount(
            self._catalogue.category_index[self._history.item_index[self._history.is_target]], minlength=len(names)
        )
        order = [int(each) for each in np.argsort(-counts, kind="stable") if counts[each]]
        return [names[each] for each in order if self._shop.policy.may_name_category(names[each])]

    def count_in(self, category: str) -> int:
        """Return the number of events in a category; 0 for one that may not be named."""
        return int(self._of_category(category).sum()) if self._shop.policy.may_name_category(category) else 0

    def count_of(self, item_id: str) -> int:
        """Return the number of events with one row of the catalogue."""
        (index,) = self._catalogue.index_of([item_id])
        return int((self._history.is_target & (self._history.item_index == index)).sum())

    def has_item(self, item_id: str) -> bool:
        """Return whether there are events with an item, or another item of its title."""
        return bool(self._of_title(item_id).any())

    def last_of(self, item_id: str) -> Any | None:
        """Return the local day of the last event with an item; ``None`` without one or without dates."""
        own = self._of_title(item_id)
        return self._ends(own)["last"] if own.any() and self._shop.has_dates else None

    def last_day(self) -> Any | None:
        """Return the local day of the last event; ``None`` without one or without dates."""
        own = self._history.is_target
        return self._ends(own)["last"] if own.any() and self._shop.has_dates else None

    def last_bought(self, item_id: Item, category: str | None) -> Statement:
        """Return when the user last had an item, the last one of several, or else a category."""
        own, named, noun = self._about(item_id, category)
        if not own.any():
            return Statement(f"not_bought{noun}", **named)
        if isinstance(item_id, tuple):
            return self.last_bought(self.last_of_several(item_id), None)
        if not self._shop.has_dates:
            return self.how_often(item_id, category)
        return self._did(f"last{noun}", **named, dates={"last": self._ends(own)["last"]})

    def last_of_several(self, item_ids: tuple[str, ...]) -> str:
        """Return the one of some items that the user had last; the first of them without events."""
        own, named, _ = self._about(item_ids, None)
        last = np.flatnonzero(own)[-1:]
        return str(self._catalogue.item_ids[self._history.item_index[last[0]]]) if len(last) else named["items"][0]

    def how_often(self, item_id: Item, category: str | None) -> Statement:
        """Return on how many occasions the user had an item, several ones or a category, and over which period."""
        own, named, noun = self._about(item_id, category)
        if not own.any():
            return Statement(f"not_bought{noun}", **named)
        numbers = {"count": len(np.unique(self._history.occasion[own])), **named.pop("numbers", {})}
        if not self._shop.has_dates:
            return self._did(f"times{noun}_undated", **named, numbers=numbers)
        if numbers["count"] == 1 and self._shop.crowd_kind == PURCHASE:
            rest = {name: number for name, number in numbers.items() if name != "count"}
            return Statement(f"bought_once{noun}", **named, numbers=rest, dates={"last": self._ends(own)["last"]})
        return self._did(f"times{noun}", **named, numbers=numbers, dates=self._ends(own))

    def most_often(self, category: str | None = None) -> Statement:
        """Return the title, perhaps of a category, that the user had on most occasions; no other title ties with it."""
        history, item_of, seen = self._history, {}, set()
        own = history.is_target if category is None else self._of_category(category)
        for row in np.flatnonzero(own).tolist():
            item = int(history.item_index[row])
            if self._catalogue.titles[item] and not self._shop.is_sensitive(item):
                title = int(self._shop.title_index[item])
                item_of[title] = str(self._catalogue.item_ids[item])
                seen.add((title, int(history.occasion[row])))
        first = Counter(title for title, _ in sorted(seen)).most_common(2)
        is_tied = len(first) > 1 and first[0][1] == first[1][1]
        if category is not None and (not first or is_tied):
            return self.how_often(None, category)
        if not first:
            return Statement("know_none")
        statement = self.how_often(item_of[first[0][0]], None)
        frame = "most_often" if category is None else "most_often_group"
        frame += "" if self._shop.has_dates else "_undated"
        return statement if is_tied else replace(statement, frame=frame, category=category)

    def rhythm(self, item_id: str | None = None) -> Statement | None:
        """Return the median of the days between purchases, of an item or of all, if most intervals are near it."""
        own = self._history.is_target if item_id is None else self._of_title(item_id)
        days = np.unique([self._day(each) for each in self._history.timestamp[own]])
        if len(days) < MIN_DUE_DAYS or not self._shop.has_dates or self._shop.crowd_kind != PURCHASE:
            return None
        intervals = np.array([each.days for each in np.diff(days)])
        usual = float(np.median(intervals))
        share = float(((usual / 2 <= intervals) & (intervals <= usual * 2)).mean())
        is_regular = share >= MIN_REGULAR_SHARE and usual >= 2 and usual.is_integer()
        frame = "visit_rhythm" if item_id is None else "rhythm"
        return Statement(frame, numbers={"days": int(usual)}) if is_regular else None

    def visits(self) -> list[Statement]:
        """Return the purchases, the days of the first and the last one, and their interval; else what is known."""
        own = self._history.is_target
        if not own.any() or not self._shop.has_dates or self._shop.crowd_kind != PURCHASE:
            return [self.known()]
        numbers = {"count": len(np.unique(self._history.occasion[own]))}
        interval = self.rhythm()
        return [Statement("visits", numbers=numbers, dates=self._ends(own)), *([interval] if interval else [])]

    def _did(self, frame: str, **facts: Any) -> Statement:
        """Return a statement about target events; of another kind than purchases with the verb of the kind."""
        kind = self._shop.crowd_kind
        return (
            Statement(f"bought_{frame}", **facts) if kind == PURCHASE else Statement(f"did_{frame}", deed=kind, **facts)
        )

    def has_only(self, event: str) -> bool:
        """Return whether all events are of a kind, as a person says it; not of no events."""
        return len(self._history) > 0 and set(self._history.kind) <= SAID_OF.get(event, {event})

    def is_target(self, event: str) -> bool:
        """Return whether a kind of event is what the shop counts as use: purchases, or plays."""
        return self._shop.crowd_kind in SAID_OF.get(event, {event})

    def has(self, event: str) -> bool:
        """Return whether any event is of a kind, as a person says it."""
        return bool(set(self._history.kind) & SAID_OF.get(event, {event}))

    def basket(self, *, is_last: bool = False) -> Statement:
        """Return the titles that were bought and may be named, or those of the last purchase with its day."""
        own = np.flatnonzero(self._history.is_target)
        if not len(own) or not self._shop.has_dates or self._shop.crowd_kind != PURCHASE:
            return self.known()
        rows = own[self._history.occasion[own] == self._history.occasion[own[-1]]] if is_last else own
        of_title = {int(self._shop.title_index[row]): int(row) for row in self._history.item_index[rows]}
        bought = [*of_title.values()]
        named = [each for each in bought if self._catalogue.titles[each] and not self._shop.is_sensitive(each)]
        items = tuple(str(self._catalogue.item_ids[each]) for each in named[: MOST_NAMED if is_last else MOST_LISTED])
        frame, dates = ("basket", {"last": self._day(self._history.timestamp[rows[-1]])}) if is_last else ("bought", {})
        is_whole = len(items) == len(bought)
        numbers, frame = ({}, f"{frame}_whole") if is_whole else ({"count": len(bought)}, frame)
        if not items:
            return Statement("basket_day", dates=dates) if is_last else _UNNAMED
        return Statement(frame, items=items, numbers=numbers, dates=dates)

    def last_amount(self) -> list[Statement]:
        """Return what the user paid in the last purchase; nothing without prices."""
        history = self._history
        own = np.flatnonzero(history.is_target)[-1:]
        rows = history.is_target & (history.price > 0) & np.isin(history.occasion, history.occasion[own])
        total = float((history.price[rows] * history.quantity[rows]).sum())
        return [Statement("basket_sum", amounts={"total": round(total, 2)})] if total else []

    def per_purchase(self) -> Statement | None:
        """Return the median of what the user paid in one purchase; ``None`` without prices."""
        rows = np.flatnonzero(self._history.is_target & (self._history.price > 0))
        if not len(rows) or self._shop.crowd_kind != PURCHASE:
            return None
        _, place = np.unique(self._history.occasion[rows], return_inverse=True)
        sums = np.bincount(place, self._history.price[rows] * self._history.quantity[rows])
        return Statement("per_purchase", amounts={"amount": round(float(np.median(sums)), 2)})

    def per_month(self, item_id: Item = None, category: str | None = None) -> Statement | None:
        """Return the mean of what the user paid in a calendar month, from the first to the last purchase of all."""
        is_about = item_id is not None or category is not None
        own = self._about(item_id, category)[0] if is_about else self._history.is_target
        rows = np.flatnonzero(own & (self._history.price > 0))
        if not len(rows) or not self._shop.has_dates or self._shop.crowd_kind != PURCHASE:
            return None
        first, last = self._ends(self._history.is_target).values()
        months = 12 * (last.year - first.year) + last.month - first.month + 1
        total = float((self._history.price[rows] * self._history.quantity[rows]).sum())
        amounts, dates = {"amount": round(total / months, 2)}, {"first": first, "last": last}
        return Statement("per_month", amounts=amounts, numbers={"months": months}, dates=dates)

    def signals(self, event: str, item_id: str | None = None) -> Statement:
        """Return how many events of a kind there are, the last day, and the latest titles that may be named."""
        history, titles = self._history, self._shop.title_index
        rows = np.flatnonzero(np.isin(history.kind.astype(str), [*SAID_OF.get(event, {event})]))
        if item_id is not None:
            (index,) = self._catalogue.index_of([item_id])
            rows = rows[titles[history.item_index[rows]] == titles[index]]
        if not len(rows):
            return Statement("no_events" if item_id is None else "no_events_item", item=item_id, event=event)
        numbers, dates = {"count": len(rows)}, {"last": self._day(history.timestamp[rows[-1]])}
        if item_id is not None:
            return Statement("signals_item", item=item_id, event=event, numbers=numbers, dates=dates)
        latest = dict.fromkeys(map(int, history.item_index[rows[::-1]]))
        named = [each for each in latest if self._catalogue.titles[each] and not self._shop.is_sensitive(each)]
        items = tuple(str(self._catalogue.item_ids[each]) for each in named[:MOST_NAMED])
        return Statement("signals", event=event, items=items, numbers=numbers, dates=dates) if items else _UNNAMED

    def paid(self, item_id: str) -> Statement:
        """Return the price of one unit at the last event with an item that states a price."""
        own = self._of_title(item_id)
        if not own.any():
            return Statement("not_bought_item", item=item_id)
        priced = np.flatnonzero(own & (self._history.price > 0))
        if not len(priced) or not self._shop.has_dates:
            return Statement("no_price_paid", item=item_id)
        last = priced[-1]
        return Statement(
            "paid",
            item=item_id,
            amounts={"amount": round(float(self._history.price[last]), 2)},
            dates={"last": self._day(self._history.timestamp[last])},
        )

    def spent(self, item_id: Item = None, category: str | None = None) -> Statement:
        """Return what the user paid for an item, several ones or a category, else in all, by the prices of the log."""
        is_about = item_id is not None or category is not None
        own, named, noun = self._about(item_id, category) if is_about else (self._history.is_target, {}, "_total")
        rows = np.flatnonzero(own & (self._history.price > 0))
        if not len(rows):
            return Statement("no_spending") if own.any() or not is_about else Statement(f"not_bought{noun}", **named)
        total = float((self._history.price[rows] * self._history.quantity[rows]).sum())
        numbers = {"count": len(np.unique(self._history.occasion[rows])), **named.pop("numbers", {})}
        amounts = {"total": round(total, 2)}
        if numbers["count"] == 1 and "more" not in numbers:
            return Statement(f"spent{noun}_once", **named, amounts=amounts)
        return Statement(f"spent{noun}", **named, amounts=amounts, numbers=numbers)

    def paid_range(self, item_id: str) -> Statement:
        """Return the lowest and the highest price of one unit at events with an item."""
        rows = np.flatnonzero(self._of_title(item_id) & (self._history.price > 0))
        prices = np.round(self._history.price[rows], 2)
        if len(np.unique(prices)) < 2:
            return self.paid(item_id)
        amounts = {"low": float(prices.min()), "high": float(prices.max())}
        numbers = {"count": len(np.unique(self._history.occasion[rows]))}
        return Statement("paid_range", item=item_id, amounts=amounts, numbers=numbers)

    def _about(self, item_id: Item, category: str | None) -> tuple[Flags, dict[str, Any], str]:
        """Return the events with an item, several ones or a category, what names it, and the ending of a frame."""
        if isinstance(item_id, tuple):
            titles, index = self._shop.title_index, self._catalogue.index_of(item_id)
            several: Flags = self._history.is_target & np.isin(self._history.item_index, index)
            had = Counter(titles[self._history.item_index[several]].tolist())
            first = {int(titles[row]): item for row, item in zip(index[::-1], item_id[::-1], strict=True)}
            ranked = [first[title] for title, _ in had.most_common()] or [*item_id]
            most = MOST_NAMED + (len(ranked) == MOST_NAMED + 1)  # no "and 1 other"
            named: dict[str, Any] = {"items": tuple(ranked[:most])}
            rest = {"more": len(ranked) - MOST_NAMED} if len(ranked) > MOST_NAMED + 1 and had else {}
            return several, {**named, **({"numbers": rest} if rest else {})}, "_items_more" if rest else "_items"
        if item_id is not None:
            return self._of_title(item_id), {"item": item_id}, "_item"
        return self._of_category(str(category)), {"category": category}, ""

    def _of_title(self, item_id: str) -> Flags:
        (index,) = self._catalogue.index_of([item_id])
        titles = self._shop.title_index
        found: Flags = self._history.is_target & (titles[self._history.item_index] == titles[index])
        return found

    def _of_category(self, category: str) -> Flags:
        index = list(self._catalogue.category_names).index(category)
        found: Flags = self._history.is_target & (self._catalogue.category_index[self._history.item_index] == index)
        return found

    def _ends(self, own: Flags) -> dict[str, Any]:
        """Return the local days of the first and the last of some events."""
        moments = self._history.timestamp[own]
        return {"first": self._day(moments.min()), "last": self._day(moments.max())}

    def _day(self, moment: np.datetime64) -> Any:
        return self._shop.shop.clock.local(pd.Timestamp(moment)).date()
