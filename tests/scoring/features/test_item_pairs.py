"""What the buyers of an item bought later, and with it, counted by hand and against plain loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log
from scoring.data.shop import Shop
from scoring.features import item_pairs
from scoring.features.item_pairs import ItemPairs, companions, followers

ITEMS = ("film", "sequel", "other", "rare")
CATALOGUE = Catalogue(pd.DataFrame({"item_id": ITEMS, "title": ITEMS, "category": "films"}))
START = pd.Timestamp("2017-01-01")


def log_of(*rows: tuple[str, str, float], orders: list[str] | None = None) -> Log:
    """Return a log of (user, item, hours)."""
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "hours"])
    events["timestamp"] = START + pd.to_timedelta(events["hours"], unit="h")
    if orders is not None:
        events["order_id"] = orders
    return Log.from_events(events, CATALOGUE, shop=Shop())


def crowd(n_fans: int, n_later: int, n_users: int = 200) -> Log:
    """Return fans of the film, some of whom watch the sequel later; one more watches it before."""
    fans = [(f"u{user}", "film", 10.0) for user in range(n_fans)]
    later = [(f"u{user}", "sequel", 20.0) for user in range(n_later)]
    rest = [(f"u{user}", "other", 30.0) for user in range(n_fans, n_users)]
    return log_of(*fans, *later, (f"u{n_later}", "sequel", 5.0), *rest)


def test_followers_come_later() -> None:
    pairs, buyers = followers(crowd(50, 20), len(ITEMS))
    assert buyers.tolist() == [50, 21, 150, 0]
    # The film's 50 fans are a quarter of the users: chance gives 21 · 50 / 200 = 5.25 users of both.
    assert [each.tolist() for each in pairs.of(0)] == [[1], [20]]
    assert pairs.users_of(np.array([0, 1, 0]), np.array([1, 0, 2])).tolist() == [20, 0, 0]


@pytest.mark.parametrize(
    ("n_fans", "n_later", "is_kept"),
    [(50, 10, True), (50, 9, False), (49, 20, False), (140, 14, False)],
    ids=["least", "too few together", "too small a crowd", "chance gives as many"],
)
def test_a_pair_needs_a_crowd_and_more_than_chance(n_fans: int, n_later: int, *, is_kept: bool) -> None:
    pairs, _ = followers(crowd(n_fans, n_later), len(ITEMS))
    assert (len(pairs.item) > 0) == is_kept


def test_followers_are_those_of_plain_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_pairs, "BLOCK", 4)  # one item a block
    rng = np.random.default_rng(0)
    rows = [(f"u{rng.integers(300)}", ITEMS[int(rng.choice(4, p=[0.2, 0.2, 0.3, 0.3]))], float(rng.integers(900)))
            for _ in range(420)]  # fmt: skip
    log = log_of(*rows)
    pairs, buyers = followers(log, len(ITEMS))
    n_users = len({user for user, *_ in rows})
    for first, second in product(range(4), range(4)):
        later = {
            user
            for user, item, hours in rows
            if item == ITEMS[first] and any(u == user and i == ITEMS[second] and h > hours for u, i, h in rows)
        }
        least = max(10.0, 0.1 * buyers[first], 1.5 * buyers[first] * buyers[second] / n_users)
        expected = len(later) if first != second and buyers[first] >= 50 and len(later) >= least else 0
        assert pairs.users_of(np.array([first]), np.array([second])).tolist() == [expected]


def test_companions_share_an_occasion() -> None:
    together = [(f"u{user}", item, hour) for user in range(12) for item, hour in (("film", 10.0), ("sequel", 10.4))]
    apart = [(f"u{user}", item, hour) for user in range(12, 40) for item, hour in (("other", 10.0), ("rare", 10.6))]
    pairs = companions(log_of(*together, *apart), len(ITEMS))
    assert [each.tolist() for each in pairs.of(0)] == [[1], [12]]  # 24 minutes are one occasion, 36 are two
    assert pairs.of(1)[1].tolist() == [12]
    assert len(pairs.of(2)[0]) == 0


def test_companions_count_users_not_orders() -> None:
    rows = [(f"u{order % 11}", item, 24.0 * order) for order in range(33) for item in ("film", "sequel")]
    rows += [(f"u{order % 11}", "other", 24.0 * order + 5) for order in range(33, 99)]
    orders = [str(order) for order in range(33) for _ in range(2)] + [str(order) for order in range(33, 99)]
    pairs = companions(log_of(*rows, orders=orders), len(ITEMS))
    assert pairs.users_of(np.array([0]), np.array([1])).tolist() == [11]


@pytest.mark.parametrize(("n_others", "is_kept"), [(0, False), (39, False), (40, True)])
def test_companions_are_together_twice_as_often_as_chance_gives(n_others: int, *, is_kept: bool) -> None:
    # 20 of the 40 occasions with the one have the other: of 80 occasions, chance gives 40 · 20 / 80 = 10 of both.
    rows = [(f"u{user}", "other", 10.0) for user in range(40)] + [(f"u{user}", "rare", 10.2) for user in range(20)]
    rows += [(f"u{40 + user}", "film", 10.0) for user in range(n_others)]
    assert (len(companions(log_of(*rows), len(ITEMS)).item) > 0) == is_kept


def test_an_item_keeps_the_companions_with_the_largest_cosine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_pairs, "N_COMPANIONS", 1)
    # Cosine of film and sequel 24 / √(36 · 24) = .82, of film and other 12 / √(36 · 12) = .58.
    rows = [(f"u{user}", "film", 10.0) for user in range(36)]
    rows += [(f"u{user}", "sequel" if user < 24 else "other", 10.2) for user in range(36)]
    rows += [(f"u{user}", "rare", 10.0) for user in range(36, 96)]
    pairs = companions(log_of(*rows), len(ITEMS))
    assert [pairs.of(item)[0].tolist() for item in range(4)] == [[1], [0], [0], []]


def test_a_new_item_has_no_pairs() -> None:
    pairs, _ = followers(crowd(50, 20), len(ITEMS))
    longer = pairs.with_items(2)
    assert longer.users_of(np.array([0, 4, 0]), np.array([1, 1, 5])).tolist() == [20, 0, 0]


def test_no_events_have_no_pairs() -> None:
    empty = crowd(1, 0).between(0.0, 1.0)
    pairs, buyers = followers(empty, len(ITEMS))
    assert len(pairs.item) == len(companions(empty, len(ITEMS)).item) == int(buyers.sum()) == 0
    assert ItemPairs.none(3).users_of(np.array([1]), np.array([2])).tolist() == [0]
