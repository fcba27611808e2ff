"""Proposals for the shop: rows that are no products, users that are no shoppers, and sensitive names."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import pandas as pd

from llm_explain.text.import_words import words
from llm_explain.text.lexicon import untold_language
from llm_explain.text.sensitive_words import sensitive_names, unread_scripts
from scoring.data.proposals import Proposal

FREE: Final = "free"
MANY_ROWS: Final = 1_000
TIMES_TYPICAL: Final = 10
MANY_A_DAY: Final = 500
MOST_OUTLIERS: Final = 50
WHOLESALE: Final = 50
INTIMATE: Final = "intimate"
ENDS_WITH_YEAR: Final = r"\((?:18|19|20)\d\d\)$"


def no_products(events: pd.DataFrame, items: pd.DataFrame) -> dict[str, Proposal]:
    """Propose items that are no products: postage, fees, vouchers, manual entries, samples and free gifts.

    Args:
        events: Events with ``item_id`` and, where known, ``price``.
        items: Items with ``item_id`` and ``title``.

    Returns:
        Proposals by item id.
    """
    counts = events["item_id"].value_counts()
    found: dict[str, Proposal] = {}
    for item_id, title in zip(items["item_id"], items["title"], strict=True):
        shown = title if isinstance(title, str) else ""
        reason = no_product_reason(str(item_id), shown)
        if reason:
            found[str(item_id)] = Proposal(reason=reason, name=shown, rows=int(counts.get(item_id, 0)))
    if "price" in events and events["price"].notna().any():
        highest = events.groupby("item_id")["price"].max()
        is_shop_priced = (highest > 0).mean() > 0.5
        titles = items.set_index("item_id")["title"]
        for item_id in highest.index[highest == 0] if is_shop_priced else []:
            name = titles.get(item_id)
            shown = name if isinstance(name, str) else ""
            found.setdefault(str(item_id), Proposal(reason=FREE, name=shown, rows=int(counts[item_id])))
    return found


def no_product_reason(item_id: str, title: str) -> str:
    """Return why an item is no product; empty for a product."""
    for reason, pattern in _no_products():
        if pattern.fullmatch(title.strip()) or pattern.fullmatch(item_id.strip()):
            return reason
    return ""


@cache
def _no_products() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (reason, re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE))
        for reason, patterns in words().no_products.items()
    )


def outliers(events: pd.DataFrame) -> dict[str, Proposal]:
    """Propose users that look like wholesalers or robots.

    Args:
        events: Events with ``user_id``, ``timestamp`` and, where known, ``quantity``.

    Returns:
        Proposals by user id, at most ``MOST_OUTLIERS``: those with far more rows than others, or far larger quantities.
    """
    rows = events["user_id"].value_counts()
    large = rows[(rows >= MANY_ROWS) & (rows > TIMES_TYPICAL * rows.quantile(0.99))]
    found = {str(user): Proposal(reason="many rows", rows=int(count)) for user, count in large.items()}
    day = events["timestamp"].dt.floor("D")
    daily = events.groupby(["user_id", day]).size()
    busy = daily[daily >= MANY_A_DAY].groupby("user_id").size()
    spread = daily.groupby("user_id").size().reindex(busy.index)
    for user in busy.index[(busy > 1) & (busy >= 0.5 * spread)]:  # a single long sitting is not a robot
        found.setdefault(str(user), Proposal(reason="many rows a day", rows=int(rows[user])))
    if "quantity" in events and events["quantity"].notna().any():
        typical = events.groupby("user_id")["quantity"].median()
        usual = max(float(typical.median()), 1.0)
        for user in typical.index[(typical >= WHOLESALE * usual) & (rows.reindex(typical.index) >= 5)]:
            found.setdefault(str(user), Proposal(reason="large quantities", rows=int(rows[user])))
    largest = sorted(found, key=lambda user: -found[user].rows)[:MOST_OUTLIERS]
    return {user: found[user] for user in largest}


def told_languages(items: pd.DataFrame, locale: str) -> list[str]:
    """Return lines for the report on names and texts for whose language words are missing.

    Args:
        items: Items with ``title`` and ``category``.
        locale: Language of the shop.

    Returns:
        At most one line on the language of texts, and one on names that no list of sensitive words reads.
    """
    names = {str(name) for column in ("title", "category") if column in items for name in items[column].dropna()}
    unread = unread_scripts(names)
    told = untold_language(locale)
    lines = [told] if told else []
    if unread:
        counts = ", ".join(f"{number:,} in {script.capitalize()}" for script, number in unread.most_common())
        lines.append(
            f"no sensitive names are proposed of {counts}: no list has words of these scripts. List what is sensitive "
            "in shop.yaml (docs/importing.md), or texts name it and call it popular"
        )
    return lines


def sensitive(
    counts: pd.Series, items: pd.DataFrame, locale: str, *, are_works: bool = False
) -> dict[str, dict[str, Proposal]]:
    """Propose sensitive categories, and sensitive items of other categories.

    The title of a film or a song is invented: "Four Weddings and a Funeral" tells nothing of who watches it. Of such
    titles only intimate ones are proposed. Titles count as invented too if most of them end with a year.

    Args:
        counts: Number of events by item id.
        items: Items with ``item_id``, ``title`` and ``category``.
        locale: Language of the shop.
        are_works: Whether the items are known to be films, songs or the like.

    Returns:
        Proposals by field and key.
    """
    rows = items["item_id"].map(counts).fillna(0)
    categories = sensitive_names((str(name) for name in items["category"].dropna().unique()), locale)
    by_category = rows.groupby(items["category"]).sum()
    others = items[~items["category"].isin(list(categories)) & items["title"].notna()]
    titles = sensitive_names((str(title) for title in others["title"].unique()), locale)
    if are_works or items["title"].dropna().str.contains(ENDS_WITH_YEAR).mean() > 0.5:
        titles = {title: reason for title, reason in titles.items() if reason == INTIMATE}
    flagged = others[others["title"].isin(list(titles))]
    return {
        "sensitive_categories": {
            name: Proposal(reason=reason, rows=int(by_category.get(name, 0))) for name, reason in categories.items()
        },
        "sensitive_items": {
            str(item_id): Proposal(reason=titles[title], name=title, rows=int(counts.get(item_id, 0)))
            for item_id, title in zip(flagged["item_id"], flagged["title"], strict=True)
        },
    }
