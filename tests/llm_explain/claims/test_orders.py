"""The claim kinds about the user's orders: companions, breaks, first times, and frequent items that drove a score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.values import PastItem
from llm_explain.claims import ClaimKind, Subjects
from llm_explain.claims.kinds.back_after_break import BackAfterBreak
from llm_explain.claims.kinds.bought_together import BoughtTogether
from llm_explain.claims.kinds.buyers import Buyers
from llm_explain.claims.kinds.companion import Companion
from llm_explain.claims.kinds.first_in_category import FirstInCategory
from llm_explain.claims.kinds.frequent_item import FrequentItem
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from llm_explain.text.prompt_files import prompts_root
from scoring.data.catalogue import Catalogue
from scoring.data.shop import Shop
from scoring.features.item_pairs import ItemPairs
from tests.llm_explain.claims.scene import INDEX, ITEMS, bought, evidence, find, snapshot
from tests.llm_explain.claims.test_context import crowd

SENSITIVE = Policy.load(prompts_root() / "policy.yaml")


def facts(kind: type[ClaimKind], subjects: Subjects) -> dict[str, object] | None:
    found = find(kind, subjects)
    return None if found is None else dict(found.facts)


def citing(subjects: Subjects, *items: str) -> Subjects:
    """Return the same subject with past items that raised its score, in the order given."""
    past = [PastItem(INDEX[item], f"links:{item}", {"links": 1.0 - n / 10}) for n, item in enumerate(items)]
    return subjects.take(np.array([0]), past_items=[past])


def test_a_companion_is_in_half_of_the_orders_with_another_item() -> None:
    # Salsa in 4 of the 6 orders with tortilla chips, and in none of the 14 others.
    chips, salsa = bought("tortilla", 1, 2, 3, 4, 5, 6), bought("salsa", 1, 2, 3, 4)
    others = bought("milk", *range(7, 21))
    subjects = evidence("salsa", chips, salsa, others)
    assert facts(Companion, subjects) == {"other_item_id": "tortilla", "together": 4, "orders": 6}
    assert facts(Companion, evidence("salsa", chips, bought("salsa", 1, 2, 3), others)) is not None
    assert facts(Companion, evidence("salsa", chips, bought("salsa", 1, 2), others)) is None  # 2 of 6
    assert facts(Companion, evidence("salsa", bought("tortilla", *range(1, 6)), salsa, others)) is None  # 5 orders
    # 4 / 6 is more than three times 3 / 14, and less than three times 4 / 14.
    assert facts(Companion, evidence("salsa", chips, bought("salsa", 1, 2, 3, 4, 7, 8, 9), others)) is not None
    assert facts(Companion, evidence("salsa", chips, bought("salsa", 1, 2, 3, 4, 7, 8, 9, 10), others)) is None
    assert facts(Companion, evidence("hummus", chips, salsa, others)) is None  # never bought


@pytest.mark.parametrize(
    ("salsa", "is_usual"),
    [
        ((1, 2, 3, 4, 5), True),
        ((1, 2, 3, 4), False),  # usually needs five orders
        ((1, 2, 3, 4, 5, 30, 31, 32, 33), False),  # five of nine orders with salsa
    ],
)
def test_usually_holds_in_both_directions(salsa: tuple[int, ...], *, is_usual: bool) -> None:
    rows = bought("tortilla", 1, 2, 3, 4, 5, 6), bought("salsa", *salsa), bought("milk", *range(7, 60))
    found = find(Companion, evidence("salsa", *rows))
    assert found is not None
    assert ("usually" in found.licences) == is_usual


def test_a_companion_is_of_another_sort() -> None:
    others = bought("milk", *range(7, 21))
    rows = bought("hummus", *range(1, 7)), bought("salsa", *range(1, 7)), others
    assert facts(Companion, evidence("salsa", *rows)) is None
    rows = bought("tortilla", *range(1, 7)), bought("salsa", *range(1, 7)), others
    assert facts(Companion, evidence("salsa", *rows)) is not None


def test_a_companion_is_not_sensitive() -> None:
    rows = bought("lager", *range(1, 7)), bought("salsa", *range(1, 7)), bought("milk", *range(7, 21))
    assert facts(Companion, evidence("salsa", *rows)) == {"other_item_id": "lager", "together": 6, "orders": 6}
    assert facts(Companion, evidence("salsa", *rows, policy=SENSITIVE)) is None


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((240, 226, 212, 198), {"interval_days": 14, "last": "2017-05-17"}),
        ((92, 78, 64), None),  # three days are no habit
        ((132, 110, 88, 66), None),  # 66 days are three intervals, not more
        ((133, 111, 89, 67), {"interval_days": 22, "last": "2017-09-25"}),
        ((38, 35, 32, 29), None),  # 29 days are no break
        ((395, 381, 380, 366), None),  # more than a year ago
        ((340, 320, 210, 201), None),  # two of three intervals are neither half nor twice the median of 20
    ],
)
def test_a_break_follows_a_habit(days: tuple[int, ...], expected: dict[str, object] | None) -> None:
    assert facts(BackAfterBreak, evidence("tortilla", bought("tortilla", *days))) == expected


def test_a_break_needs_dates() -> None:
    rows = bought("tortilla", 240, 226, 212, 198)
    assert facts(BackAfterBreak, evidence("tortilla", rows, shop=Shop(times="order"))) is None


def test_a_first_time_needs_ten_orders_without_any_event_of_the_category(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = bought("milk", *range(1, 11))
    assert facts(FirstInCategory, evidence("salsa", orders)) == {"orders": 10, "category": "dips"}
    assert facts(FirstInCategory, evidence("salsa", bought("milk", *range(1, 10)))) is None
    assert facts(FirstInCategory, evidence("salsa", orders, bought("hummus", 40))) is None
    assert facts(FirstInCategory, evidence("salsa", orders, bought("hummus", 40, kind="view"))) is None
    for name, is_first in (
        ("milks", False),
        ("mil", False),
        ("milky way", False),
        ("gallon", False),
        ("milkshakes", True),
    ):
        seen = evidence("salsa", orders)
        catalogue = Catalogue(ITEMS.assign(category=ITEMS["category"].replace("dips", name)))
        monkeypatch.setattr(seen.shop, "catalogue", catalogue)
        seen = replace(seen, group=catalogue.category_index[seen.item])
        assert (facts(FirstInCategory, seen) is not None) == is_first, name
    plays = Shop(target_kinds=("play",))
    assert facts(FirstInCategory, evidence("salsa", bought("milk", *range(1, 11), kind="play"), shop=plays)) is None


def test_a_frequent_item_was_bought_three_times() -> None:
    rows = bought("tortilla", 1, 2, 3), bought("kettle", 5, 6)
    subjects = citing(evidence("salsa", *rows), "kettle", "tortilla")
    assert facts(FrequentItem, subjects) == {"other_item_id": "tortilla", "count": 3}
    assert facts(FrequentItem, citing(evidence("salsa", *rows), "kettle")) is None
    assert facts(FrequentItem, evidence("salsa", *rows)) is None
    plays = evidence("salsa", bought("tortilla", 1, 2, 3, kind="play"), shop=Shop(target_kinds=("play",)))
    played = {"other_item_id": "tortilla", "count": 3, "event_kind": "play"}
    assert facts(FrequentItem, citing(plays, "tortilla")) == played


def pairs(users: int, buyers: int) -> object:
    """Return statistics in which so many of the tortilla chips' buyers had salsa in one order; 200 bought milk."""
    of_item = np.zeros(len(ITEMS), dtype=np.int64)
    of_item[[INDEX["tortilla"], INDEX["milk"]]] = buyers, 200
    first, second = np.array([INDEX["tortilla"]]), np.array([INDEX["salsa"]])
    return snapshot(buyers=of_item, companions=ItemPairs.of_rows(first, second, np.array([users]), len(ITEMS)))


