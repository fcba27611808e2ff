"""A shop made by chance, large enough for claims about the crowd: kinds of customer, a season, new items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from scoring.data.shop import Shop
from scoring.data.tables import Tables

N_USERS = 180
N_CATEGORIES = 12
ITEMS_PER_CATEGORY = 5
SEGMENTS = 3
FIRST_DAY = pd.Timestamp("2017-01-02")
AS_OF = pd.Timestamp("2017-12-01T08:00")
N_DAYS = 345
NEW_ITEMS = (4, 9)
HITS = (20, 27)
NEW_DAY = 315  # 13 November
SEASONAL = 2
SEASON = (300, 331)  # the end of October, and November


def prices(rng: np.random.Generator) -> np.ndarray:
    """Return the usual price of each item, one for each category."""
    return np.round(rng.uniform(1, 5, N_CATEGORIES)[np.arange(N_CATEGORIES * ITEMS_PER_CATEGORY) // 5], 2)


def items(seed: int) -> pd.DataFrame:
    """Return five items a category; every fifth is unbranded, and every other one has a lower price than usual."""
    n = N_CATEGORIES * ITEMS_PER_CATEGORY
    category = np.arange(n) // ITEMS_PER_CATEGORY
    brands = np.array(["store brand", "Acme", "Acme", "brand #7", None], dtype=object)
    return pd.DataFrame(
        {
            "item_id": [f"i{place:02d}" for place in range(n)],
            "title": [f"Thing {place % 50}" for place in range(n)],
            "category": [f"category {c:02d}" for c in category],
            "brand": brands[np.arange(n) % len(brands)],
            "price": np.where(np.arange(n) % 2, np.round(0.85 * prices(np.random.default_rng(seed)), 2), np.nan),
        }
    )


def _of_segment(rng: np.random.Generator, user: int) -> np.ndarray:
    """Return two items of a third of the categories, which the user's segment likes."""
    mine = [c for c in range(N_CATEGORIES) if c % SEGMENTS == user % SEGMENTS]
    return rng.choice(mine, size=2) * ITEMS_PER_CATEGORY + rng.integers(0, ITEMS_PER_CATEGORY, size=2)


def _basket(rng: np.random.Generator, user: int, day: int, staples: np.ndarray) -> np.ndarray:
    """Return what a user puts into one basket: staples, things of the user's kind, and anything."""
    is_in = rng.random(len(staples)) < 0.6
    if user % 4 == 1:
        is_in[:] = is_in[0]  # a pair that the user buys together
    basket = np.r_[staples[is_in], _of_segment(rng, user), *[h for h in HITS if rng.random() < 0.3]]
    if rng.random() < 0.1:
        basket = np.r_[basket, rng.integers(0, N_CATEGORIES * ITEMS_PER_CATEGORY, 1)]
    if SEASON[0] <= day < SEASON[1] and rng.random() < 0.7:
        basket = np.r_[basket, SEASONAL * ITEMS_PER_CATEGORY + rng.integers(0, 4)]
    if day >= NEW_DAY and rng.random() < 0.3:
        return np.r_[basket, rng.choice(NEW_ITEMS)]
    return np.setdiff1d(basket, NEW_ITEMS)


def events(seed: int) -> pd.DataFrame:
    """Return a basket every week or two and user; every ninth user looks and never buys, every tenth does both."""
    rng = np.random.default_rng(seed)
    price = prices(rng)
    rows = []
    for user in range(N_USERS):
        staples = _of_segment(rng, user)
        day, gap = int(rng.integers(0, 14)), int(rng.integers(5, 16))
        while day < N_DAYS:
            moment = FIRST_DAY + pd.Timedelta(days=day, hours=int(rng.integers(8, 22)))
            store = "" if user % 12 == 0 else f"s{user % 4 if rng.random() < 0.7 else rng.integers(4)}"
            for item in _basket(rng, user, day, staples):
                kind = "view" if user % 9 == 0 or (user % 10 == 0 and rng.random() < 0.5) else "purchase"
                paid = np.nan if kind == "view" or rng.random() < 0.1 else price[item] * rng.choice([0.8, 1, 1, 1.1])
                rows.append((f"u{user:03d}", f"i{item:02d}", moment, 1.0, paid, kind, store))
            day += max(1, gap + int(rng.integers(-2, 3)))
    columns = ["user_id", "item_id", "timestamp", "quantity", "price", "kind", "store_id"]
    return pd.DataFrame(rows, columns=columns).sort_values(["user_id", "timestamp"], kind="stable", ignore_index=True)


