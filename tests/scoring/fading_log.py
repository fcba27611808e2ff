"""Small logs of purchases, written by hand or drawn at random."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring.data.shop import Shop
from scoring.data.tables import Tables

ITEMS = pd.DataFrame(
    {"item_id": ["c", "t", "m"], "title": ["Coffee", "Tea", "Milk"], "category": ["coffee", "tea", "milk"]}
)


def tables(rows: list[tuple[str, str, str, float]], **columns: list[object]) -> Tables:
    """Return tables of purchases: user, item, day and price of each."""
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "price"]).assign(**columns)
    events["timestamp"] = pd.to_datetime(events["timestamp"]).astype("datetime64[ns]")
    return Tables(events, ITEMS, shop=Shop(currency="USD"))


def random_log(n_users: int = 240, n_days: int = 420, seed: int = 5) -> Tables:
    """Return a log in which half of the users fade: their visits become rare after a day of their own."""
    random = np.random.default_rng(seed)
    parts = []
    for user in range(n_users):
        every = random.uniform(4, 12)
        fades = random.uniform(100, n_days) if user % 2 else n_days + 1.0
        days, day = [], random.uniform(0, every)
        while day < n_days:
            days.append(day)
            day += random.uniform(0.5, 1.5) * every * (1 if day < fades else 5)
        n = random.integers(1, 4, len(days))
        when = np.repeat(np.array(days), n)
        items = np.concatenate([random.permutation(3)[:size] for size in n])
        parts.append(
            pd.DataFrame(
                {
                    "user_id": f"u{user}",
                    "item_id": np.array(["c", "t", "m"])[items],
                    "timestamp": pd.Timestamp("2020-01-01") + pd.to_timedelta((when * 86_400).round(), unit="s"),
                    "price": random.uniform(2, 9, len(when)).round(2),
                    "order_id": [f"{user}-{place}" for place in np.repeat(np.arange(len(days)), n)],
                }
            )
        )
    events = pd.concat(parts, ignore_index=True)
    events["timestamp"] = events["timestamp"].astype("datetime64[ns]")
    return Tables(events, ITEMS, shop=Shop(currency="USD"))
