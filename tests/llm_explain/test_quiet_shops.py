"""Shops of plays, ratings and views: what is new to a user has a reason wherever a learned link put it there."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from llm_explain import Explainer
from scoring.data.shop import Shop
from scoring.training.config import TrainConfig

N_USERS, N_ITEMS, N_TASTES = 90, 48, 4
SMALL = TrainConfig(curve_steps=2, tower_steps=2, report_steps=2, n_windows=2)
SYLLABLES = ("ka", "ro", "mi", "ten", "lu", "vor", "sha", "del")
TITLES = [f"{SYLLABLES[n % 8]}{SYLLABLES[n // 8]}{SYLLABLES[(n * 5) % 7]}".capitalize() for n in range(N_ITEMS)]
"""Names without a shared word, so that titles give no categories."""


@dataclasses.dataclass(frozen=True)
class Quiet:
    """A kind of shop.

    Attributes:
        target: Kind of the target events.
        signals: Kinds that lead to each target event.
        times: How often a user comes back to an item, at most.
        categories: Names of the items' categories, by taste; none if empty.
    """

    target: str
    signals: tuple[str, ...] = ()
    times: int = 1
    categories: tuple[str, ...] = ()


SHOPS = {
    "games, played for hours": Quiet("play", times=3),
    "books, rated": Quiet("rate"),
    "electronics, looked at and seldom bought": Quiet("purchase", ("view",), categories=("phones", "audio") * 2),
}


def tables(shop: Quiet) -> dict[str, pd.DataFrame]:
    """Return events of users who like the items of one taste, in the four weeks before the end of the log."""
    rng, rows = np.random.default_rng(1), []
    taste = np.arange(N_ITEMS) % N_TASTES
    for user in range(N_USERS):
        own = np.flatnonzero(taste == user % N_TASTES)
        moment = pd.Timestamp("2024-01-01") + pd.Timedelta(days=(7 * user) % 25)
        for n, item in enumerate(rng.permutation(own)[:7]):
            kinds = (
                *shop.signals,
                *((shop.target,) * rng.integers(1, shop.times + 1) if not shop.signals or n % 3 == 2 else ()),
            )
            for kind in kinds:
                moment += pd.Timedelta(hours=float(rng.uniform(1, 9)))
                rows.append((f"u{user}", f"i{item}", kind, moment.floor("s")))
    items = pd.DataFrame({"item_id": [f"i{n}" for n in range(N_ITEMS)], "title": TITLES})
    if shop.categories:
        items["category"] = [shop.categories[each] for each in taste]
    return {"events": pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "timestamp"]), "items": items}


@pytest.mark.parametrize("name", SHOPS)
def test_what_is_new_has_a_reason(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = SHOPS[name]
    explainer = Explainer.train(
        tables(shop), tmp_path_factory.mktemp("quiet"), shop=Shop(target_kinds=(shop.target,)), config=SMALL,
        language_model=None,
    )  # fmt: skip
    rows = [row for user in range(12) for row in explainer.recommend(f"u{user}", k=4, section="new")]
    assert len(rows) > 30
    reasons = Counter("+".join(claim.kind for claim in row.reasons) for row in rows)
    assert sum(row.text is not None and bool(row.reasons) for row in rows) >= 0.9 * len(rows), reasons
    verb = {"play": "played", "rate": "rated", "purchase": "looked at"}[shop.target]
    assert any(row.text is not None and verb in row.text.text for row in rows)
