"""A small shop made by chance with a fixed seed: 40 items in 8 categories, 30 users, one year of weekly baskets.

Each user has three favourite categories and in each of them one favourite item, so there is something to learn.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.training.config import TrainConfig

CATEGORIES = ("apples", "beer", "bread", "cheese", "coffee", "milk", "soup", "tortilla chips")
ITEMS_PER_CATEGORY = 5
N_USERS = 30
FIRST_DAY = pd.Timestamp("2017-01-02")
CUTOFF = pd.Timestamp("2017-12-01")
N_WEEKS = 52

SMALL = TrainConfig(
    d=8, n_heads=2, n_queries=2, curve_steps=20, tower_steps=20, batch_size=16, titles="none", n_windows=6
)
"""Settings that train on the small shop within seconds."""


def items_table() -> pd.DataFrame:
    """Five items a category: two of the store brand, three of two other brands."""
    rows = []
    for c, category in enumerate(CATEGORIES):
        for j in range(ITEMS_PER_CATEGORY):
            brand = ("store brand", "store brand", "brand #7", "brand #7", "brand #9")[j]
            rows.append((f"{c}{j}", f"{category} {'ABCDE'[j]}", category, brand))
    return pd.DataFrame(rows, columns=["item_id", "title", "category", "brand"])


def events_table(seed: int = 0) -> pd.DataFrame:
    """A basket a week and user: mostly the favourites, sometimes anything."""
    rng = np.random.default_rng(seed)
    items = items_table()["item_id"].to_numpy()
    rows = []
    for u in range(N_USERS):
        favourites = rng.choice(len(CATEGORIES), size=3, replace=False)
        favourite_item = {int(c): int(rng.integers(ITEMS_PER_CATEGORY)) for c in favourites}
        day = FIRST_DAY + pd.Timedelta(days=int(rng.integers(7)), hours=int(rng.integers(8, 20)))
        for week in range(N_WEEKS):
            moment = day + pd.Timedelta(days=7 * week + int(rng.integers(2)))
            basket = {f"{c}{j}" for c, j in favourite_item.items() if rng.random() < 0.6}
            basket |= set(rng.choice(items, size=int(rng.integers(0, 3))))
            rows += [(f"u{u:02d}", item, moment, 1, 1.0 + int(item[1]) + int(item[0]) / 10) for item in sorted(basket)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "quantity", "price"])
    events["kind"] = "purchase"
    events["store_id"] = np.where(events["user_id"].str[-1].isin(list("02468")), "s1", "s2")
    return events.sort_values(["user_id", "timestamp"], kind="stable").reset_index(drop=True)


def promotions_table() -> pd.DataFrame:
    """A different item of every category in the flyer each week; one on display in store s1 all November."""
    rows = [
        (f"{c}{week % ITEMS_PER_CATEGORY}", FIRST_DAY + pd.Timedelta(weeks=week), "mailer", store)
        for week in range(N_WEEKS)
        for c in range(len(CATEGORIES))
        for store in ("s1", "s2")
    ]
    flyer = pd.DataFrame(rows, columns=["item_id", "start", "label", "store_id"])
    flyer["end"] = flyer["start"] + pd.Timedelta(weeks=1)
    display = pd.DataFrame(
        {
            "item_id": ["04"],
            "start": [pd.Timestamp("2017-11-01")],
            "end": [pd.Timestamp("2017-12-04")],
            "label": ["display"],
            "store_id": ["s1"],
        }
    )
    columns = ["item_id", "start", "end", "label", "store_id"]
    return pd.concat([flyer[columns], display[columns]], ignore_index=True)


def small_shop(seed: int = 0) -> Tables:
    """All four tables.

    Args:
        seed: Source of chance for the events.

    Returns:
        The shop; events run from January to the end of December 2017.
    """
    users = pd.DataFrame({"user_id": [f"u{u:02d}" for u in range(N_USERS)], "age": ["35-44"] * N_USERS})
    return Tables(events_table(seed), items_table(), users, promotions_table(), Shop(currency="USD"))


def mixed_shop(seed: int = 0) -> Tables:
    """Return the small shop with orders, views, carts and returns.

    Every purchase is looked at before, half of the views lead nowhere, and one purchase in ten is returned.

    Args:
        seed: Source of chance.

    Returns:
        The shop; two of its categories are only looked at by some users.
    """
    tables, rng = small_shop(seed), np.random.default_rng(seed + 1)
    bought = tables.events.assign(order_id=tables.events["user_id"] + tables.events["timestamp"].astype(str))
    viewed = bought.assign(kind="view", timestamp=bought["timestamp"] - pd.Timedelta(minutes=20))
    idle = viewed.assign(item_id=rng.permutation(viewed["item_id"].to_numpy()))
    cart = bought[rng.random(len(bought)) < 0.5].assign(kind="cart", price=np.nan)
    back = bought[rng.random(len(bought)) < 0.1]
    back = back.assign(kind="return", timestamp=back["timestamp"] + pd.Timedelta(days=3))
    signals = pd.concat([viewed, idle, cart]).assign(order_id=None)
    events = pd.concat([bought, signals, back.assign(order_id=None)], ignore_index=True)
    events["order_id"] = events["order_id"].astype("str")
    events = events.sort_values(["user_id", "timestamp"], kind="stable").reset_index(drop=True)
    return replace(tables, events=events)
