"""Returns, refunds and cancelled orders: events of a return kind that name the purchase that they take back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.importers.flat.values import each_value
from llm_explain.importers.flat.vocabulary import kind_of_word, normal
from llm_explain.text.import_words import words
from scoring.data.targets import OTHER, TARGET, counted
from scoring.data.targets import RETURN as UNDOES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.shop import Shop

PURCHASE: Final = "purchase"
RETURN: Final = "return"
GIVEN_BACK: Final = frozenset({"rent", "borrow"})
BROUGHT_BACK: Final = "bring back"
"""Kind of the end of a loan or a hire, which no text tells."""

WITHDRAWN: Final = "withdrawn"
"""Kind of a booking, hire, donation or the like that was cancelled; no locale has words for it."""

TAKEN_BACK: Final = "taken back"
"""Kind of a signal that the user took back; no locale has words for it."""

RETURNED: Final = "/returned"
"""Ending of the order of a part that was returned, so that the rest of the order still counts."""

PARTS: Final = re.compile(r"\s+[-–/:|]\s+|[:|]")
"""What stands between the parts of a state."""

CENT: Final = 0.005
SHIFT: Final = pd.Timedelta(seconds=1)


def undoing(kind: str) -> frozenset[str]:
    """Return the kinds that take back events of a kind: "unfollow" and "remove follow" take back "follow"."""
    starts = ("un", "un ", "remove ", "removed ", "delete ", "remove from ", "removed from ", "remove_from_")
    return frozenset(f"{start}{kind}" for start in starts)


def with_signals_undone(events: pd.DataFrame, shop: Shop) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give signals that the user took back the kind ``taken back``, such as a "follow" before an "unfollow".

    Args:
        events: Events with their last kinds.
        shop: Which kinds are target kinds and return kinds; what takes those back is a return.

    Returns:
        The events, and counts for the report. Each such event takes back the user's latest signal of the item that is
        left.
    """
    kinds = set(events["kind"].unique())
    counts: dict[str, int] = {}
    for kind in sorted(kinds - {*shop.target_kinds, *shop.return_kinds}):
        undone = undoing(kind) & kinds
        if not undone:
            continue
        role = np.select([events["kind"] == kind, events["kind"].isin(undone)], [TARGET, UNDOES], OTHER).astype(np.int8)
        is_left = counted(
            role,
            user=pd.factorize(events["user_id"])[0].astype(np.int64),
            item=pd.factorize(events["item_id"])[0].astype(np.int64),
            order=np.full(len(events), -1, dtype=np.int64),
            moment=events["timestamp"].to_numpy(),
        )
        is_taken = (role == TARGET) & ~is_left
        events = events.assign(kind=events["kind"].mask(is_taken, TAKEN_BACK))
        counts[f"events of kind {kind} that were taken back"] = int(is_taken.sum())
    return events, {name: count for name, count in counts.items() if count}