def promotions(seed: int) -> pd.DataFrame:
    """Return promotions of one to three weeks in one store or in all."""
    rng = np.random.default_rng(seed)
    n = 1500
    start = FIRST_DAY + pd.to_timedelta(rng.integers(0, N_DAYS, n), unit="D")
    return pd.DataFrame(
        {
            "item_id": [f"i{item:02d}" for item in rng.integers(0, N_CATEGORIES * ITEMS_PER_CATEGORY, n)],
            "start": start,
            "end": start + pd.to_timedelta(7 * rng.integers(1, 4, n), unit="D"),
            "label": rng.choice(["mailer", "display", "coupon"], n),
            "store_id": rng.choice(np.array(["s0", "s1", "s2", "s3", None], dtype=object), n),
        }
    )


def crowd_shop(seed: int = 0) -> Tables:
    """Return all tables; the events run from January to the middle of December 2017."""
    users = pd.DataFrame({"user_id": [f"u{user:03d}" for user in range(N_USERS)]})
    return Tables(events(seed), items(seed), users, promotions(seed))


def busy_shop(seed: int = 0, *, shop: Shop | None = None) -> Tables:
    """Return the shop of ``crowd_shop`` with orders, seconds between rows, returns, empty rows, views and plays.

    Args:
        seed: Source of chance.
        shop: Settings of the shop; those of a shop in New York if not given.

    Returns:
        All tables.
    """
    tables, rng = crowd_shop(seed), np.random.default_rng(seed + 1)
    rows = tables.events
    basket = rows["user_id"] + rows["timestamp"].astype(str)
    second = pd.to_timedelta(rows.groupby(basket).cumcount() * 40, unit="s")
    has_order = pd.factorize(basket)[0] % 2 == 0
    rows = rows.assign(timestamp=rows["timestamp"] + second, order_id=np.where(has_order, basket, None))
    rows["quantity"] = rng.choice([0.0, 1.0, 1.0, 1.0, 2.0, 2.0], len(rows))
    back = rows[rng.random(len(rows)) < 0.08]
    back = back.assign(
        kind=rng.choice(["return", "refund"], len(back)),
        quantity=1.0,
        timestamp=back["timestamp"] + pd.to_timedelta(rng.integers(1, 20, len(back)), unit="D"),
        order_id=back["order_id"].where(rng.random(len(back)) < 0.5),
    )
    negative = back.iloc[::7].assign(kind="purchase", quantity=-1.0, order_id=None)
    viewed = rows.assign(kind="view", order_id=None, timestamp=rows["timestamp"] - pd.Timedelta(minutes=20))
    played = rows[rng.random(len(rows)) < 0.2].assign(kind="play", order_id=None)
    again = rows[rng.random(len(rows)) < 0.1]
    again = again.assign(timestamp=again["timestamp"] + pd.Timedelta(minutes=25))
    late = rows[rng.random(len(rows)) < 0.2]
    late = late.assign(order_id=None, timestamp=late["timestamp"].dt.normalize() + pd.Timedelta(days=1, hours=3))
    events = pd.concat([rows, back, negative, viewed, played, again, late], ignore_index=True)
    events = events.sort_values(["user_id", "timestamp"], kind="stable", ignore_index=True)
    events["order_id"] = events["order_id"].astype("str")
    shop = shop or Shop(time_zone="America/New_York")
    walls = {name: tables.promotions[name].to_numpy(dtype="datetime64[ns]") for name in ("start", "end")}
    promotions = tables.promotions.assign(**{name: shop.clock.utc(wall) for name, wall in walls.items()})
    return replace(tables, events=events, promotions=promotions, shop=shop)
