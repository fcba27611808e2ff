"""Sentences about demand: every statement follows from the tables, and the verifier refuses any other number."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llm_explain.jobs import BriefWriter
from llm_explain.jobs.brief import Stated
from llm_explain.jobs.demand import DemandScene, explain
from llm_explain.jobs.demand.audit import DemandAudit
from llm_explain.jobs.demand.explain import _brief, briefs
from llm_explain.jobs.demand.headlines import above_recent, promoted_forecast, promoted_order
from llm_explain.jobs.demand.kinds import Holiday, Price, Promotion
from llm_explain.records import Claim, Fact
from scoring.demand.outlook import outlook
from scoring.demand.plans import with_plans
from scoring.demand.stock import StockPolicy, orders, read_stock
from tests.scoring.demand.sales import fitted, panel
from tests.scoring.demand.test_calendar import feast, feast_outlook

PLANS = pd.DataFrame(
    {
        "item_id": ["apples", "bread"],
        "store_id": ["1", "2"],
        "week": [71, 71],
        "display": [1, None],
        "price": [None, 1.6],
    }
)
STOCK = pd.DataFrame(
    {
        "item_id": ["apples", "apples", "bread", "bread", "cheese", "rare"],
        "store_id": ["1", "2", "1", "2", "1", "1"],
        "on_hand": [20, 45, 5000, 90, 130, 3],
        "on_order": [6, 0, 0, 0, 0, 0],
        "lead_time_days": [3, 1, 7, 7, 0, 7],
        "pack_size": [12, 1, 1, 6, 1, 1],
    }
)


@cache
def scene(has_stock: bool = True, has_dates: bool = False) -> DemandScene:
    """Return the small shop with a display for apples and a low price for bread in the coming week."""
    known = with_plans(panel(), PLANS)
    if has_dates:
        days = pd.date_range("2024-03-04", periods=len(known.weeks), freq="7D")
        known = replace(known, weeks=tuple(str(day.date()) for day in days))
    found = outlook(fitted(), known.extended(3), 3)
    ordered = orders(found, read_stock(STOCK), StockPolicy(dead_weeks=4)) if has_stock else None
    return DemandScene(known.extended(3), found, ordered)


@cache
def records(locale: str = "en", **options: bool) -> list[dict]:
    return explain(scene(**options), locale=locale)


def text_of(item: str, store: str, locale: str = "en", **options: bool) -> str:
    own = [each for each in records(locale, **options) if each["subject"]["item_id"] == item]
    return next(each["text"] for each in own if each["subject"]["store_id"] == store)


def test_an_order_states_its_range_its_driver_and_its_stock() -> None:
    text = text_of("apples", "1")
    assert re.search(r"rder \d+ of apples for store 1 \(\d+ packs of 12\)", text)
    assert re.search(
        r"; the display(?: at a price of 1\.60)? adds about \d+\. There are 20 on hand and 6 on order, and \d+ are",
        text,
    )
    assert "week 71" in text
    assert "to last 10 days (3 days of delivery and one week more) in 95 of 100 cases." in text


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "adds about N judging by other items"),
        ("es", "alrededor de N a juzgar"),
        ("zh", "按其他商品的情况看陈列"),
    ],
)
def test_a_promotion_that_the_item_never_had_is_told_from_other_items(locale: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    own = panel().promotions["display"].copy()
    own[:2] = 0.0  # apples
    never = with_plans(replace(panel(), promotions={"display": own}), PLANS).extended(3)
    found = DemandScene(never, outlook(fitted(), never, 3))
    rows = explain(found, locale=locale, rows=[0])
    assert said in re.sub(r"(about|r de) \d+", r"\1 N", rows[0]["text"])
    found.write(tmp_path)
    assert DemandAudit(tmp_path).faults(rows) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "if no promotion runs"), ("es", "si no hay promociones"), ("zh", "假设没有促销")],
)
def test_a_range_without_a_plan_says_on_what_condition_it_holds(locale: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    rows = [each for each in records(locale) if said in each["text"]]
    keys = {(each["subject"]["item_id"], each["subject"]["store_id"]) for each in rows}
    assert ("apples", "1") not in keys  # its display is planned
    assert {("apples", "2"), ("bread", "2")} <= keys  # for bread, a price alone is planned
    scene().write(tmp_path)
    assert DemandAudit(tmp_path).faults(records(locale)) == []
    stated = rows[0]["statements"][0]
    assert stated["facts"]["unknown_plan"] == "no_promotion"
    known = {**rows[0], "statements": [{**stated, "facts": {**stated["facts"], "unknown_plan": ""}}]}
    assert DemandAudit(tmp_path).faults([known])


@pytest.mark.parametrize(
    ("locale", "price", "currency", "said"),
    [
        (
            "en",
            0.02568,
            None,
            'If the promotion "summer sale" runs in that week at a price of 0.0257, 3 to 8 are expected',
        ),
        ("en", 0.02568, "USD", "at a price of $0.0257, 3 to 8 are expected"),
        ("en", 1234.5, "JPY", "at a price of ¥1,234, 3 to 8 are expected"),
        ("es", 0.02568, None, "Con la promoción «summer sale» esa semana, a un precio de 0,0257, se espera"),
        ("es", 0.0257, "EUR", "a un precio de 0,0257\xa0€, se espera"),
        ("es", 1.6, "EUR", "a un precio de 1,60\xa0€, se espera"),
        ("zh", 0.02568, None, "若该周有促销“summer sale”（价格0.0257），预计售出3至8件。"),
        ("zh", 1.6, "CNY", "（价格¥1.60），预计售出3至8件。"),
    ],
)
def test_a_promotion_is_called_as_the_shop_calls_it_and_its_price_is_exact(
    locale: str, price: float, currency: str | None, said: str
) -> None:
    row = {str(name): value for name, value in scene(has_stock=False).coming.iloc[0].items()}
    row |= {
        "promotion": "summer_sale",
        "promoted_price": price,
        "present_price": 2 * price,
        "units": 2.0,
        "promoted_forecast": 5.0,
    }
    row |= {"promoted_low": 3.2, "promoted_high": 7.1}
    brief, writer = _brief(row, [], pd.Timestamp("2024-01-01")), BriefWriter("demand", locale, currency=currency)
    text = writer.write(brief)[1]
    assert text is not None
    assert said in text.text
    assert not writer.verifier.verify(text.text.replace("0", "1"), brief).ok


def test_a_forecast_above_recent_weeks_is_told_with_weeks_like_the_assumed_one() -> None:
    row = {"quarter_most": 40.0, "quarter_known": 13, "ordinary_most": 9.0, "ordinary_known": 11}
    row |= {"units": 12.0, "high_80": 15.0}
    assert [each.facts for each in above_recent({**row, "unknown_plan": "no_promotion"})] == [
        {"most": 9, "ordinary": 11, "with_promotions": 0}
    ]
    assert not above_recent({**row, "unknown_plan": ""})  # a planned promotion is compared with every week
    planned = above_recent({**row, "unknown_plan": "", "units": 42.0})
    assert [each.facts for each in planned] == [{"most": 40, "known": 13}]


def test_a_lower_price_is_a_driver() -> None:
    assert re.search(r"the price, 20 % below the usual one, adds about \d+", text_of("bread", "2"))


def test_weeks_with_dates_are_named_by_their_day() -> None:
    text = text_of("apples", "1", has_dates=True)
    assert "in the week of 7 July" in text
    assert re.search(r"by (?:7|8) July", text)
    american = text_of("apples", "1", "en-US", has_dates=True)
    assert "in the week of July 7" in american
    assert re.search(r"by July [78]", american)
    assert "7月7日起的一周" in text_of("apples", "1", "zh", has_dates=True)


def test_too_much_stock_and_missing_stock() -> None:
    # nothing is on order
    assert re.search(
        r"5,000 in stock cover about \d+ weeks at the sales expected for the next 3 weeks.*: [34],\d+ to [34],\d+ more",
        text_of("bread", "1"),
    )
    forecast = next(brief for _, brief in briefs(scene()) if brief.key == "cheese|2")
    assert forecast.headline.kind == "forecast"  # no row of stock
    assert [each.kind for each in forecast.closing] == ["promoted_forecast"]


def test_an_order_without_a_plan_tells_what_a_promotion_needs() -> None:
    text = text_of("apples", "2")
    assert re.search(
        r"\. If the display runs in that week at a price of (?:1\.60|2\.00), order \d+ instead by day 2 of week 71\.$",
        text,
    ), text
    order, instead = (int(re.search(rule, text, re.IGNORECASE)[1]) for rule in (r"order (\d+) of", r"order (\d+) inst"))
    assert instead > 1.3 * order
    assert "instead" not in text_of("apples", "1")  # its display is planned
    forecast = text_of("cheese", "2")
    assert re.search(
        r"\. If the display runs in that week at a price of [12]\.\d0, \d+ to \d+ are expected to sell\.$", forecast
    )


@pytest.mark.parametrize(
    ("locale", "said", "with_way"),
    [
        (
            "en",
            "A delivery takes 14 days: about {:,} sales will be missed until then (80 % range: {:,} to {:,})",
            "even with what is on order, ",
        ),
        (
            "es",
            "hasta entonces se perderán unas {} ventas (intervalo del 80 %: de {} a {})",
            "incluso con lo ya pedido, ",
        ),
        ("zh", "到货需14天：在此之前会少卖约{:,}件（80%预测区间{:,}至{:,}件）", "即使计入在途，"),
    ],
)
def test_sales_that_are_missed_until_the_delivery_are_told_with_their_range(
    locale: str, said: str, with_way: str, tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    # Apples sell about 40 a week, or 80 with the display that is planned in store 1.
    held = {"on_hand": [3, 5, 0, 0, 0, 0], "on_order": [0, 4, 900, 0, 0, 0], "lead_time_days": [14, 7, 7, 7, 7, 0]}
    ordered = orders(scene().outlook, read_stock(STOCK.assign(**held)), StockPolicy(dead_weeks=4))
    short = replace(scene(), orders=ordered)
    found = explain(short, locale=locale)
    told = {
        (record["subject"]["item_id"], record["subject"]["store_id"]): (claim["facts"], record["text"])
        for record in found
        for claim in record["statements"]
        if claim["kind"] == "missed_sales"
    }
    together = scene().outlook.together.set_index(["item_id", "store_id", "weeks"])
    low, high = (together.loc[("apples", "1", 2), name] - 3 for name in ("low_80", "high_80"))
    facts, text = told["apples", "1"]
    assert (facts["low"], facts["high"]) == (int(low), int(np.ceil(high)))
    assert facts["missed"] == round(together.loc[("apples", "1", 2), "units"] - 3)
    assert said.format(facts["missed"], facts["low"], facts["high"]) in text
    assert with_way in told["apples", "2"][1]
    assert ("bread", "1") not in told  # more than enough is on order
    assert ("rare", "1") not in told  # it sells less than two in a week
    short.write(tmp_path)
    assert DemandAudit(tmp_path).faults(found) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ("oz of apples", "66 oz in the week before", "oz of sales will be missed", "of 12 oz)")),
        ("es", ("oz de «manzanas»", "anterior, 66 oz)", "se perderán ventas de unas", "de 12 oz)")),
        ("zh", (" oz“apples”", "售出66 oz", "少卖约25 oz（80%预测区间", "每箱12 oz）")),
    ],
)
def test_every_count_has_the_unit_of_the_shop(locale: str, said: tuple[str, ...]) -> None:
    known = replace(scene(), panel=replace(scene().panel, unit="oz"))
    text = explain(known, locale=locale, rows=[0])[0]["text"]
    assert all(each in text for each in said), text
    writer = BriefWriter("demand", locale, unit="oz")
    stated, _ = writer.write(next(brief for _, brief in briefs(known)))
    assert writer.verifier.verify(text, stated).ok
    assert not writer.verifier.verify(text.replace(" oz", " kg", 1), stated).ok
    assert not writer.verifier.verify(text.replace(" oz", "", 1), stated).ok


@pytest.mark.parametrize(
    ("locale", "said", "of_share", "of_several", "alone"),
    [
        (
            "en",
            "if the display runs, as in 50 of the last 52 weeks on record",
            "if the display has its usual share of 40 %",
            "if 2 promotions have their usual shares",
            "if the display alone runs, as in 48 of the last 52 weeks on record, and the price is ",
        ),
        (
            "es",
            "con el expositor, como en 50 de las últimas 52 semanas registradas",
            "con el expositor en su proporción habitual del 40 %",
            "con 2 promociones en su proporción habitual",
            "solo con el expositor, como en 48 de las últimas 52 semanas registradas, a un precio de ",
        ),
        (
            "zh",
            "假设如最近有记录的52周中的50周那样有陈列",
            "假设陈列的比例与平时一样为40%",
            "假设2种促销的比例与平时一样",
            "假设如最近有记录的52周中的48周那样只有陈列，价格为",
        ),
    ],
)
def test_a_week_without_a_plan_says_which_promotions_it_counts_with(
    locale: str, said: str, of_share: str, of_several: str, alone: str, tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    base = panel()
    often, twice = np.zeros_like(base.units), np.zeros_like(base.units)
    often[:, base.n_known - 50 :] = 1.0
    twice[:, -2:] = 1.0
    plans = {"display": often}, {"display": 0.4 * often}, {"display": often, "mailer": 0.4 * often}
    plans = (*plans, {"display": often, "mailer": twice})
    for place, (promotions, words) in enumerate(zip(plans, (said, of_share, of_several, alone), strict=True)):
        known = replace(base, promotions=promotions).extended(3)
        found = DemandScene(known, outlook(fitted(), known, 3))
        rows = explain(found, locale=locale)
        assert all(words in row["text"] for row in rows), rows[0]["text"]
        found.write(tmp_path / str(place))
        audit = DemandAudit(tmp_path / str(place))
        assert audit.faults(rows) == []
        first = rows[0]["statements"][0]
        for name in {"times", "weeks", "usual_percent", "promotions", "is_alone", "price"} & set(first["facts"]):
            other = {**first, "facts": {**first["facts"], name: first["facts"][name] + 1}}
            assert audit.faults([{**rows[0], "statements": [other]}]), name


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_packs_that_last_too_long_are_told(locale: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    large = read_stock(STOCK.assign(on_hand=0, pack_size=[12, 1, 1, 6, 1, 40]))
    packed = replace(scene(), orders=orders(scene().outlook, large, StockPolicy()))
    found = explain(packed, locale=locale)
    told = {
        (record["subject"]["item_id"], record["subject"]["store_id"]): claim["facts"]
        for record in found
        for claim in record["statements"]
        if claim["kind"] == "long_cover"
    }
    assert list(told) == [("rare", "1")]
    assert told["rare", "1"]["cover_weeks"] > 100
    packed.write(tmp_path)
    assert DemandAudit(tmp_path).faults(found) == []


@pytest.mark.parametrize(
    ("locale", "over", "dead"),
    [
        ("en", "as sales of about 2 are expected in the next 13 weeks", "weeks before; none are on hand; store 2 sold"),
        ("es", "pues según el año anterior, en las próximas 13 semanas", "sin existencias; la tienda 2 vendió"),
        ("zh", "因为按去年走势，未来13周约售出", "目前无库存；2号店最近13周售出"),
    ],
)
def test_stock_at_the_end_of_a_season_and_stock_that_does_not_sell(
    locale: str, over: str, dead: str, tmp_path: Path
) -> None:
    """The year before, cheese of store 1 stopped selling after this week; apples of store 1 have stopped now."""
    pytest.importorskip("duckdb")
    units = panel().units.copy()
    units[4, 18:31] = [1, 1, *[0] * 11]
    units[0, 66:] = 0
    units[2, 60:] = np.nan  # bread of store 1: no record
    known = replace(panel(), units=units).extended(3)
    held = STOCK.assign(on_hand=[0, 0, 0, 90, 9000, 3], pack_size=1)
    found = outlook(fitted(), known, 3)
    shown = DemandScene(known, found, orders(found, read_stock(held), StockPolicy(dead_weeks=4)))
    rows = explain(shown, locale=locale)
    text = {(row["subject"]["item_id"], row["subject"]["store_id"]): row["text"] for row in rows}
    assert over in text["cheese", "1"]
    assert dead in text["apples", "1"]
    assert {"en": "; 3 of the last 13 weeks are on record", "es": "hay datos de 3 de las", "zh": "中有3周有记录"}[
        locale
    ] in text["bread", "1"]
    shown.write(tmp_path)
    assert DemandAudit(tmp_path).faults(rows) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Nothing has sold for 3 weeks, after about "),
        ("es", "Hace 3 semanas que no hay ventas, tras unas "),
        ("zh", "已有3周没有售出"),
    ],
)
def test_an_empty_shelf_explains_weeks_without_a_sale(locale: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    units = panel().units.copy()
    units[:2, -3:] = 0  # apples of both stores
    known = replace(panel(), units=units).extended(3)
    found = outlook(fitted(), known, 3)
    held = STOCK.assign(on_hand=[0, 45, 5000, 90, 130, 0], on_order=[150, 0, 0, 0, 0, 0])
    shown = DemandScene(known, found, orders(found, read_stock(held), StockPolicy()))
    rows = explain(shown, locale=locale)
    text = {(row["subject"]["item_id"], row["subject"]["store_id"]): row["text"] for row in rows}
    assert said in text["apples", "1"]
    assert {"en": "enough, once they arrive, for", "es": "suficiente cuando llegue", "zh": "到货后已够"}[
        locale
    ] in text["apples", "1"]
    assert said not in text["apples", "2"]  # there is stock
    shown.write(tmp_path)
    assert DemandAudit(tmp_path).faults(rows) == []


def test_dearer_receipts_do_not_hide_a_promotion(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    dearer = np.where(panel().promotions["display"] >= 0.5, 9.0, 2.0)
    known = replace(panel(), price=dearer, has_planned_price=False)
    known = with_plans(known, PLANS.drop(columns="price")).extended(3)
    outlooked = outlook(fitted(), known, 3)
    found = DemandScene(known, outlooked, orders(outlooked, read_stock(STOCK), StockPolicy()))
    rows = explain(found, locale="en")
    assert "display adds about" in rows[0]["text"]
    told = [claim for row in rows for claim in row["statements"] if claim["kind"][:8] == "promoted"]
    assert told
    assert all("price" not in claim["facts"] for claim in told)
    found.write(tmp_path)
    assert DemandAudit(tmp_path).faults(rows) == []


@pytest.mark.parametrize("promoted", [1.5, 2.5])
def test_a_promotion_at_a_higher_price_is_not_told(promoted: float) -> None:
    row = {str(name): value for name, value in scene(has_stock=False).coming.iloc[0].items()}
    row |= {"promotion": "deal", "promoted_price": promoted, "present_price": 2.0, "units": 2.0}
    row |= {"promoted_days": 1, "lead_time_days": 5, "week": "71"}
    row |= {"promoted_forecast": 5.0, "promoted_low": 3.2, "promoted_high": 7.1}
    own = row | {"state": "order", "promoted_units": 50, "order_units": 2}
    is_said = promoted < 2.0
    assert bool(promoted_forecast(row)) == is_said
    assert bool(promoted_order(own)) == is_said
    assert not promoted_order(own | {"lead_time_days": 6}), "the delivery comes after the week of the promotion"


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", r"\d+ in the week before, with a promotion\)"),
        ("es", "anterior, con promoción, "),
        ("zh", "前一周（有促销）售出"),
    ],
)
def test_the_week_before_says_that_a_promotion_ran(locale: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    own = panel().promotions["display"].copy()
    own[:, panel().n_known - 1] = 0.0
    own[0, panel().n_known - 1] = 1.0
    known = replace(panel(), promotions={"display": own}).extended(3)
    found = DemandScene(known, outlook(fitted(), known, 3))
    rows = explain(found, locale=locale)
    assert [bool(re.search(said, row["text"])) for row in rows] == [row == 0 for row in range(len(rows))]
    found.write(tmp_path)
    assert DemandAudit(tmp_path).faults(rows) == []
    changed = {**rows[0]["statements"][0]["facts"], "last_promoted": 0}
    assert DemandAudit(tmp_path).faults([{**rows[0], "statements": [{**rows[0]["statements"][0], "facts": changed}]}])


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
@pytest.mark.parametrize("has_stock", [True, False])
def test_sql_repeats_every_fact(locale: str, tmp_path: Path, *, has_stock: bool) -> None:
    pytest.importorskip("duckdb")
    found = records(locale, has_stock=has_stock)
    assert all(record["text"] and record["verdict"]["ok"] for record in found)
    scene(has_stock=has_stock).write(tmp_path)
    audit = DemandAudit(tmp_path)
    assert audit.faults(found) == []
    told = [claim for record in found for claim in (*record["reasons"], *record["statements"])]
    assert {claim["kind"] for claim in told} >= {"promotion", "price"}
    for claim in told:
        for name, value in claim["facts"].items():
            if isinstance(value, int):
                wrong = {**claim, "facts": {**claim["facts"], name: value + 1}}
                record = next(each for each in found if claim in (*each["reasons"], *each["statements"]))
                assert audit.faults([{**record, "reasons": [], "statements": [wrong]}]), (claim["kind"], name)


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
@pytest.mark.parametrize("has_dates", [True, False])
def test_the_verifier_refuses_every_other_number_and_name(locale: str, *, has_dates: bool) -> None:
    writer = BriefWriter("demand", locale)
    for _, brief in briefs(scene(has_dates=has_dates)):
        stated, text = writer.write(brief)
        assert text is not None
        for match in re.finditer(r"\d+", text.text):
            wrong = text.text[: match.start()] + str(int(match.group()) + 1) + text.text[match.end() :]
            assert not writer.verifier.verify(wrong, stated).ok, wrong
        for old, new in (
            ("adds", "takes away"),
            ("below", "above"),
            ("增加", "减少"),
            ("低", "高"),
            ("suma", "resta"),
            ("debajo", "encima"),
            ("apples", "pears"),
        ):
            if old in text.text:
                assert not writer.verifier.verify(text.text.replace(old, new), stated).ok


@pytest.mark.parametrize(
    ("hand", "way", "days", "said"),
    [
        (0, 0, 2, "There are none on hand, and 8 are needed to last 9 days (2 days of delivery and one week more) in"),
        (0, 5, 1, "There are none on hand and 5 on order, and 8 are needed to last 8 days (1 day of delivery and"),
        (1, 0, 0, "There is 1 on hand, and 8 are needed to last one week in 95 of 100 cases."),
        (3, 9, 2, "There are 3 on hand and 9 on order, enough for the 8 needed to last 9 days (2 days of delivery"),
    ],
)
def test_counts_of_stock_read_as_english(hand: int, way: int, days: int, said: str) -> None:
    facts: dict[str, Fact] = {"on_hand": hand, "on_order": way, "lead_time_days": days, "need": 8}
    facts |= {"service_percent": 95}
    kind = "shortage" if hand + way < 8 else "supply"
    brief = next(brief for _, brief in briefs(scene(has_stock=False)))
    text = BriefWriter("demand", "en").write(replace(brief, closing=(Stated(kind, facts),)))[1]
    assert text is not None
    assert said in text.text


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_stock_is_short_or_enough_as_its_rounded_numbers_read(locale: str) -> None:
    # 2.4 on hand and 2.4 on order cover 4.7; "2 and 2 cover the 5" would be read as false, so it is not said.
    facts: dict[str, Fact] = {"lead_time_days": 7, "service_percent": 95, "on_order": 2, "need": 5}
    writer = BriefWriter("demand", locale)
    brief = next(brief for _, brief in briefs(scene(has_stock=False)))
    for kind, on_hand, is_said in (
        ("supply", 3, True),
        ("supply", 2, False),
        ("shortage", 2, True),
        ("shortage", 3, False),
    ):
        stated, text = writer.write(replace(brief, closing=(Stated(kind, {**facts, "on_hand": on_hand}),)))
        assert bool(text and stated.closing) == is_said, (kind, on_hand)


def test_attributions_add_up_and_drivers_have_the_sign_of_their_facts() -> None:
    for record in records():
        total = record["base_value"] + sum(player["phi"] for player in record["attributions"])
        assert total == pytest.approx(record["score"])
        for claim in record["reasons"]:
            if "difference" in claim["facts"]:
                assert claim["phi"] * claim["facts"]["difference"] > 0


def test_an_intermittent_item_has_no_drivers() -> None:
    rare = [record for record in records() if record["subject"]["item_id"] == "rare"]
    assert [record["reasons"] for record in rare] == [[], []]
    assert [len(record["attributions"]) for record in rare] == [1, 1]


def test_of_two_promotions_the_larger_comes_first() -> None:
    # The smaller promotion must not take the place of the larger one behind the price and the season.
    sizes = (("promotion", 0.9), ("price", 0.6), ("season", 0.5), ("promotion", 0.4))
    claims = [Claim(kind, "", "", phi, 0.0, {}) for kind, phi in sizes]
    row = {str(name): value for name, value in scene(has_stock=False).coming.iloc[0].items()}
    told = _brief(row, claims, pd.Timestamp("2024-01-01")).reasons
    assert [(claim.kind, claim.phi) for claim in told] == [("promotion", 0.9), ("price", 0.6)]


def test_an_effect_against_sense_is_not_told() -> None:
    assert [list(kind.find(scene())) != [] for kind in (Promotion(), Price())] == [True, True]
    weekly = scene().outlook.weekly
    against = weekly.assign(without_display=3 * weekly["without_display"], at_usual_price=3 * weekly["at_usual_price"])
    changed = replace(scene(), outlook=replace(scene().outlook, weekly=against))
    assert [list(kind.find(changed)) for kind in (Promotion(), Price())] == [[], []]


@cache
def feast_scene() -> DemandScene:
    return DemandScene(feast()[0].extended(2), feast_outlook())


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "the week of Feast adds about {:,}"), ("zh", "“Feast”所在的一周约增加{:,}件")]
)
def test_an_event_that_was_seen_before_is_told_with_its_units(locale: str, words: str, tmp_path: Path) -> None:
    found = explain(feast_scene(), locale=locale)
    coming = feast_scene().coming
    for record, row in zip(found, coming.to_dict("records"), strict=True):
        difference = int(row["units"] + 0.5) - int(row["without_holidays"] + 0.5)
        assert words.format(difference) in record["text"]
        assert record["reasons"][0]["player"] == "feature:holiday"
    feast_scene().write(tmp_path)
    assert DemandAudit(tmp_path).faults(found) == []
    found[0]["reasons"][0]["facts"] |= {"event": "Fast"}
    assert len(DemandAudit(tmp_path).faults(found)) == 1


def test_an_event_that_was_seen_once_is_not_told() -> None:
    outlooked = feast_outlook()
    rows = outlooked.holidays
    once = replace(outlooked, holidays=pd.concat([rows.iloc[:1], rows[rows["week_number"] >= 124]]))
    assert list(Holiday().find(feast_scene()))
    assert not list(Holiday().find(DemandScene(feast_scene().panel, once)))


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_an_order_with_all_that_can_be_said_is_not_too_long(locale: str) -> None:
    known = replace(scene(), panel=replace(scene().panel, unit="oz"))
    brief = next(brief for _, brief in briefs(known))
    kind = {"promotion": "display", "price": 0.0311, "order_units": 114_976, "instead_of": 112_672}
    kind |= {"order_day": 1, "week": brief.headline.facts["week"]}
    stock = {"on_hand": 100_448, "on_order": 1_152, "lead_time_days": 10}
    closing = (
        Stated("shortage", {**stock, "need": 214_053, "service_percent": 95}),
        Stated("missed_sales", {**stock, "missed": 9_876, "low": 1_000, "high": 12_725, "level": 80}),
        Stated("above_recent", {"most": 101_448, "ordinary": 13, "with_promotions": 1}),
        Stated("long_cover", {"cover_weeks": 113, "horizon_weeks": 4}),
        Stated("promoted_order", kind),
    )
    season = Claim("season", "feature:season", "season", 0.1, 0.1, {"year_ago": 106_848, "before": 14_912})
    told = (*brief.reasons[:1], season)
    title = "Refrigerated orange juice without pulp, 64 oz (store brand) #1005274"
    headline = Stated(brief.headline.kind, {**brief.headline.facts, "title": title})
    text = BriefWriter("demand", locale, unit="oz").write(
        replace(brief, headline=headline, reasons=told, closing=closing)
    )
    assert text[0].reasons == told
    assert text[1] is not None
