"""What counts as an event of a claim: kinds, quantities, returns, orders, titles and the shop's clock."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence
from llm_explain.claims.kinds.category_affinity import CategoryAffinity
from llm_explain.claims.kinds.due import Due
from llm_explain.claims.kinds.new_arrival import NewArrival
from llm_explain.claims.kinds.popular import Popular
from llm_explain.claims.kinds.promotion import Promotion
from llm_explain.claims.kinds.repeat_item import RepeatItem
from llm_explain.claims.kinds.season import Season
from llm_explain.claims.kinds.usual_brand import UsualBrand
from llm_explain.claims.kinds.usual_price import UsualPrice
from llm_explain.claims.subjects import Subjects
from llm_explain.policy.policy import Policy
from scoring.data.catalogue import Catalogue
from scoring.data.history import History
from scoring.data.shop import Shop
from scoring.features.promotions import PromotionCalendar
from tests.llm_explain.claims.scene import AS_OF, CATALOGUE, ITEMS, NO_PROMOTIONS, bought, evidence, find, snapshot
from tests.llm_explain.claims.test_context import arrival, crowd, runs, season
from tests.llm_explain.claims.test_habit import PAID, prices, purchases

CHIPS = bought("tortilla", 40, 20)
VIEWS = bought("tortilla", 5, 4, 3, kind="view")
PLAYS_AND_PURCHASES = Shop(target_kinds=("purchase", "play"))
NEW_YORK = Shop(time_zone="America/New_York")


def count(*events: pd.DataFrame, shop: Shop | None = None) -> object:
    found = find(RepeatItem, evidence("tortilla", *events, shop=shop))
    return found and found.facts["count"]


@pytest.mark.parametrize("kind", ["view", "cart", "wishlist", "add_to_cart", "unknown", "return", "cancelled"])
def test_no_claim_counts_events_that_are_not_of_a_target_kind(kind: str) -> None:
    only = [frame.assign(kind=kind) for frame in (*purchases(PAID), bought("tortilla", 40, 20, 3))]
    subjects = evidence("ridged", *only, statistics=prices(3))
    tortilla = evidence("tortilla", *only)
    assert all(find(each, subjects) is None for each in (UsualBrand, UsualPrice, CategoryAffinity))
    assert all(find(each, tortilla) is None for each in (RepeatItem, Due))
    assert subjects.evidence.usual_store(0) is None


def test_signals_beside_purchases_change_nothing() -> None:
    found = find(RepeatItem, evidence("tortilla", CHIPS, VIEWS))
    assert found is not None
    assert found.facts == {"count": 2, "last": "2017-11-11"}


def test_claims_say_which_kind_they_count() -> None:
    viewed = Shop(target_kinds=("view",))
    found = find(RepeatItem, evidence("tortilla", CHIPS, VIEWS, shop=viewed))
    assert found is not None
    assert found.facts == {"count": 3, "last": "2017-11-28", "event_kind": "view"}


def test_a_claim_counts_the_first_target_kind_that_occurs() -> None:
    plays = bought("tortilla", 9, 8, 7, kind="play")
    brand = find(UsualBrand, evidence("ridged", plays, shop=PLAYS_AND_PURCHASES))
    assert brand is not None
    assert (brand.facts["count"], brand.facts["event_kind"]) == (3, "play")
    assert count(CHIPS, plays, shop=PLAYS_AND_PURCHASES) == 2
    assert find(UsualBrand, evidence("ridged", plays, bought("kettle", 6), shop=PLAYS_AND_PURCHASES)) is None


def test_only_purchases_have_a_usual_price() -> None:
    played = [frame.assign(kind="play") for frame in purchases(PAID)]
    for shop in (Shop(target_kinds=("play",)), PLAYS_AND_PURCHASES):
        assert find(UsualPrice, evidence("ridged", *played, statistics=prices(3), shop=shop)) is None
    assert find(UsualPrice, evidence("ridged", *purchases(PAID), statistics=prices(3), shop=PLAYS_AND_PURCHASES))


def test_crowds_have_one_verb_or_none() -> None:
    viewed = Shop(target_kinds=("view",))
    popular = find(Popular, evidence("tortilla", statistics=crowd(300), shop=viewed))
    assert popular is not None
    assert popular.facts["event_kind"] == "view"
    assert find(Popular, evidence("tortilla", statistics=crowd(300), shop=PLAYS_AND_PURCHASES)) is None
    assert find(Season, evidence("tortilla", statistics=season(200), shop=PLAYS_AND_PURCHASES)) is None


def test_a_quantity_of_zero_is_no_purchase() -> None:
    assert count(CHIPS, bought("tortilla", 3).assign(quantity=0.0)) == 2


def test_a_returned_purchase_does_not_count() -> None:
    assert count(CHIPS, bought("tortilla", 10, kind="return")) == 1
    assert count(CHIPS, bought("tortilla", 10).assign(quantity=-1.0)) == 1
    assert count(bought("tortilla", 40), bought("tortilla", 39, kind="refund")) is None


def test_an_order_is_one_occasion() -> None:
    moments = AS_OF - pd.to_timedelta([86_402, 86_401, 86_400], unit="s")
    seconds_apart = pd.DataFrame({"item_id": "tortilla", "timestamp": moments})
    assert count(seconds_apart) == 1
    days_apart = bought("tortilla", 9, 8, 7)
    assert count(days_apart) == 3
    assert count(days_apart.assign(order_id="one")) == 1
    assert count(seconds_apart.assign(order_id=["a", "b", "c"])) == 3


def test_orders_that_overlap_in_time_are_counted_apart() -> None:
    minutes = AS_OF - pd.to_timedelta([180, 120, 60, 0], unit="min") - pd.Timedelta(days=2)
    rows = pd.DataFrame({"item_id": "tortilla", "timestamp": minutes, "order_id": ["a", "b", "a", "b"]})
    assert count(rows) == 2


def test_items_with_one_title_count_together() -> None:
    items = ITEMS.assign(title=["Chips", "Chips", *ITEMS["title"][2:-1], ""])
    catalogue = Catalogue(items)
    rows = pd.concat([bought("tortilla", 40, 20), bought("kettle", 20, 10), bought("kit", 3)])
    shop = ShopEvidence(
        catalogue, snapshot=snapshot(), promotions=PromotionCalendar(NO_PROMOTIONS, catalogue), policy=Policy()
    )
    own = History.from_events(rows, catalogue, as_of=AS_OF, user_id="u")
    subjects = Subjects.of(
        Evidence(shop, [own]), np.array([0, 0, 0]), catalogue.index_of(["tortilla", "kettle", "kit"])
    )
    assert subjects.of_item.counts.tolist() == [3, 3, 1]


def test_days_are_those_of_the_shop() -> None:
    late = pd.DataFrame({"item_id": "tortilla", "timestamp": [pd.Timestamp("2017-11-11T03:30")]})
    told = [find(RepeatItem, evidence("tortilla", late, shop=shop)) for shop in (None, NEW_YORK)]
    assert [each and each.facts["last"] for each in told] == ["2017-11-11", "2017-11-10"]


def test_a_rhythm_counts_the_days_of_the_shop() -> None:
    # Four evenings in New York, of which two lie on one day of UTC.
    moments = pd.to_datetime(
        ["2017-11-01T02:30", "2017-11-08T04:30", "2017-11-15T05:30", "2017-11-15T23:00", "2017-11-22T20:00"]
    )
    rows = pd.DataFrame({"item_id": "tortilla", "timestamp": moments})
    found = find(Due, evidence("tortilla", rows, shop=NEW_YORK))
    assert found is not None
    # 31 October, 7 November, 15 November twice, 22 November; and it is the evening of 30 November.
    assert found.facts == {"interval_days": 7, "days_since": 8, "last": "2017-11-22", "count": 5}


def test_windows_are_those_of_the_shop() -> None:
    # Summer time ended on 5 November: 90 days ago at the same hour on the wall is an hour earlier in UTC.
    moments = pd.to_datetime(["2017-09-01T23:30", "2017-11-20T10:00"])
    rows = pd.DataFrame({"item_id": "tortilla", "timestamp": moments})
    as_of = pd.Timestamp("2017-12-01T00:15")
    windows = [
        found and found.facts["window_days"]
        for shop in (None, NEW_YORK)
        for found in [find(CategoryAffinity, evidence("tortilla", rows, as_of=as_of, shop=shop))]
    ]
    assert windows == [365, 90]


def test_the_last_day_of_a_promotion_is_the_last_day_on_which_it_runs() -> None:
    # Monday, 4 December, midnight in New York: Sunday is the last day.
    table = runs(("tortilla", "2017-11-27T05:00", "2017-12-04T05:00", "mailer", None))
    told = [find(Promotion, evidence("tortilla", promotions=table, shop=shop)) for shop in (None, NEW_YORK)]
    assert [each and each.facts["until"] for each in told] == ["2017-12-04", "2017-12-03"]
    assert [each and each.facts["start"] for each in told] == ["2017-11-27", "2017-11-27"]


def test_an_open_end_is_not_told() -> None:
    table = runs(("tortilla", "2017-11-27", "2262-01-01", "mailer", None))
    found = find(Promotion, evidence("tortilla", promotions=table))
    assert found is not None
    assert found.facts == {"label": "mailer", "start": "2017-11-27", "store_id": ""}


def test_a_new_arrival_is_counted_in_days_of_the_shop() -> None:
    found = find(NewArrival, evidence("tortilla", statistics=arrival("2017-11-19T02:00"), shop=NEW_YORK))
    assert found is not None
    assert found.facts == {"first_seen": "2017-11-18", "days": 12}


def test_a_log_without_moments_has_no_claims_about_time() -> None:
    ordered = Shop(times="order")
    rows = [bought("tortilla", 55, 41, 29, 13)]
    table = runs(("tortilla", "2017-11-27", "2017-12-24", "mailer", None))
    statistics = crowd(300)
    subjects = evidence("tortilla", *rows, promotions=table, statistics=statistics, shop=ordered)
    assert [find(each, subjects) for each in (Due, Promotion, Popular, NewArrival)] == [None] * 4
    repeat, category = find(RepeatItem, subjects), find(CategoryAffinity, subjects)
    assert repeat is not None
    assert repeat.facts == {"count": 4}
    assert category is not None
    assert category.facts == {"category": "chips", "count": 4}


def test_columns_of_many_users_are_those_of_each() -> None:
    """Rules see users and items together and must find for each what they find for it alone."""
    catalogue, rng = CATALOGUE, np.random.default_rng(0)
    shop = ShopEvidence(
        catalogue, snapshot=snapshot(), promotions=PromotionCalendar(NO_PROMOTIONS, catalogue), policy=Policy()
    )
    histories = []
    for user in range(30):
        n = int(rng.integers(0, 60))
        ids = rng.choice(ITEMS["item_id"].to_numpy()[:5], n)
        days = rng.integers(1, 200, n)
        frames = [bought(i, int(d), price=float(rng.integers(2, 5))) for i, d in zip(ids, days, strict=True)]
        rows = pd.concat([*frames, bought("lager", 400)])
        histories.append(History.from_events(rows, catalogue, as_of=AS_OF, user_id=f"u{user}"))
    user = np.repeat(np.arange(30), len(ITEMS))
    item = np.tile(np.arange(len(ITEMS)), 30)
    together = Subjects.of(Evidence(shop, histories), user, item)
    for kind in ClaimKinds.installed().values():
        findings = kind.find(together)
        places = reversed([*enumerate(findings.rows.tolist())])  # of several findings, the first one counts
        facts = {row: findings.facts_at(place) for place, row in places}
        for row in range(len(user)):
            alone = Subjects.of(Evidence(shop, [histories[user[row]]]), np.array([0]), item[row : row + 1])
            found = find(type(kind), alone)
            assert facts.get(row) == (found and found.facts), (kind.name, row)
