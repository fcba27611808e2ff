"""Features, labels and eligibility of users at a moment, against values worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fading_log import tables

from scoring.churn.events import eligible, features, labels, regular_categories
from scoring.churn.setting import ChurnSetting
from scoring.churn.spending import Spending
from scoring.data.log import to_day
from scoring.data.tables import Tables
from scoring.errors import SettingError

SETTING = ChurnSetting(horizon_days=14, usual_days=56, recent_days=14)
AS_OF = to_day(pd.Timestamp("2020-03-01"))
# Every Sunday until 16 February, each visit 10 of coffee and 2 of milk; coffee stops after 26 January.
SUNDAYS = ["2020-01-05", "2020-01-12", "2020-01-19", "2020-01-26", "2020-02-02", "2020-02-09", "2020-02-16"]
ROWS = [("a", "m", day, 2.0) for day in SUNDAYS] + [("a", "c", day, 10.0) for day in SUNDAYS[:4]]
ROWS += [("b", "t", "2020-02-20", 6.0), ("c", "t", "2020-01-10", 5.0), ("a", "m", "2020-03-02", 1.0)]


@pytest.fixture(scope="module")
def spending() -> Spending:
    return Spending.of(tables(ROWS))


def of_user(spending: Spending, name: str, setting: ChurnSetting = SETTING) -> float:
    table = features(spending, AS_OF, setting)
    return float(table.column(name)[table.user_ids.index("a")])


def test_only_users_with_a_recent_visit_and_some_history_are_scored(spending: Spending) -> None:
    # b was first seen within the last 14 days; c has no visit in them; a visited on 16 February, which is 14 days ago.
    assert eligible(spending, AS_OF, SETTING).tolist() == [True, False, False]
    silence = SETTING.model_copy(update={"target": "silence"})
    assert eligible(spending, AS_OF, silence).tolist() == [True, True, True]


def test_rhythm(spending: Spending) -> None:
    assert of_user(spending, "days_since") == 14
    assert of_user(spending, "interval") == 7
    assert of_user(spending, "overdue") == 2
    assert of_user(spending, "longest_gap") == 7
    assert of_user(spending, "days_known") == 28  # twice the recent window at most


def test_trends_compare_the_last_14_days_with_the_14_before(spending: Spending) -> None:
    # 16 February to 1 March: one visit of 2.0. 2 to 15 February: two visits of 2.0.
    assert of_user(spending, "visits_trend") == pytest.approx(np.log(2 / 3))
    assert of_user(spending, "spend_trend") == pytest.approx(np.log(7 / 9))
    # In 56 days 7 visits and 54.0, so 0.875 visits and 6.75 in 7 days; the last 7 days had none.
    assert of_user(spending, "visits_short_trend") == pytest.approx(np.log(0.5 / 1.375))
    assert of_user(spending, "spend_short_trend") == pytest.approx(np.log(2 / 8.75))


def test_coffee_is_given_up_and_milk_is_not(spending: Spending) -> None:
    habits = regular_categories(spending.before(AS_OF), AS_OF)
    found = {spending.categories[c]: (n, i, s) for c, n, i, s in zip(
        habits.category, habits.occasions, habits.rhythm.median, habits.silent_days, strict=True)}  # fmt: skip
    assert found == {"coffee": (4, 7, 35), "milk": (7, 7, 14)}
    assert of_user(spending, "given_up") == 0.5


def test_events_from_the_moment_on_change_no_feature(spending: Spending) -> None:
    cut = Spending.of(tables(ROWS[:-1]))
    np.testing.assert_array_equal(features(spending, AS_OF, SETTING).x, features(cut, AS_OF, SETTING).x)


def test_spending_at_most_half_of_the_usual_is_churn(spending: Spending) -> None:
    # Usual: 54.0 in 56 days, so 13.5 in 14 days. After the moment a spends 1.0; 6.75 would be just half.
    assert labels(spending, AS_OF, SETTING)[0]
    for price, churns in ((6.75, True), (6.76, False)):
        other = Spending.of(tables([*ROWS[:-1], ("a", "m", "2020-03-02", price)]))
        assert labels(other, AS_OF, SETTING)[0] == churns
    late = Spending.of(tables([*ROWS[:-1], ("a", "m", "2020-03-15", 99.0)]))  # day 14 is outside the horizon
    assert labels(late, AS_OF, SETTING)[0]


def test_silence_is_churn_without_any_purchase(spending: Spending) -> None:
    silence = SETTING.model_copy(update={"target": "silence"})
    assert labels(spending, AS_OF, silence).tolist() == [False, True, True]


def test_a_spending_target_needs_prices() -> None:
    priced = tables(ROWS)
    bare = Tables(priced.events.drop(columns="price"), priced.items)
    with pytest.raises(SettingError, match="the events have no prices but a spending target needs them"):
        labels(Spending.of(bare), AS_OF, SETTING)


def test_rows_of_one_order_are_one_visit_and_returns_do_not_count() -> None:
    rows = [("a", "c", "2020-01-01", 3.0), ("a", "t", "2020-01-05", 4.0), ("a", "m", "2020-01-09", 1.0)]
    orders = Spending.of(tables([*rows, ("a", "m", "2020-01-10", 1.0)], order_id=["1", "1", "2", "2"],
                                kind=["purchase", "purchase", "purchase", "return"]))  # fmt: skip
    everything = orders.between(0, 1e6)
    assert orders.visits(everything).tolist() == [1]
    assert orders.total(everything).tolist() == [7.0]


def test_the_first_event_of_support_changes_no_columns() -> None:
    days = [*SUNDAYS, "2020-02-20"]
    log = Spending.of(
        tables([("a", "m", day, 2.0) for day in days], kind=["purchase"] * 7 + ["ticket"]), support_kinds=["ticket"]
    )
    early, late = (features(log, to_day(pd.Timestamp(day)), SETTING) for day in ("2020-02-17", "2020-02-24"))
    assert early.features == late.features
    assert (early.column("support").tolist(), late.column("support").tolist()) == ([0.0], [1.0])


def test_a_feature_that_a_log_lacks_is_missing(spending: Spending) -> None:
    table = features(spending, AS_OF, SETTING).aligned(["support", "days_since", "promoted_share"])
    assert table.x[:, :2].tolist() == [[0.0, 14.0]]
    assert np.isnan(table.column("promoted_share")).all()


def test_a_promotion_counts_in_its_store_and_while_it_runs() -> None:
    promotions = pd.DataFrame(
        {
            "item_id": ["c", "c", "t"],
            "start": pd.to_datetime(["2020-01-01", "2020-01-03", "2020-01-01"]),
            "end": pd.to_datetime(["2020-01-20", "2020-01-04", None]),
            "label": "flyer",
            "store_id": ["1", "1", ""],
        }
    )
    rows = [("a", "c", "2020-01-10", 1.0), ("a", "c", "2020-01-10", 1.0), ("a", "c", "2020-01-20", 1.0),
            ("a", "t", "2020-06-01", 1.0), ("a", "m", "2020-01-10", 1.0)]  # fmt: skip
    shop = tables(rows, store_id=["1", "2", "1", "9", "1"])
    found = Spending.of(type(shop)(shop.events, shop.items, promotions=promotions))
    assert found.promoted is not None
    # By time: coffee in store 1 while the longer run lasts, in store 2, milk, coffee on the day of the end, tea later.
    promoted = dict(zip(zip(found.day.tolist(), found.category.tolist(), strict=True), found.promoted, strict=True))
    assert sorted(found.promoted.tolist()) == [False, False, False, True, True]
    assert promoted[(to_day(pd.Timestamp("2020-06-01")), 2)]
