from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims import Evidence, ShopEvidence
from llm_explain.claims.kinds.best_seller import BestSeller
from llm_explain.claims.kinds.new_arrival import NewArrival
from llm_explain.claims.kinds.popular import Popular
from llm_explain.claims.kinds.promotion import Promotion
from llm_explain.claims.kinds.season import Season
from llm_explain.claims.subjects import Subjects
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from scoring.data.catalogue import Catalogue
from scoring.features.promotions import PromotionCalendar
from tests.llm_explain.claims.scene import (
    AS_OF,
    CATEGORY,
    INDEX,
    ITEMS,
    NO_PROMOTIONS,
    bought,
    evidence,
    find,
    history,
    snapshot,
)


def runs(*rows: tuple[str, str, str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["item_id", "start", "end", "label", "store_id"])
    return frame.astype({"start": "datetime64[ns]", "end": "datetime64[ns]"})


HERE = bought("milk", 9, 8, store="s1")


def test_promotion_runs_now_in_the_usual_store() -> None:
    table = runs(
        ("milk", "2017-11-01", "2017-12-24", "mailer", "s1"),
        ("tortilla", "2017-11-20", "2017-12-01", "mailer", "s1"),  # over
        ("tortilla", "2017-12-02", "2017-12-09", "mailer", "s1"),  # not yet
        ("tortilla", "2017-11-20", "2017-12-20", "mailer", "s2"),  # elsewhere
        ("tortilla", "2017-12-01", "2017-12-03", "display", "s1"),
    )
    found = find(Promotion, evidence("tortilla", HERE, promotions=table))
    assert found is not None
    assert found.facts == {
        "label": "display", "start": "2017-12-01", "until": "2017-12-02", "store_id": "s1",
    }  # fmt: skip
    longer = runs(*table.itertuples(index=False), ("tortilla", "2017-12-03", "2017-12-09", "mailer_and_display", "s1"))
    found = find(Promotion, evidence("tortilla", HERE, promotions=longer))
    assert found is not None
    assert "until" not in found.facts, "the display goes on"


@pytest.mark.parametrize(("start", "end"), [("2017-11-20", "2017-12-01"), ("2017-12-01T00:01", "2017-12-09")])
def test_a_promotion_that_is_over_or_to_come_is_not_told(start: str, end: str) -> None:
    table = runs(("tortilla", start, end, "mailer", "s1"))
    assert find(Promotion, evidence("tortilla", HERE, promotions=table)) is None


def test_the_promotion_that_ends_last_is_told() -> None:
    table = runs(
        ("tortilla", "2017-11-20", "2017-12-05", "mailer", "s1"),
        ("tortilla", "2017-11-20", "2017-12-10", "display", None),
    )
    found = find(Promotion, evidence("tortilla", HERE, promotions=table))
    assert found is not None
    assert found.facts["label"] == "display"
    assert found.facts["store_id"] == ""


def test_a_user_without_a_store_hears_of_promotions_in_all_stores_only() -> None:
    local = runs(("tortilla", "2017-11-20", "2017-12-05", "mailer", "s1"))
    everywhere = local.assign(store_id=None)
    assert find(Promotion, evidence("tortilla", bought("milk", 9), promotions=local)) is None
    assert find(Promotion, evidence("tortilla", bought("milk", 9), promotions=everywhere)) is not None
    assert find(Promotion, evidence("tortilla", promotions=local.drop(columns="store_id"))) is not None
    assert find(Promotion, evidence("tortilla", promotions=local.assign(store_id=""))) is not None


def test_a_coupon_is_no_promotion_for_everyone() -> None:
    table = runs(("tortilla", "2017-11-20", "2017-12-05", "coupon", "s1"))
    assert find(Promotion, evidence("tortilla", HERE, promotions=table)) is None


@pytest.mark.parametrize(
    ("events", "store"),
    [
        ([bought("milk", 200, 199, 198, store="old"), bought("milk", 9, store="new")], "new"),
        ([bought("milk", 200, 199, store="a"), bought("milk", 150, store="b")], "a"),
        ([bought("milk", 9, store="a"), bought("milk", 5, store="b")], "b"),
        ([bought("milk", 5, store="b"), bought("kettle", 5, store="a")], "a"),
        ([bought("milk", 9, 9, 9, store="a"), bought("milk", 8, 7, store="b")], "b"),
        ([bought("milk", 9)], None),
    ],
    ids=["recent", "else-ever", "tie-latest", "tie-id", "occasions", "none"],
)
def test_the_usual_store(events: list[pd.DataFrame], store: str | None) -> None:
    assert evidence("tortilla", *events).evidence.usual_store(0) == store


def crowd(users: int, others: int = 0, age_days: float = 0):
    by_window = np.zeros((len(ITEMS), 3), dtype=np.int64)
    by_window[:, 1] = others
    by_window[INDEX["tortilla"], 1] = users
    return snapshot(users_by_window=by_window, as_of=AS_OF - pd.Timedelta(days=age_days))


@pytest.mark.parametrize(("users", "band"), [(51, 50), (100, 50), (101, 100), (5001, 5000)])
def test_popular_tells_a_band_that_is_exceeded(users: int, band: int) -> None:
    found = find(Popular, evidence("tortilla", statistics=crowd(users)))
    assert found is not None
    assert found.facts == {"users_band": band, "window_days": 30, "until": "2017-12-01T00:00:00"}


@pytest.mark.parametrize("users", [0, 49, 50])
def test_popular_never_speaks_of_fewer(users: int) -> None:
    assert find(Popular, evidence("tortilla", statistics=crowd(users))) is None


def test_popular_is_among_the_top_tenth() -> None:
    # Eight items are sold; less than a tenth of them may surpass it, so none may.
    assert find(Popular, evidence("tortilla", statistics=crowd(90, 90))) is not None
    assert find(Popular, evidence("tortilla", statistics=crowd(90, 91))) is None


@pytest.mark.parametrize(("age_days", "holds"), [(-0.1, False), (7, True), (7.1, False)])
def test_popular_asks_for_fresh_statistics(age_days: float, *, holds: bool) -> None:
    found = find(Popular, evidence("tortilla", statistics=crowd(500, age_days=age_days)))
    assert (found is not None) == holds


def category_of(n_items: int) -> Catalogue:
    """Return a shop in which ``n_items`` items are chips, and one is milk."""
    return Catalogue(
        pd.DataFrame(
            {
                "item_id": [*(f"chips {place:02d}" for place in range(n_items)), "milk"],
                "title": [*(f"Chips {place:02d}" for place in range(n_items)), "Milk"],
                "category": [*["chips"] * n_items, "milk"],
            }
        )
    )


@pytest.mark.parametrize(
    ("users", "among"),
    [
        ([60, 59, 9, 9], 1),
        ([60, 60, 9, 9], None),  # as many users as another item; one of three needs twelve items
        ([60, 59, 9], None),
        ([49, 9, 9, 9], None),
        ([60, 70, 60, *[9] * 9], 3),
        ([60, 70, 80, 60, *[9] * 8], None),  # three other items have as many
        ([60, 70, 80, *[9] * 8], None),
    ],
    ids=["first", "tie", "few items", "few users", "third", "fourth", "eleven items"],
)
def test_a_best_seller_is_among_the_most_bought_of_its_category(users: list[int], among: int | None) -> None:
    by_window = np.zeros((len(users) + 1, 3), dtype=np.int64)
    by_window[:, 1] = [*users, 500]
    catalogue = category_of(len(users))
    shop = ShopEvidence(
        catalogue,
        snapshot=snapshot(users_by_window=by_window),
        promotions=PromotionCalendar(NO_PROMOTIONS, catalogue),
        policy=Policy(),
    )
    found = find(BestSeller, Subjects.of(Evidence(shop, [history()]), np.array([0]), np.array([0])))
    assert (found and found.facts) == (
        among and {"among": among, "category": "chips", "window_days": 30, "until": "2017-12-01T00:00:00"}
    )


def season(recent: int, usual: int = 200, lift: float = 1.0, **changes: object):
    """Return statistics in which the tortilla chips have so many of 2,000 users in 30 days, and of 4,000 in 90."""
    lifts = np.full(len(CATEGORY), np.nan)
    lifts[CATEGORY["chips"]] = lift
    users = np.zeros((len(ITEMS), 3), dtype=np.int64)
    users[INDEX["tortilla"], 1:], users[INDEX["milk"], 1:] = (recent, usual), (2000 - recent, 4000 - usual)
    return snapshot(season_lift=lifts, users_by_window=users, **changes)


# 200 of 4,000 is a twentieth; 130 of 2,000 is 1.3 times a twentieth.
@pytest.mark.parametrize(("recent", "told"), [(130, 1.3), (189, 1.8), (200, 2.0), (129, None)])
def test_season_rounds_down(recent: int, told: float | None) -> None:
    found = find(Season, evidence("tortilla", statistics=season(recent)))
    assert (found and found.facts) == (told and {"lift": told, "category": "chips"})


def test_season_speaks_of_the_present_and_agrees_with_what_the_scorer_reads() -> None:
    assert find(Season, evidence("tortilla", statistics=season(200, lift=0.99))) is None
    assert find(Season, evidence("tortilla", statistics=season(90, lift=3.0))) is None  # over since last month
    assert find(Season, evidence("milk", statistics=season(200))) is None
    assert find(Season, evidence("tortilla", statistics=season(99, usual=100))) is None  # too few
    assert find(Season, evidence("tortilla", statistics=season(200, days_covered=89.0))) is None
    assert find(Season, evidence("tortilla", statistics=season(200, as_of=AS_OF - pd.Timedelta(days=8)))) is None


def arrival(day: str, users: int = 5, **changes: object):
    first = np.full(len(ITEMS), np.datetime64("NaT", "s"))
    first[INDEX["tortilla"]] = np.datetime64(day, "s")
    return snapshot(first_seen=first, users_by_window=crowd(users).users_by_window, **changes)


@pytest.mark.parametrize(("day", "days"), [("2017-11-19T23:00", 12), ("2017-11-01", 30), ("2017-11-30T23:59", 1)])
def test_new_arrival_counts_calendar_days(day: str, days: int) -> None:
    found = find(NewArrival, evidence("tortilla", statistics=arrival(day)))
    assert found is not None
    assert found.facts == {"first_seen": day[:10], "days": days}


@pytest.mark.parametrize("day", ["2017-10-31T23:59", "2017-12-01", "2017-12-05"])
def test_new_arrival_is_new_and_there(day: str) -> None:
    assert find(NewArrival, evidence("tortilla", statistics=arrival(day))) is None


def test_new_arrival_needs_the_log_behind_it() -> None:
    assert find(NewArrival, evidence("milk", statistics=arrival("2017-11-19"))) is None
    assert find(NewArrival, evidence("tortilla", statistics=arrival("2017-11-19", users=4))) is None
    # The log begins 101 days before as_of, 89 days before the item.
    assert find(NewArrival, evidence("tortilla", statistics=arrival("2017-11-19", days_covered=101.0))) is None
    assert find(NewArrival, evidence("tortilla", statistics=arrival("2017-11-19", days_covered=102.0))) is not None


def test_new_arrival_takes_the_shops_word_where_the_policy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = Policy(PolicySettings(is_first_seen_stated=True))
    statistics = arrival("2017-11-19", users=0, days_covered=20.0)
    seen = evidence("tortilla", statistics=statistics, policy=policy)
    assert find(NewArrival, seen) is None  # this items table has no such column
    monkeypatch.setattr(seen.shop, "catalogue", Catalogue(ITEMS.assign(first_seen=pd.Timestamp("2017-11-19"))))
    assert find(NewArrival, seen) is not None
