"""LightGBM LambdaMART on 19 cross features: the black box that a shop's own team would build first.

It learns from three earlier months (what users knew at the start, what they bought in the 30 days after) and ranks, for
each user, their past items and the thousand that sold best lately; all others stand behind by popularity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.baselines.base import UserRows, n_buyers

if TYPE_CHECKING:
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions, Split

Floats = npt.NDArray[np.float64]

FEATURES = (
    "times", "times_30", "times_90", "decayed_30", "decayed_120", "days_since", "interval", "overdue",
    "category_decayed", "category_days_since", "category_share", "brand_share",
    "popularity_30", "popularity_90", "buyers", "repeat_rate", "price", "price_ratio", "user_rows_90",
)  # fmt: skip
NEVER = 9999.0
WINDOW = 30.0


@dataclass(frozen=True)
class Shop:
    """What a feature needs to know of each candidate.

    Attributes:
        category: Category of each candidate, shape ``(n_candidates,)``.
        cell: Brand within the category, shape ``(n_candidates,)``.
        price: Median unit price in the training rows, shape ``(n_candidates,)``.
    """

    category: IndexArray
    cell: IndexArray
    price: Floats

    @classmethod
    def of(cls, split: Split, catalogue: Catalogue, events: pd.DataFrame) -> Shop:
        """Look the candidates up."""
        category = catalogue.category_index[split.candidates]
        brand = catalogue.brand_index[split.candidates] + 1
        cell = np.unique(category * (brand.max() + 1) + brand, return_inverse=True)[1]
        before = events[(events["timestamp"] < split.cutoff).to_numpy()]
        price = before["price"].groupby(before["item_id"]).median()
        return cls(category, cell, price.reindex(catalogue.item_ids[split.candidates]).to_numpy(dtype=np.float64))


class Groups:
    """Sums over rows that share a user and a key, and their lookup."""

    def __init__(self, user: IndexArray, key: IndexArray, n_keys: int) -> None:
        self.n_keys = n_keys
        self.ids, self.of_row = np.unique(user * n_keys + key, return_inverse=True)

    def total(self, weight: Floats) -> Floats:
        """Return the sum of each group."""
        return np.bincount(self.of_row, weight, len(self.ids))

    def smallest(self, value: Floats) -> Floats:
        """Return the minimum of each group."""
        result = np.full(len(self.ids), np.inf)
        np.minimum.at(result, self.of_row, value)
        return result

    def look_up(self, value: Floats, user: IndexArray, key: IndexArray, default: float) -> Floats:
        """Return a group's value for pairs, the default for pairs without a row."""
        wanted = user * self.n_keys + key
        place = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[place] == wanted, value[place], default)


def past(train: Interactions, as_of: pd.Timestamp) -> tuple[IndexArray, IndexArray, Floats]:
    """Return users, candidates and ages of the distinct baskets' rows before a moment."""
    age = train.age - (train.as_of - as_of) / pd.Timedelta(days=1)
    known = (age > 0) & train.is_first_of_basket
    return train.user_index[known], train.candidate[known], age[known]


def features(train: Interactions, shop: Shop, as_of: pd.Timestamp, user: IndexArray, item: IndexArray) -> npt.NDArray:
    """Return the features of pairs at a moment, shape ``(n_pairs, 19)``."""
    u, i, age = past(train, as_of)
    n, n_users = train.n_candidates, len(train.user_ids)
    one, decay = np.ones(len(age)), np.exp(-age / 120)

    pairs = Groups(u, i, n)
    times, since = pairs.total(one), pairs.smallest(age)
    interval = np.where(times > 1, (-pairs.smallest(-age) - since) / np.maximum(times - 1, 1), NEVER)
    own = [times, *(pairs.total(age < days) for days in (30, 90)), pairs.total(np.exp(-age / 30)), pairs.total(decay)]
    columns = [pairs.look_up(value, user, item, 0.0) for value in own]
    columns += [pairs.look_up(value, user, item, NEVER) for value in (since, interval)]
    columns.append(np.minimum(columns[5] / np.maximum(columns[6], 1.0), NEVER))

    category, wanted = Groups(u, shop.category[i], int(shop.category.max()) + 1), shop.category[item]
    in_category = category.look_up(category.total(decay), user, wanted, 0.0)
    columns += [in_category, category.look_up(category.smallest(age), user, wanted, NEVER)]
    cells = Groups(u, shop.cell[i], int(shop.cell.max()) + 1)
    in_cell = cells.look_up(cells.total(decay), user, shop.cell[item], 0.0)
    with np.errstate(invalid="ignore"):
        columns += [columns[4] / in_category, in_cell / in_category]

    buyers = np.bincount(pairs.ids % n, minlength=n)
    again = np.bincount(pairs.ids % n, times > 1, n)
    columns += [np.bincount(i, age < days, n)[item] for days in (30, 90)]
    columns += [buyers[item], (again / np.maximum(buyers, 1))[item], shop.price[item]]
    priced = np.nan_to_num(shop.price)
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = category.look_up(category.total(decay * priced[i]), user, wanted, 0.0) / in_category
        columns += [shop.price[item] / usual, np.bincount(u, age < 90, n_users)[user]]
    return np.stack(columns, axis=1).astype(np.float32)


