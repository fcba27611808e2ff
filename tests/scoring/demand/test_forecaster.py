"""Effects, trees, ranges and storage of the demand model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.demand.backtest import backtest
from scoring.demand.effects import SEASON, Effects
from scoring.demand.forecaster import Forecaster, intermittent_at
from scoring.demand.intermittent import (
    empirical_quantiles,
    expected_units,
    has_stopped,
    is_intermittent,
    resumption,
    tsb_rate,
)
from scoring.demand.model import DemandModel
from scoring.demand.outlook import outlook
from scoring.demand.plans import parsed_changes, with_plans
from scoring.demand.ranges import LEVELS, Stretch
from scoring.demand.reading import panel_of_sales
from scoring.demand.storage import load, save
from scoring.errors import ArtifactError, SettingError, TableError, UnknownItemError
from tests.scoring.demand.sales import CONFIG, fitted, panel


def test_the_effects_are_those_of_the_shop() -> None:
    effects = fitted().model.effects
    regular = effects.coefficients[:3]  # apples, bread, cheese
    by_name = dict(zip(effects.names, regular.T, strict=True))
    np.testing.assert_allclose(by_name["display", "now"], np.log(2), atol=0.1)
    np.testing.assert_allclose(by_name["price", "log"], -2, atol=0.3)


def test_base_value_and_players_add_up_to_the_forecast() -> None:
    found = outlook(fitted(), panel(), 3)
    players, names = found.players, ["base_value", *found.player_names]
    np.testing.assert_allclose(players[names].sum(axis=1), players["score"], atol=1e-9)
    weekly = found.weekly
    regular = ~weekly["is_intermittent"].to_numpy()
    np.testing.assert_allclose(np.expm1(players["score"])[regular], weekly["units"][regular], rtol=1e-6)


def test_another_plan_is_forecast_by_the_model() -> None:
    plans = pd.DataFrame({"item_id": ["apples"], "store_id": ["1"], "week": [71], "display": [1.0]})
    weekly = outlook(fitted(), with_plans(panel(), plans), 3).weekly
    row = weekly[(weekly["item_id"] == "apples") & (weekly["store_id"] == "1") & (weekly["week"] == "71")].iloc[0]
    assert row["units"] / row["without_display"] == pytest.approx(2, rel=0.25)
    assert weekly["without_display"].notna().sum() == 1


def test_a_week_without_a_price_has_that_of_weeks_with_its_promotions() -> None:
    # Three deals at 1, 1.2 and 2, then a week at 3 without one. The last deal had the advert too.
    base = panel().take(np.array([0]))
    price, deal, advert = (np.full_like(base.price, value) for value in (3.0, 0.0, 0.0))
    price[:, 60:64], deal[:, 60:64], advert[:, 63] = [1.0, 1.2, 2.0, 0.5], 1.0, 1.0
    known = replace(base, price=price, promotions={"deal": deal, "advert": advert})

    def price_of(**plan: float) -> float:
        table = pd.DataFrame({"item_id": ["apples"], "week": [71], **plan})
        return with_plans(known, table).planned.price[0, known.n_known]

    assert known.extended(1).planned.price[0, known.n_known] == 3.0
    assert price_of(deal=1.0) == 1.2
    assert price_of(deal=1.0, advert=1.0) == 0.5
    assert price_of(deal=0.0, advert=1.0) == 3.0  # never alone
    usual = replace(known, promotions={"deal": np.where(price > 2.0, 1.0, deal), "advert": advert})
    assert usual.extended(1).planned.price[0, known.n_known] == 3.0
    cheaper = replace(known, price=np.where(deal > 0, 9.0, price))
    assert (
        with_plans(cheaper, pd.DataFrame({"item_id": ["apples"], "week": [71], "deal": [1.0]})).planned.price[
            0, known.n_known
        ]
        == 3.0
    )  # at most the price without a promotion


def test_a_price_changes_its_own_series() -> None:
    found = {}
    for price in (1.6, 2.0):
        plan = panel().extended(1).with_plan({"price": price}, panel().rows_of(["bread"], ["2"]))
        found[price] = outlook(fitted(), plan, 1).weekly["units"]
    is_own = (panel().series[["item_id", "store_id"]] == ["bread", "2"]).all(axis=1)
    assert found[1.6][is_own].item() > 1.3 * found[2.0][is_own].item()
    assert (found[1.6] / found[2.0])[~is_own].between(0.9, 1.1).all()


def test_ranges_are_nested_and_hold_the_forecast() -> None:
    found = outlook(fitted(), panel(), 3)
    for frame in (found.weekly, found.together):
        ends = ["low_95", "low_80", "low_50", "units", "high_50", "high_80", "high_95"]
        assert (np.diff(frame[ends].to_numpy(), axis=1) >= -1e-9).all()
    assert (found.together["units"] > 0).all()
    assert found.together["weeks"].tolist() == [1] * 8 + [2] * 8 + [3] * 8


def test_the_backtest_beats_simple_forecasts_and_covers() -> None:
    measured = backtest(panel(), CONFIG, 58)
    assert measured.weeks == ("59", "70")
    for ahead in ("1", "2", "3"):
        assert measured.wmape[ahead] < 0.6 * min(measured.baselines["mean_8"][ahead], measured.baselines["ets"][ahead])
    assert 0.65 < measured.coverage[80] < 0.95
    assert list(measured.to_dict()) == ["wmape", "coverage80", "baselines"]
    assert measured.better_baselines() == []
    worse = replace(
        measured, wmape={"1": 0.4, "2": 0.4}, baselines={"a": {"1": 0.3, "2": 0.3}, "b": {"1": 0.3, "2": 0.5}}
    )
    assert worse.better_baselines() == ["a"]


def test_ranges_of_weeks_without_a_plan_are_those_of_ordinary_weeks() -> None:
    # Four in five weeks have no display, which doubles sales. A range for any week would reach twice the forecast.
    forecaster, known = fitted(), panel().up_to(58).without_plans()
    found = forecaster.predict(known, forecaster.inputs(known), np.arange(8), np.full(8, 58), np.full(8, 1))
    regular = ~intermittent_at(known, 57)
    assert (found.high[90] / found.units)[regular].max() < 1.9
    measured = backtest(panel(), CONFIG, 58).figures()["without_plans"]
    displays = panel().promotions["display"][:, 58:]
    assert measured["as_assumed"] == pytest.approx((displays == 0).mean(), abs=1e-3)
    assert 0.7 < measured["coverage"]["80"] < 0.95


def test_the_usual_promotion_of_a_week_without_a_plan_is_forecast_apart() -> None:
    found = outlook(fitted(), panel(), 3)
    both = found.together.merge(found.promoted, on=["item_id", "store_id", "weeks"], suffixes=("", "_promoted"))
    regular = both[both["item_id"] != "rare"]
    assert len(both) == 8 * 3
    assert set(both["promotion"]) == {"display"}
    first = regular[regular["weeks"] == 1]
    price = found.weekly[found.weekly["weeks_ahead"] == 1].set_index(["item_id", "store_id"])["price"]
    ratio = first["price"] / price[pd.MultiIndex.from_frame(first[["item_id", "store_id"]])].to_numpy()
    np.testing.assert_allclose(first["units_promoted"] / first["units"], 2 * ratio**-2, rtol=0.25)
    added = (regular["units_promoted"] - regular["units"]).to_numpy().reshape(3, -1)  # it runs in the first week alone
    np.testing.assert_allclose(added, np.tile(added[0], (3, 1)), rtol=0.05)
    plans = pd.DataFrame({"item_id": ["apples"], "store_id": ["1"], "week": [71], "display": [0.0]})
    assert len(outlook(fitted(), with_plans(panel(), plans), 3).promoted) == 7 * 3
    shares = np.zeros((8, 70))
    shares[0, [30, 56]], shares[1, [57, 58]], shares[2, 69] = 1.0, 1.0, 1.0  # a quarter ago, lately, once
    rare = outlook(fitted(), replace(panel(), promotions={"display": shares}), 1).promoted
    assert rare[["item_id", "store_id"]].to_numpy().tolist() == [["apples", "2"]]


def test_another_item_keeps_its_plan_where_the_own_one_changes() -> None:
    # A display of bread takes sales from apples. Without its own display, apples still have that competitor.
    model = fitted().model
    both = panel().extended(1).with_plan({"display": 1.0}, np.array([0, 2]))
    alone = panel().extended(1).with_plan({"display": 1.0}, np.array([2]))
    rows = (np.array([0]), np.array([70]), np.array([1]))
    apart = model.features(panel().extended(1).with_plan({"display": 0.0}), both)
    without = model.features(alone.with_plan({"display": 0.0}, np.array([0])))
    np.testing.assert_allclose(model.median(apart, *rows), model.median(without, *rows))


def test_the_forecast_reads_no_later_sales() -> None:
    later = panel().up_to(60)
    model = fitted().spread
    rows = (np.arange(8), np.full(8, 62), np.full(8, 3))
    np.testing.assert_allclose(
        model.quantiles(model.features(panel()), *rows), model.quantiles(model.features(later), *rows)
    )


def test_a_cutoff_needs_history() -> None:
    with pytest.raises(SettingError, match="the cutoff leaves 5 weeks to fit on"):
        backtest(panel(), CONFIG, 5)


def test_saved_artifacts_give_the_same_forecasts(tmp_path: Path) -> None:
    save(tmp_path, fitted(), replace(panel(), unit="oz"))
    forecaster, loaded = load(tmp_path)
    assert loaded.unit == "oz"
    pd.testing.assert_frame_equal(outlook(forecaster, loaded, 2).weekly, outlook(fitted(), panel(), 2).weekly)
    (tmp_path / "demand.json").write_text("{}")
    with pytest.raises(ArtifactError, match="of version None but 6 is needed"):
        load(tmp_path)
    with pytest.raises(
        ArtifactError,
        match=r"holds no demand\.json but a trained demand model is needed\. Run `llm-explain demand train",
    ):
        load(tmp_path / "nowhere")


def test_tsb_and_the_ranges_of_rare_items() -> None:
    # chance .5 and size 4 at first; week 1: chance .55, size 4; week 2: chance .495, size 4
    assert tsb_rate(np.array([[4.0, 0.0]])).tolist() == pytest.approx([0.495 * 4])
    units = np.array([[0.0, 0, 0, 3, 0, 0, 0, 5, 0]])
    assert is_intermittent(units).tolist() == [True]
    # nine weeks: the 10 % quantile has rank 1, the 90 % quantile rank 9
    assert empirical_quantiles(units, np.array([0.1, 0.9])).tolist() == [[0.0, 5.0]]
    assert empirical_quantiles(np.array([[1.0, 2, 4]]), np.array([0.9]), weeks=2).tolist() == [[6.0]]


def test_rare_items_need_no_trees() -> None:
    known, forecaster = panel().extended(3), fitted()
    rare = np.flatnonzero(intermittent_at(known, known.n_known - 1))
    bare = replace(forecaster, model=replace(forecaster.model, trees={}), spread=replace(forecaster.spread, trees={}))
    found = bare.predict_together(known, forecaster.inputs(known), 3, rare)
    np.testing.assert_array_equal(found.units, expected_units(known.units[rare, : known.n_known], 3))


def test_a_seasonal_item_that_stands_still_is_not_ordered_for_its_season() -> None:
    season = [9.0, 7, 8, 9, 7, 8]  # six weeks, then 20 without a sale: 16 windows of the year follow four such weeks
    units = np.array([[*season, *np.zeros(20)], [*np.zeros(20), *season], [*season, *np.zeros(18), 1, 0]])
    assert is_intermittent(units).tolist() == [True, True, True]
    standing, selling, sold_lately = empirical_quantiles(units, np.array([0.5, 0.95]))
    assert standing.tolist() == [0.0, 0.0]
    assert selling[1] == sold_lately[1] == 9.0
    assert expected_units(units)[0] == 0.0
    np.testing.assert_array_equal(expected_units(units)[1:], tsb_rate(units)[1:])
    assert expected_units(units[:, :13])[0] > 0.0  # three such windows tell too little


def test_an_item_that_stopped_selling_is_expected_back_by_the_rule_of_succession() -> None:
    sold = [4.0, 6, 5, 5] * 5
    # a sale in 19 of 20 weeks: two silent weeks have the chance .0025, one .05; a sale in each week makes one enough
    units = np.array([[0.0, *sold[1:], 0, 0], [0.0, *sold[1:], 5, 0], [*sold, 5, 5]])
    assert has_stopped(units).tolist() == [True, False, False]
    # two silent weeks: a sale has the chance 1/4, and its size is 96/19; .9 of the coming week is .6 of the sizes
    rate, ends = resumption(units[0], np.array([0.1, 0.7, 0.9]))
    assert rate == pytest.approx(96 / 19 / 4)
    assert ends.tolist() == [0.0, 0.0, 5.0]
    seasonal = np.concatenate([np.zeros(4), np.tile(sold, 2), np.full(8, 5.0), np.zeros(4)])[None]
    assert has_stopped(seasonal).tolist() == [False]  # it was silent a year ago too
    assert has_stopped(seasonal[:, 1:]).tolist() == [True]  # unknown


def test_a_week_without_a_plan_is_an_ordinary_one() -> None:
    shares = panel().promotions["display"].copy()
    shares[3] = 0.6  # always in some stores
    known = replace(panel(), promotions={"display": shares})
    usual = np.where(np.arange(8) == 3, 0.6, 0.0)
    plans = pd.DataFrame({"item_id": ["apples"], "store_id": ["1"], "week": [71], "display": [7.0]})
    planned = with_plans(known, plans).extended(2).planned.promotions["display"]
    np.testing.assert_allclose(planned[1:, 70], usual[1:])
    np.testing.assert_allclose(planned[:, 71], usual)
    assert planned[0, 70] == 1.0  # no display is larger than a whole week
    price = known.without_plans().extended(1).planned.price[:, 70]
    last = [known.price[row, np.flatnonzero(own == usual[row])[-1]] for row, own in enumerate(shares)]
    np.testing.assert_allclose(price, last)  # the price of a display is none of a week without one
    weekly = outlook(fitted(), panel().extended(1).with_plan({"display": 1.0}, np.array([0])), 1).weekly
    assert weekly["without_display"].notna().tolist() == [True] + 7 * [False]  # what is usual is no plan


def test_a_plan_of_one_promotion_is_a_plan_of_no_other() -> None:
    both = replace(panel(), promotions={**panel().promotions, "mailer": np.ones((8, 70))})
    plans = pd.DataFrame({"item_id": ["apples"], "store_id": ["1"], "week": [71], "display": [1.0]})
    mailer = with_plans(both, plans).planned.promotions["mailer"]
    assert mailer[:, 70].tolist() == [0.0] + 7 * [1.0]


def test_beyond_what_an_item_has_had_the_effect_is_that_of_all_items() -> None:
    share = np.tile([[0.0, 0.1, 0.2, 0.1, 0.0, 0.2], [0.0, 1.0, 0.5, 1.0, 0.0, 0.5]], 20)
    effects = Effects.fit(share * [[9.0], [2.0]], {("display", "now"): share}, np.array([0, 1]))
    planned = effects.of({("display", "now"): np.array([[0.1, 0.2, 0.9], [0.1, 0.2, 0.9]])})["display"]
    (own, others), pooled = effects.coefficients[:, 0], effects.pooled[0]
    assert own > pooled > others  # the display of the first item seems to do more, but it never had more than .2
    np.testing.assert_allclose(np.diff(planned), [[0.1 * own, 0.7 * pooled], [0.1 * others, 0.7 * others]])


def test_stretch_misses_each_end_as_often_as_it_may() -> None:
    actual = np.random.default_rng(0).normal(0, 3, 4000)
    zero = np.zeros(4000)
    stretch = Stretch.fit(zero, zero - 1, zero + 1, actual)
    for level in LEVELS:
        low, high = stretch.of(zero, zero - 1, zero + 1, level)
        assert ((actual >= low) & (actual <= high)).mean() == pytest.approx(level / 100, abs=0.01)


def test_faults_of_plans_and_choices() -> None:
    with pytest.raises(SettingError, match="--what-if is 'price' but NAME=NUMBER"):
        parsed_changes(["price"])
    with pytest.raises(SettingError, match="the plan changes 'flyer' but only price, display"):
        panel().with_plan({"flyer": 1.0})
    receipts = replace(panel(), has_planned_price=False)
    with pytest.raises(SettingError, match="the plan changes 'price' but only display can be changed"):
        receipts.with_plan({"price": 1.6})  # the forecast would stay the same
    with pytest.raises(TableError, match="item_id, week, price but item_id, week or date, and one of display are"):
        with_plans(receipts, pd.DataFrame({"item_id": ["apples"], "week": [71], "price": [1.6]}))
    with pytest.raises(TableError, match="plans: the columns are item_id, week but"):
        with_plans(panel(), pd.DataFrame({"item_id": ["apples"], "week": [71]}))
    with pytest.raises(UnknownItemError, match="item is 'pears' but an item of the sales is needed"):
        panel().rows_of(["pears"])
    with pytest.raises(SettingError, match="store is '9' but"):
        panel().rows_of((), ["9"])
    with pytest.raises(SettingError, match="--weeks is 9 but 1 to 3 are possible"):
        outlook(fitted(), panel(), 9)


def test_a_season_that_comes_again_has_an_effect() -> None:
    weeks = np.arange(130)
    rate = 200 * (1 + 0.5 * np.sin(2 * np.pi * weeks / 52))
    random = np.random.default_rng(1)
    rows = [(item, str(week), random.poisson(rate[week])) for item in ("a", "b") for week in weeks]
    seasonal = panel_of_sales(pd.DataFrame(rows, columns=["item_id", "week", "units"]))
    measured = backtest(seasonal, CONFIG, 118)
    assert measured.wmape["3"] < 0.5 * measured.baselines["mean_8"]["3"]
    assert measured.wmape["3"] < measured.baselines["seasonal_naive"]["3"]
    assert any(driver == SEASON for driver, _ in DemandModel.fit(seasonal, CONFIG).effects.names)
    names = {driver for driver, _ in fitted().model.effects.names}
    assert names == {"price", "display", "other_items"}  # 70 weeks are too few to tell a season


def test_trees_count_only_if_they_forecast_better_than_the_effects() -> None:
    # Poisson sales of fixed rates have nothing that a tree could learn.
    random = np.random.default_rng(0)
    rows = [(f"i{n}", week, random.poisson(20 + 30 * n)) for n in range(8) for week in range(60)]
    noise = panel_of_sales(pd.DataFrame(rows, columns=["item_id", "week", "units"]))
    found = Forecaster.fit(noise, CONFIG)
    assert found.model.tree_weight < 1.0
    assert found.spread.tree_weight == found.model.tree_weight
    known = noise.extended(1)
    features = found.inputs(known).middle
    asked = (np.arange(8), np.full(8, noise.n_known), np.ones(8, dtype=np.int64))
    _, phi, base = found.model.attribution(features, *asked)
    assert base + phi.sum(axis=1) == pytest.approx(found.model.median(features, *asked))
    off = replace(found.model, tree_weight=0.0)
    assert off.median(features, *asked) == pytest.approx(features.offset(*asked))


def test_the_spread_of_the_quantiles_does_not_depend_on_the_weight_of_the_trees() -> None:
    known = panel().extended(1)
    features = fitted().inputs(known).spread
    asked = (np.arange(3), np.full(3, panel().n_known), np.ones(3, dtype=np.int64))
    full, none = (replace(fitted().spread, tree_weight=weight).quantiles(features, *asked) for weight in (1.0, 0.0))
    assert none[:, 1] == pytest.approx(features.offset(*asked))
    assert none[:, 2] - none[:, 1] == pytest.approx(full[:, 2] - full[:, 1])