@pytest.mark.parametrize(
    ("users", "buyers", "share"),
    [(30, 100, 0.3), (29, 100, None), (30, 49, None), (20, 50, 0.4), (60, 101, None)],
)
def test_bought_together_needs_three_in_ten_of_a_crowd(users: int, buyers: int, share: float | None) -> None:
    subjects = citing(evidence("salsa", bought("tortilla", 3), statistics=pairs(users, buyers)), "tortilla")
    known = {"other_item_id": "tortilla", "window_days": 365, "until": "2017-12-01T00:00:00"}
    expected = None if share is None else {**known, "together_share": share}
    assert facts(BoughtTogether, subjects) == expected


def test_bought_together_is_said_of_purchases_and_a_fresh_count_alone() -> None:
    counts = pairs(30, 100)
    late = replace(counts, as_of=counts.as_of - pd.Timedelta(days=91))
    assert facts(BoughtTogether, citing(evidence("salsa", bought("tortilla", 3), statistics=late), "tortilla")) is None
    plays = Shop(target_kinds=("play",))
    played = evidence("salsa", bought("tortilla", 3, kind="play"), statistics=counts, shop=plays)
    assert facts(BoughtTogether, citing(played, "tortilla")) is None


def test_buyers_are_counted_exactly_and_never_below_the_crowd() -> None:
    assert facts(Buyers, evidence("tortilla", statistics=crowd(172, others=10))) == {
        "users": 172,
        "window_days": 30,
        "until": "2017-12-01T00:00:00",
    }
    assert facts(Buyers, evidence("tortilla", statistics=crowd(50, others=10))) is not None
    assert facts(Buyers, evidence("tortilla", statistics=crowd(49, others=10))) is None
    everywhere = crowd(600, others=600)
    assert facts(Buyers, evidence("lager", policy=SENSITIVE, statistics=everywhere)) is None
    assert facts(Buyers, evidence("milk", policy=SENSITIVE, statistics=everywhere)) is not None


def test_buyers_of_a_title_that_another_item_has_too_are_not_counted_by_item() -> None:
    """A size in a column of its own: the card would state 20 buyers, and one of another size 54."""
    subjects = evidence("tortilla", statistics=crowd(172, others=10))
    twin = ITEMS.assign(title=ITEMS["title"].replace(ITEMS["title"][INDEX["salsa"]], ITEMS["title"][INDEX["tortilla"]]))
    subjects.shop.catalogue = Catalogue(twin)
    assert facts(Buyers, subjects) is None


@pytest.mark.parametrize(
    ("users", "most", "found"), [(20, 40, 20), (19, 40, None), (10, 10, 10), (9, 9, None), (60, 100, None)]
)
def test_a_small_shop_tells_ten_buyers_that_are_half_of_the_tenth(users: int, most: int, found: int | None) -> None:
    buyers = np.full(len(ITEMS), most)
    buyers[INDEX["tortilla"]] = users
    told = facts(Buyers, evidence("tortilla", statistics=snapshot(buyers=buyers)))
    assert (told and told["users"]) == found
    strict = Policy(PolicySettings(min_crowd=60))
    assert facts(Buyers, evidence("tortilla", policy=strict, statistics=snapshot(buyers=buyers))) is None