def with_returns(events: pd.DataFrame, return_kinds: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Turn negative quantities, undone orders and refunded quantities into events of a return kind.

    Args:
        events: Events with ``kind`` and, where the export has them, ``quantity``, ``status``, ``cancelled_at``,
            ``refunded_quantity`` and ``order_id``.
        return_kinds: Kinds that take back a purchase.

    Returns:
        The events, all with a positive quantity, and counts for the report. A return that refers to a purchase has its
        order; where it takes back only a part, that part is a purchase of its own.
    """
    if "quantity" not in events:
        events = events.assign(quantity=1.0 if "refunded_quantity" in events else np.nan)
    if "refunded_quantity" in events:  # a table of returns tells in it how many came back
        told = events["quantity"].where(events["refunded_quantity"].isna(), events["refunded_quantity"])
        events = events.assign(quantity=told.where(events["kind"].isin(return_kinds), events["quantity"]))
    events = events.reset_index(drop=True)
    events, undone = _negative_rows(events)
    events, by_status = _undone_orders(events)
    events, refunded = _refunded_lines(events)
    counts = {"returns by negative quantity": undone, "rows of undone orders": by_status, "refunded lines": refunded}
    if not (events["kind"] == PURCHASE).any() and events["kind"].isin(GIVEN_BACK).any():
        events["kind"] = events["kind"].replace(RETURN, BROUGHT_BACK)
    is_return = events["kind"].isin(return_kinds).to_numpy()
    if is_return.any():
        events = _of_buyers(events, is_return)
        events, matched = _matched(events, is_return)
        counts["returns whose purchase is known"] = matched
        counts["returns whose purchase is not in the files"] = int(is_return.sum()) - matched
    return events, {name: count for name, count in counts.items() if count}


def _negative_rows(events: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    negative = _is_negative(events["quantity"])
    if "amount" in events:
        negative |= _is_negative(events["amount"])
        events["amount"] = events["amount"].abs()
    is_return = negative & (events["kind"] == PURCHASE)
    events["quantity"] = events["quantity"].abs()
    events["kind"] = events["kind"].mask(is_return, RETURN)
    return events, int(is_return.sum())


def _is_negative(column: pd.Series) -> pd.Series:
    """Return which numbers are returns: where most are negative, as on an account, those above 0 are."""
    return column > 0 if (column < 0).sum() > (column > 0).sum() else column < 0


def _undone_orders(events: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Add a return to each purchase of an order that was cancelled, refunded or never paid.

    A cancelled booking, hire or the like becomes an event of the kind ``withdrawn``. To give back what was rented or
    borrowed takes nothing back.
    """
    if not {"status", "cancelled_at", "failure", "refunded_amount"} & set(events):
        return events, 0
    kind = pd.Series(None, index=events.index, dtype=object)
    if "status" in events:
        kind = each_value(events["status"], undone)
    cancelled = events["cancelled_at"] if "cancelled_at" in events else pd.Series(pd.NaT, index=events.index)
    cancelled = cancelled.mask(events["kind"].isin(GIVEN_BACK))
    kind = kind.mask(kind.isna() & cancelled.notna(), "cancel")
    if "failure" in events:
        kind = kind.mask(kind.isna() & each_value(events["failure"], _is_reason).eq(True), "cancel")
    if {"refunded_amount", "amount"} <= set(events):
        kind = kind.mask(kind.isna() & _is_refunded(events), "refund")
    is_purchase = events["kind"] == PURCHASE
    is_withdrawn = ~is_purchase & kind.isin(["cancel", "refund"])
    events["kind"] = events["kind"].mask(is_withdrawn, WITHDRAWN)
    is_undone = kind.notna() & is_purchase
    if not is_undone.any():
        return events, int(is_withdrawn.sum())
    added = events[is_undone].copy()
    later = cancelled[is_undone]
    added["kind"] = kind[is_undone].astype("str")
    added["timestamp"] = later.where(later > added["timestamp"], added["timestamp"] + SHIFT)
    added["refunded_quantity"] = np.nan
    events.loc[is_undone, "refunded_quantity"] = np.nan
    return pd.concat([events, added], ignore_index=True), len(added) + int(is_withdrawn.sum())


def _is_reason(text: str) -> bool:
    return normal(text) not in {normal(word) for word in (*words().placeholders, "no", "false", "0", "")}


def _is_refunded(events: pd.DataFrame) -> pd.Series:
    """Return which rows were refunded in full; a refund that all rows of an order state is that of the order."""
    refunded, amount = events["refunded_amount"].fillna(0).abs(), events["amount"].abs()
    if "order_id" in events:
        orders = refunded.groupby(events["order_id"])
        is_of_order = orders.transform("size").gt(1) & orders.transform("nunique").eq(1)
        amount = amount.mask(is_of_order, amount.groupby(events["order_id"]).transform("sum"))
    return refunded.gt(0) & refunded.ge(amount - CENT)


def undone(text: str) -> str | None:
    """Return the kind that takes an order back in some state, such as "Shipped - Returned to Seller".

    Args:
        text: The state of an order, in the words of an export.

    Returns:
        ``cancel``, ``refund`` or ``return``; ``None`` for a state that takes nothing back or is not known.
    """
    parts = [normal(part).removeprefix("wc ") for part in (text, *PARTS.split(text))]
    said = next((kind for part in parts if (kind := kind_of_word(part, "statuses"))), None)
    patterns = words().status_patterns.items()
    return said or next((kind for kind, found in patterns if any(re.fullmatch(p, parts[0]) for p in found)), None)


def _refunded_lines(events: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    if "refunded_quantity" not in events:
        return events, 0
    refunded = events["refunded_quantity"].fillna(0).clip(lower=0)
    is_part = (refunded > 0) & (events["kind"] == PURCHASE)
    added = events[is_part].copy()
    added["kind"] = "refund"
    added["quantity"] = np.minimum(refunded[is_part], added["quantity"].fillna(np.inf))
    added["timestamp"] = added["timestamp"] + SHIFT
    return pd.concat([events, added], ignore_index=True).drop(columns="refunded_quantity"), int(is_part.sum())


def _of_buyers(events: pd.DataFrame, is_return: np.ndarray) -> pd.DataFrame:
    """Give a return whose user never bought the item to the one buyer of its order and item.

    A table of returns may name a customer by an address and the orders by an account.
    """
    bought = events[events["kind"] == PURCHASE]
    pairs = pd.MultiIndex.from_frame(bought[["user_id", "item_id"]])
    is_strange = is_return & ~pd.MultiIndex.from_frame(events[["user_id", "item_id"]]).isin(pairs)
    if "order_id" not in events or not is_strange.any():
        return events
    buyers = bought.groupby(["order_id", "item_id"])["user_id"].agg(["first", "nunique"])
    buyer = buyers.loc[buyers["nunique"] == 1, "first"]
    found = buyer.reindex(pd.MultiIndex.from_frame(events.loc[is_strange, ["order_id", "item_id"]])).set_axis(
        events.index[is_strange]
    )
    return events.assign(user_id=found.reindex(events.index).fillna(events["user_id"]))


def _matched(events: pd.DataFrame, is_return: np.ndarray) -> tuple[pd.DataFrame, int]:
    """Give each return the order of its purchase: that of its own order, else of its user, item and quantity."""
    if "order_id" not in events:
        events["order_id"] = pd.Series(None, index=events.index, dtype="str")
    order = events["order_id"].astype(object).to_numpy(copy=True)
    quantity = events["quantity"].fillna(1).to_numpy(dtype=float, copy=True)
    time = events["timestamp"].to_numpy()
    pair = pd.factorize(pd.MultiIndex.from_frame(events[["user_id", "item_id"]]))[0]
    concerned = np.isin(pair, pair[is_return])
    purchases: dict[int, list[int]] = {}
    for row in np.flatnonzero(concerned & (events["kind"] == PURCHASE).to_numpy()).tolist():
        purchases.setdefault(int(pair[row]), []).append(row)
    left = quantity.copy()
    parts: list[tuple[int, float]] = []
    matched = 0
    for row in np.flatnonzero(is_return)[np.argsort(time[is_return], kind="stable")].tolist():
        known = [p for p in purchases.get(int(pair[row]), []) if left[p] > 0 and time[p] <= time[row]]
        same = [p for p in known if order[row] is not None and order[p] == order[row]]
        best = same or known
        if not best:
            continue
        chosen = max(best, key=lambda p: (left[p] == quantity[row], left[p] >= quantity[row], time[p]))
        taken = min(quantity[row], left[chosen])
        left[chosen] -= taken
        matched += 1
        lines = sum(order[p] == order[chosen] for p in purchases[int(pair[row])])
        if order[chosen] is None or (taken == quantity[chosen] and lines == 1):
            order[row] = order[chosen]
            continue
        order[row] = f"{order[chosen]}{RETURNED}{matched}"
        parts.append((chosen, taken))
        if left[chosen] > 0:
            quantity[chosen] = left[chosen]
        else:
            quantity[chosen] = 0.0
        events.loc[row, "of_part"] = len(parts) - 1
    return _with_parts(events, order, quantity, parts), matched


def _with_parts(
    events: pd.DataFrame, order: np.ndarray, quantity: np.ndarray, parts: list[tuple[int, float]]
) -> pd.DataFrame:
    has_quantity = events["quantity"].notna().to_numpy()
    changed = events.assign(
        order_id=pd.Series(order, index=events.index, dtype="str"),
        quantity=np.where(has_quantity, quantity, np.nan),
    )
    if not parts:
        return changed
    added = changed.iloc[[row for row, _ in parts]].copy()
    added["quantity"] = [taken for _, taken in parts]
    marks = changed.dropna(subset=["of_part"]).set_index("of_part")["order_id"]
    added["order_id"] = marks.loc[list(range(len(parts)))].to_numpy()
    whole = {row for row, _ in parts if quantity[row] == 0}
    kept = changed.drop(index=list(whole))
    return pd.concat([kept, added], ignore_index=True).drop(columns="of_part")
