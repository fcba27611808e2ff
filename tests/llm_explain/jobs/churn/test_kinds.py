"""Claim kinds of churn: SQL over the raw tables repeats the facts of every kind for every user, told or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pytest
from fading_log import random_log

from llm_explain.evaluation.churn_audit import fact_faults
from llm_explain.jobs.brief import Brief, Stated
from llm_explain.jobs.churn.changes import lately
from llm_explain.jobs.churn.facts import rounded
from llm_explain.jobs.churn.job import ChurnJob
from llm_explain.jobs.churn.kinds import KINDS
from llm_explain.jobs.churn.view import ChurnView
from llm_explain.jobs.writer import BriefWriter
from llm_explain.records import Claim, Fact
from scoring.boosting.additive import AdditiveModel, Curve
from scoring.churn.artifacts import ChurnArtifacts, Labels
from scoring.churn.events import UserTable, features
from scoring.churn.setting import ChurnSetting
from scoring.churn.spending import Spending
from scoring.data.log import to_day

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.claims.kind import Findings
    from scoring.data.tables import Tables

Facts = Mapping[str, Fact]
AS_OF = pd.Timestamp("2020-09-01")
SILENCE = ChurnSetting(target="silence")
COMMON: Facts = {
    "user_id": "C-1", "noun": "customer", "outcome": "", "label": "Churn", "positive": "Yes", "is_listed": 0,
    "usual_days": 365,
}  # fmt: skip
HEADLINES = (
    Stated("risk", {**COMMON, "risk": 0.81, "average": 0.2, "share": 0.5, "target": "spending", "days": 56}),
    Stated("low_risk", {**COMMON, "risk": 0.08, "average": 0.2, "share": 0.3, "target": "spending", "days": 30}),
    Stated("near_risk", {**COMMON, "risk": 0.2, "average": 0.2, "share": 0.5, "target": "silence", "days": 273}),
    Stated("label_risk", {**COMMON, "risk": 0.81, "average": 0.2, "share": 0.0, "target": "label", "days": 0}),
    Stated(
        "label_risk",
        {**COMMON, "risk": 0.4, "average": 0.2, "share": 0.0, "target": "label", "days": 0, "outcome": "leaving"},
    ),
)
LISTED = tuple(Stated(each.kind, {**each.facts, "is_listed": 1}) for each in HEADLINES)


def eventful() -> Tables:
    """Return a log with promotions, events of support, users who bought once and twice, a newcomer, and returns."""
    tables = random_log(n_users=60)
    user, day = "user_id", "timestamp"
    bought = tables.events.assign(kind="purchase", quantity=1.0)
    asked = bought.iloc[::40].assign(kind="ticket", order_id="")
    returned = bought.iloc[::25].assign(kind="return")
    returned[day] += pd.Timedelta(hours=1)
    days = {
        "once": ["2020-03-01"],
        "new": ["2020-08-20"],
        "late": ["2020-08-30"],
        "twice": ["2020-03-01", "2020-03-09"],
        "pairs": ["2020-03-01 09:00", "2020-03-01 17:00", "2020-03-09 09:00", "2020-03-09 17:00", "2020-03-10"],
        "monthly": ["2020-04-02", "2020-04-30", "2020-05-28", "2020-06-25", "2020-07-23", "2020-08-20"],
        "lapsed": ["2020-03-01", "2020-03-03", "2020-03-20", "2020-03-22", "2020-05-20", "2020-05-24", "2020-07-17"],
        "returned": ["2020-02-03", "2020-02-10", "2020-02-17", "2020-08-07", "2020-08-20"],
        "rare": ["2019-12-26", "2020-02-24", "2020-04-24", "2020-06-23", "2020-08-22"],
    }
    rows = [(name, each) for name, own in days.items() for each in own]
    few = bought.iloc[: len(rows)].assign(order_id=[f"few-{number}" for number in range(len(rows))])
    few[user], few[day] = [name for name, _ in rows], pd.to_datetime([each for _, each in rows], format="mixed")
    events = pd.concat([bought, asked, returned, few], ignore_index=True).sort_values([user, day], ignore_index=True)
    promotions = pd.DataFrame(
        {
            "item_id": ["c", "t", "c"],
            "start": pd.to_datetime(["2020-02-01", "2020-06-15", "2020-02-03"]),
            "end": pd.to_datetime(["2020-04-01", None, "2020-02-05"]),
            "label": "flyer",
        }
    )
    return replace(tables, events=events, promotions=promotions)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    eventful().write(folder)
    return folder


@pytest.fixture(scope="module")
def job() -> ChurnJob:
    """Return a job whose model has no curves, so that every user of the log can be asked about."""
    tables = eventful()
    at = to_day(AS_OF)
    table = features(Spending.of(tables, support_kinds=SILENCE.support_kinds), at, SILENCE)
    flat = tuple(Curve(np.zeros(0), np.zeros(1), 0.0) for _ in table.features)
    artifacts = ChurnArtifacts(AdditiveModel(table.features, flat, 0.0), SILENCE, None, Labels(), {})
    return ChurnJob.of_events(artifacts, tables, as_of=AS_OF)


@pytest.fixture(scope="module")
def found(job: ChurnJob) -> dict[str, Findings]:
    view = view_of(job, SILENCE)
    return {kind.name: kind.find(view) for kind in KINDS}


def view_of(job: ChurnJob, setting: ChurnSetting) -> ChurnView:
    names, at = job.artifacts.model.features, to_day(AS_OF)
    users = UserTable(job.user_ids, names, job.x, np.full(len(job.x), at))
    medians = dict(zip(names, np.nanmedian(job.x, axis=0).tolist(), strict=True))
    assert job.spending is not None
    return ChurnView(job.spending, users, at, setting, medians, lambda _: True)


@pytest.mark.parametrize("target", ["silence", "spending"])
def test_the_sql_repeats_what_happened_lately(
    job: ChurnJob, folder: Path, target: Literal["silence", "spending"]
) -> None:
    setting = ChurnSetting(target=target, horizon_days=70)
    asked = replace(job, artifacts=replace(job.artifacts, setting=setting))
    found = lately(view_of(asked, setting))
    told = {job.user_ids[row] for row in found["already"].rows.tolist()}
    assert "pairs" in told if target == "silence" else told, "the last order of 'pairs' was 175 days ago"
    assert not told & {"new", "late", "monthly"}
    records = [
        {"user_id": job.user_ids[row], "reasons": [], "statements": [{"kind": kind, "facts": own.facts_at(place)}]}
        for kind, own in found.items()
        for place, row in enumerate(own.rows.tolist())
    ]
    assert fact_faults(asked, records, folder, AS_OF) == []
    records[0]["statements"][0]["facts"] = {"days": 71}
    assert fact_faults(asked, records[:1], folder, AS_OF)


def test_the_sql_repeats_the_facts_of_every_kind(job: ChurnJob, found: dict[str, Findings], folder: Path) -> None:
    records = [
        {"user_id": job.user_ids[row], "reasons": [{"kind": name, "facts": own.facts_at(place)}], "statements": []}
        for name, own in found.items()
        for place, row in enumerate(own.rows.tolist())
    ]
    assert fact_faults(job, records, folder, AS_OF) == []
    silent = {name for name, own in found.items() if not len(own.rows)}
    assert silent == {"habits_kept", "wide_range"}  # half of the users keep all of their three categories


def test_a_user_known_for_less_than_the_recent_window_has_no_usual_level(
    job: ChurnJob, found: dict[str, Findings]
) -> None:
    # The user "new" bought once, 12 days before: that makes no usual 2.3 orders in four weeks.
    told = {kind for kind, own in found.items() if "new" in {job.user_ids[row] for row in own.rows.tolist()}}
    assert "newcomer" in told
    assert not {kind for kind in told if kind.endswith(("_usual", "_spender", "few_visits", "many_visits"))}


def test_one_order_is_no_usual_spending(job: ChurnJob, found: dict[str, Findings]) -> None:
    told = {kind for kind, own in found.items() if "once" in {job.user_ids[row] for row in own.rows.tolist()}}
    assert "visited_once" in told
    assert not told & {"small_spender", "big_spender", "rare_visits", "frequent_visits", "visited_long_ago", "overdue"}


def test_halves_are_rounded_as_sql_rounds_them() -> None:
    # 2 visits in 89.6 days are 1.25 in 56 days; NumPy rounds halves to even, to 1.2.
    assert rounded([1.25, 2.25, 0.05, 1.24], 1).tolist() == [1.3, 2.3, 0.1, 1.2]
    duckdb = pytest.importorskip("duckdb")
    assert duckdb.sql("select round(1.25::double, 1), round(2.25::double, 1)").fetchall() == [(1.3, 2.3)]


def test_two_orders_are_no_rhythm(found: dict[str, Findings], job: ChurnJob) -> None:
    row = job.user_ids.index("twice")
    told = {kind: own for kind, own in found.items() if row in own.rows.tolist()}
    seldom = told["visited_seldom"]
    assert seldom.facts_at(seldom.rows.tolist().index(row)) == {"visits": 2, "days": 176}  # 9 March to 1 September
    assert not told.keys() & {"overdue", "came_lately", "rare_visits", "longest_silence", "visited_long_ago"}


def test_a_silence_is_compared_with_the_own_gaps_of_a_user_who_has_them(
    found: dict[str, Findings], job: ChurnJob
) -> None:
    def told(user: str) -> dict[str, Facts]:
        row = job.user_ids.index(user)
        places = {kind: own.rows.tolist().index(row) for kind, own in found.items() if row in own.rows.tolist()}
        return {kind: found[kind].facts_at(place) for kind, place in places.items()}

    # "monthly" bought every 28 days, 12 days ago: later than most others, and well within the own rhythm.
    assert found["visited_long_ago"].facts_at(0)["median"] < 12
    assert told("monthly")["came_lately"] == {"days": 12, "interval": 28.0}
    assert not told("monthly").keys() & {"visited_long_ago", "visited_lately", "overdue", "long_silence"}
    # The gaps of "lapsed" are 2, 17, 2, 59, 4 and 54 days; 46 days of silence exceed four of six.
    assert not told("lapsed").keys() & {"visited_long_ago", "longest_silence", "long_silence", "overdue"}
    assert told("pairs")["visited_long_ago"]["level"] == 175  # two gaps are no rhythm to compare with


def test_a_category_that_may_not_be_named_is_not(job: ChurnJob, folder: Path) -> None:
    risky, flat = Curve(np.zeros(1), np.array([-1.0, 1.0]), 0.0), Curve(np.zeros(0), np.zeros(1), 0.0)
    names = job.artifacts.model.features
    model = AdditiveModel(names, tuple(risky if name == "given_up" else flat for name in names), 0.0)
    named = replace(job, artifacts=replace(job.artifacts, model=model))
    silent = replace(named, may_name=lambda name: name != "coffee")
    every = range(len(job.user_ids))
    told, untold = ([each.to_dict() for each in of.explain(every)] for of in (named, silent))
    assert any("coffee" in record["text"] for record in told)
    assert not any("coffee" in record["text"] for record in untold)
    assert any("have not bought" in record["text"] for record in untold)
    assert fact_faults(silent, untold, folder, AS_OF) == []


OTHERS: dict[str, Facts] = {
    "habits_kept": {"overdue": 0, "regular": 4, "typical": 0.4},
    "wide_range": {"count": 9, "median": 4.0, "days": 56},
    "column_level": {"label": "Contract", "value": "Two year", "is_flag": 0},
    "column_number": {"label": "Tenure", "value": 1973.87, "median": 29.5, "side": 1},
    "column_missing": {"label": "Tenure", "is_missing": 1},
    "low_often": {"count": 3, "days": 28, "periods": 6, "share": 0.3},
}
MEASURED: dict[str, Fact] = {"action": "mail", "gain": 8.2, "customers": 10655}
CLOSING = (
    Stated("no_reason", {"is_told": 0}),
    *(
        Stated(
            "action_proven", {**MEASURED, "outcome": "visit", "before": 9.3, "after": 17.5, "low": 6.5, "risk": risk}
        )
        for risk in (0.62, 0.04, 0.01)
    ),
    Stated("action_worth", {"action": "mail", "gain": 0.81, "low": 0.16, "customers": 1020, "has_cost": 1}),
    *(
        Stated("action_unproven", {**MEASURED, "outcome": "visit", "gain": gain, "low": -6.5, "high": high})
        for gain, high in ((0.6, 7.7), (-3.2, 0.1))
    ),
    Stated("action_unworthy", {**MEASURED, "gain": -0.81, "low": -1.16, "high": 0.2, "has_cost": 1}),
    Stated("action_unmeasured", {**MEASURED, "is_measured": 0}),
    *(
        Stated("already", {"days": 56, "share": share, "after": 12.5, "usual": 80.0, "is_against": against, **words})
        for share, against, words in (
            (0.5, 0, {"occasion": "order", "noun": "customer"}),
            (0.3, 1, {"occasion": "visit", "noun": "household"}),
        )
    ),
    *(
        Stated("already", {"days": 273, "visits": 0, "is_against": against, "occasion": "order", "noun": "customer"})
        for against in (0, 1)
    ),
    Stated("above_usual", {"days": 56, "after": 130.0, "usual": 80.0, "occasion": "visit", "noun": "household"}),
    *(
        Stated(kind, {**facts, "is_against": against, "occasion": "order", "noun": "customer"})
        for kind, facts in (
            ("longest_silence", {"days": 94, "longest": 30}),
            ("overdue", {"days": 94, "interval": 18.0}),
            ("spend_rose", {"days": 56, "before": 69.87, "after": 311.64}),
            ("spend_below_usual", {"days": 28, "after": 386.02, "usual": 673.69}),
        )
        for against in (0, 1)
    ),
)


def test_a_pause_that_has_ended_is_told(found: dict[str, Findings], job: ChurnJob) -> None:
    back = found["came_back"]
    told = dict(
        zip([job.user_ids[row] for row in back.rows.tolist()], map(back.facts_at, range(len(back.rows))), strict=True)
    )
    assert told["returned"] == {"gap": 172, "until": "2020-08-07"}  # 17 February to 7 August
    assert not told.keys() & {"lapsed", "monthly", "rare"}


def test_windows_shorter_than_the_own_interval_say_nothing(found: dict[str, Findings], job: ChurnJob) -> None:
    # "rare" orders every 60 days, longer than the windows of 28 and 56 days.
    told = {kind for kind, own in found.items() if "rare" in {job.user_ids[row] for row in own.rows.tolist()}}
    assert "rare_visits" in told
    assert not {kind for kind in told if kind.startswith(("visits_", "spend_", "low_", "uneven", "even"))}


def test_rates_and_shares_need_four_visits(found: dict[str, Findings], job: ChurnJob) -> None:
    told = {kind for kind, own in found.items() if "pairs" in {job.user_ids[row] for row in own.rows.tolist()}}
    few = {kind for kind, own in found.items() if "twice" in {job.user_ids[row] for row in own.rows.tolist()}}
    assert "few_visits" in told
    assert not few & {"few_visits", "promoted_share"}


@pytest.mark.parametrize("locale", ["en", "en-GB", "es", "es-MX", "zh"])
@pytest.mark.parametrize("occasion", ["visit", "order"])
def test_each_kind_can_be_told_and_proven(found: dict[str, Findings], locale: str, occasion: str) -> None:
    writer = BriefWriter("churn", locale, currency="USD")
    facts = {name: own.facts_at(place) for name, own in found.items() for place in range(len(own.rows))}
    every = {"low_often": {"count": 6, "days": 28, "periods": 6, "share": 0.5}}
    for number, (kind, own) in enumerate([*facts.items(), *OTHERS.items(), *every.items()]):
        words: Facts = {"occasion": occasion, "noun": ("household", "customer")[number % 2]}
        claim = Claim(kind, "feature:x", "x", 1.0, 1.0, {**own, **words})
        brief = Brief(
            HEADLINES[number % len(HEADLINES)], 1, (claim,), AS_OF.date(), closing=(CLOSING[number % len(CLOSING)],)
        )
        assert writer.verdict(brief).faults == ()


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_a_row_of_a_table_leaves_out_what_its_heading_states(locale: str) -> None:
    writer = BriefWriter("churn", locale)
    once = Claim("visited_once", "feature:x", "x", 1.0, 1.0, {"days": 9, "occasion": "order", "noun": "customer"})
    for full, row in zip(HEADLINES, LISTED, strict=True):
        sign = -1 if full.kind == "low_risk" else 1
        sides = [Brief(each, sign, (replace(once, phi=float(sign)),), AS_OF.date()) for each in (full, row)]
        texts = [text.text for _, text in map(writer.write, sides) if text]
        assert len(texts[1]) < len(texts[0])
        assert not writer.verifier.verify(texts[0], sides[1]).ok
        assert not writer.verifier.verify(texts[1], sides[0]).ok
        heading = Brief(Stated("heading", row.facts), 1, (), AS_OF.date())
        above = writer.write(heading)[1]
        assert above is not None
        other = replace(heading, headline=Stated("heading", {**row.facts, "average": 0.3}))
        assert not writer.verifier.verify(above.text, other).ok


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ", the average. What lowers it: their only order was 9 days ago. What raises it: their first order was"),
        (
            "es",
            ", igual que la media. Qué lo reduce: su único pedido fue hace 9 días. Qué lo eleva: su primer pedido fue",
        ),
        ("zh", "，与平均相同。降低风险的是：唯一一次下单在9天前。推高风险的是：首次下单在"),
    ],
)
def test_a_risk_near_the_average_says_what_raises_and_what_lowers_it(locale: str, said: str) -> None:
    words: Facts = {"occasion": "order", "noun": "customer"}
    own = Claim("visited_once", "feature:x", "x", -1.0, 1.0, {"days": 9, **words})
    other = Claim("newcomer", "feature:y", "y", 0.6, 1.0, {"days": 9, **words})
    brief = Brief(replace(HEADLINES[2], kind="near_low_risk"), -1, (own,), AS_OF.date(), (other,))
    writer = BriefWriter("churn", locale)
    text = writer.write(brief)[1]
    assert text is not None
    assert said in text.text
    raised = replace(brief, headline=HEADLINES[2], direction=1, reasons=(replace(own, phi=1.0),), opposing=())
    assert not writer.verifier.verify(text.text, replace(raised, opposing=(replace(other, phi=-0.6),))).ok


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_money_and_shares_are_not_told_beyond_the_facts(locale: str) -> None:
    writer = BriefWriter("churn", locale, currency="USD")
    for closing in (each for each in CLOSING if each.kind in {"action_proven", "action_worth"}):
        brief = Brief(HEADLINES[0], 1, (), AS_OF.date(), closing=(closing,))
        text = writer.write(brief)[1]
        assert text is not None
        lowered = replace(brief, closing=(replace(closing, facts={**closing.facts, "low": -0.1}),))
        assert not writer.verifier.verify(text.text, lowered).ok
        if closing.kind == "action_worth":
            free = replace(brief, closing=(replace(closing, facts={**closing.facts, "has_cost": 0}),))
            assert not writer.verifier.verify(text.text, free).ok  # the money is told to be net of a cost


@pytest.mark.parametrize(
    ("locale", "text", "wrong"),
    [
        (
            "en",
            "spent nothing in 2 of the last 6 periods of four weeks, and $90.00 in the best",
            ("in 2 of", "in 3 of"),
        ),
        ("es", "no gastó nada en 2 de los últimos 6 periodos de cuatro semanas, y 90,00", ("nada en 2", "nada en 3")),
        ("zh", "有2个周期没有任何消费，消费最多的周期为", ("有2个", "有3个")),
    ],
)
def test_periods_without_spending_are_counted(locale: str, text: str, wrong: tuple[str, str]) -> None:
    own: Facts = {"low": 0.0, "high": 90.0, "empty": 2, "days": 28, "periods": 6, "occasion": "visit"}
    claim = Claim("uneven", "evenness", "unevenness", 1.0, 1.0, {**own, "noun": "household"})
    brief = Brief(HEADLINES[0], 1, (claim,), AS_OF.date())
    writer = BriefWriter("churn", locale, currency="USD")
    _, told = writer.write(brief)
    assert told is not None
    assert text in told.text
    assert not writer.verifier.verify(told.text.replace(*wrong), brief).ok