def pairs_at(train: Interactions, as_of: pd.Timestamp, users: IndexArray, n_popular: int) -> tuple[IndexArray, ...]:
    """Return what is ranked for some users: their past items and the best sellers of 30 days, sorted by user."""
    u, i, age = past(train, as_of)
    popular = np.argsort(-np.bincount(i, age < WINDOW, train.n_candidates), kind="stable")[:n_popular]
    mine = np.isin(u, users)
    keys = np.r_[u[mine] * train.n_candidates + i[mine], (users[:, None] * train.n_candidates + popular).ravel()]
    return np.divmod(np.unique(keys), train.n_candidates)


def learn(train: Interactions, shop: Shop, *, seed: int = 0) -> lightgbm.LGBMRanker:
    """Fit on the windows that start 30, 60 and 90 days before the cut-off."""
    rng, X, y, groups = np.random.default_rng(seed), [], [], []
    for back in (30, 60, 90):
        as_of = train.as_of - pd.Timedelta(days=back)
        later = (train.age <= back) & (train.age > back - WINDOW)
        bought = np.unique(train.user_index[later] * train.n_candidates + train.candidate[later])
        user, item = pairs_at(train, as_of, np.unique(train.user_index[later]), 300)
        label = np.isin(user * train.n_candidates + item, bought)
        kept = label | (rng.random(len(label)) < 0.5)
        kept &= np.bincount(user, label, len(train.user_ids))[user] > 0  # a list without a hit teaches nothing
        user, item = user[kept], item[kept]
        X.append(features(train, shop, as_of, user, item))
        y.append(label[kept])
        groups.append(np.unique(user, return_counts=True)[1])
    model = lightgbm.LGBMRanker(
        objective="lambdarank", n_estimators=300, learning_rate=0.05, num_leaves=31, min_child_samples=200,
        colsample_bytree=0.8, subsample=0.8, subsample_freq=1, reg_lambda=5.0, lambdarank_truncation_level=20,
        random_state=seed, deterministic=True, force_row_wise=True, verbose=-1,
    )  # fmt: skip
    return model.fit(np.concatenate(X), np.concatenate(y), group=np.concatenate(groups), feature_name=list(FEATURES))


@dataclass(frozen=True)
class LambdaMart:
    """The baseline.

    Attributes:
        shop: What features need to know of the candidates.
        name: Name in tables.
    """

    shop: Shop
    name: str = "LightGBM LambdaMART, 19 cross features"

    def fit(self, train: Interactions, /) -> Ranker:
        """Learn from earlier months."""
        model = learn(train, self.shop)
        popularity = n_buyers(train) / (len(train.user_ids) + 1)

        def known(users: IndexArray) -> Scores:
            asked, row = np.unique(users, return_inverse=True)
            user, item = pairs_at(train, train.as_of, asked, 1000)
            value = model.booster_.predict(features(train, self.shop, train.as_of, user, item))
            scores = np.tile((popularity - 1.0).astype(np.float32), (len(asked), 1)) + value.min()
            scores[np.searchsorted(asked, user), item] = value
            return scores[row]

        return UserRows(train, known, popularity)
