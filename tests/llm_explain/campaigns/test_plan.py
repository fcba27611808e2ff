"""A campaign on the small shop: offers run, reasons are true, money and messages are limited, a group is held out."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from llm_explain import Explainer
from llm_explain.campaigns.audience import Audience
from llm_explain.campaigns.offers import Offer, read_coupons
from llm_explain.campaigns.output import write_plan
from llm_explain.campaigns.plan import OVER_BUDGET, _Planner, campaign_lines, is_held_out, plan_campaign
from llm_explain.campaigns.settings import CampaignSettings
from llm_explain.claims.subjects import Subjects
from llm_explain.cli import app
from llm_explain.errors import SettingError, TableError
from llm_explain.policy.suppressions import NO_SUPPRESSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.campaigns.records import CampaignPlan
    from llm_explain.records import Fact
    from scoring.data.tables import Tables

USERS = [f"u{n:02d}" for n in range(12)]
LINK = "https://shop.example/unsubscribe?user={user_id}"


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path) -> Explainer:
    return Explainer.load(shop_artifacts, language_model=None)


@pytest.fixture(scope="module")
def coupon(explainer: Explainer) -> Offer:
    """Return a coupon for the best item of the first user."""
    facts: dict[str, Fact] = {"since": "2017-11-27", "until": "2017-12-10", "amount_off": 0.5, "code": "A50"}
    return Offer("C1", "coupon", explainer.rank(USERS[0], k=1)[0].item_id, facts)


@pytest.fixture(scope="module")
def consent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("campaign") / "consent.csv"
    pd.DataFrame({"user_id": USERS, "channel": "all", "consent": "yes"}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def plan(explainer: Explainer, consent: Path, coupon: Offer) -> CampaignPlan:
    settings = CampaignSettings(name="test", holdout=0.3, unsubscribe_url=LINK, message_cost=0.1, max_offers=2)
    return plan_campaign(explainer, audience=Audience(consent), settings=settings, coupons=[coupon], user_ids=USERS)


def test_each_offer_runs_in_the_users_store_on_the_day(plan: CampaignPlan, shop_tables: Tables, coupon: Offer) -> None:
    promotions = shop_tables.promotions
    runs = promotions[(promotions["start"] <= plan.as_of) & (plan.as_of < promotions["end"])]
    here = set(zip(runs["item_id"], runs["store_id"], strict=True))
    store = shop_tables.events.groupby("user_id")["store_id"].first()
    assert len(plan.messages) >= 6
    for message in plan.messages:
        assert 1 <= len(message.offers) <= 2
        for offer in message.offers:
            item_id = offer.offer.item_id
            assert offer.offer is coupon or (item_id, store[message.user_id]) in here
            assert offer.explanation.subject == {
                "type": "offer", "offer_id": offer.offer.offer_id, "item_id": item_id,
            }  # fmt: skip
            assert offer.explanation.text is not None
            assert offer.explanation.text.verdict.ok
            assert all(claim.kind != "promotion" for claim in offer.explanation.reasons)
            assert offer.explanation.reasons


def test_a_coupon_takes_the_place_of_a_promotion_and_has_a_cost(
    plan: CampaignPlan, explainer: Explainer, coupon: Offer
) -> None:
    found = [offer for message in plan.messages for offer in message.offers if offer.offer is coupon]
    assert found
    title = explainer.titles[coupon.item_id]
    assert found[0].line == f"“{title[0].upper()}{title[1:]}”: $0.50 off with coupon A50 until 10 December"
    assert found[0].expected_cost == pytest.approx(0.5 * found[0].probability)


def planner_of(explainer: Explainer, coupons: list[Offer]) -> _Planner:
    return _Planner(
        explainer,
        CampaignSettings(name="test", channel="push"),
        explainer.as_of,
        coupons,
        lambda user_id: (explainer.events.history(user_id, explainer.as_of), NO_SUPPRESSIONS),
    )


def test_an_item_is_not_offered_before_half_of_the_users_own_rhythm_has_passed(explainer: Explainer) -> None:
    planner = planner_of(explainer, [])
    n_repeated = 0
    for user_id in USERS:
        events = explainer.events.history(user_id, explainer.as_of)
        items = np.array([wish.item for wish in planner.wishes(user_id)], dtype=np.int64)
        user = explainer.reader.read(user_id, events)
        bought = Subjects.of(user.evidence, np.zeros(len(items), dtype=np.int64), items).of_item
        has_rhythm = bought.days.counts > 1
        n_repeated += int(has_rhythm.sum())
        assert (bought.days_since[has_rhythm] >= bought.rhythm[has_rhythm] / 2).all()
        is_once = bought.days.counts == 1
        assert (bought.days_since[is_once] >= 14).all(), "bought once and just now"
    assert n_repeated


def test_a_coupon_of_an_amount_needs_a_currency(
    explainer: Explainer, coupon: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explainer.shop.policy, "currency", None)
    planner_of(explainer, [])
    with pytest.raises(SettingError, match="a coupon has an amount_off but the shop has no currency"):
        planner_of(explainer, [coupon])


def test_items_that_a_reader_cannot_tell_apart_are_offered_once(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = planner_of(explainer, [])
    before = planner.wishes(USERS[0])
    assert len(before) > 1
    same = np.where(np.arange(len(planner.catalogue)) % 2 == 0, "Milk", "milk").astype(object)
    monkeypatch.setattr(type(planner.catalogue), "titles", property(lambda _: same))
    assert planner.wishes(USERS[0]) == before[:1]


def test_the_holdout_is_drawn_by_seed_and_user_alone(explainer: Explainer, consent: Path, plan: CampaignPlan) -> None:
    assert {message.user_id for message in plan.of("holdout")} == {
        message.user_id for message in plan.messages if is_held_out(message.user_id, plan.settings)
    }
    assert 0 < len(plan.of("holdout")) < len(plan.messages)
    other = plan.settings.model_copy(update={"seed": 1})
    assert {u for u in USERS if is_held_out(u, plan.settings)} != {u for u in USERS if is_held_out(u, other)}
    held = sum(is_held_out(str(n), CampaignSettings(channel="push", holdout=0.25)) for n in range(4000))
    assert 900 < held < 1100  # 1000 expected, standard deviation 27


def test_money_and_messages_are_limited(explainer: Explainer, consent: Path, plan: CampaignPlan) -> None:
    for limit in ({"budget": 0.35}, {"max_messages": 3}):
        settings = plan.settings.model_copy(update={"holdout": 0.0, **limit})
        small = plan_campaign(explainer, audience=Audience(consent), settings=settings, user_ids=USERS)
        assert len(small.messages) == 3  # promotions cost nothing, so three messages cost 0.30
        assert sum(message.expected_cost for message in small.messages) == pytest.approx(0.3)
        assert small.left_out[OVER_BUDGET] >= 3


def test_a_budget_limits_the_holdout_as_it_limits_the_treated(
    explainer: Explainer, consent: Path, coupon: Offer
) -> None:
    free = CampaignSettings(channel="coupon", holdout=0.5)
    none = free.model_copy(update={"budget": 0.0})  # no coupon can be paid
    wanted, made = (
        plan_campaign(explainer, audience=Audience(consent), settings=each, coupons=[coupon], user_ids=USERS)
        for each in (free, none)
    )
    assert wanted.of("holdout")
    assert wanted.of("treated")
    assert made.messages == ()
    assert made.left_out[OVER_BUDGET] == len(wanted.messages)


def test_an_empty_list_of_users_gets_no_message(explainer: Explainer, consent: Path) -> None:
    made = plan_campaign(explainer, audience=Audience(consent), settings=CampaignSettings(channel="push"), user_ids=[])
    assert made.messages == ()


def test_sections_offer_new_items_or_those_bought_before(
    explainer: Explainer, consent: Path, shop_tables: Tables
) -> None:
    past = shop_tables.events[shop_tables.events["timestamp"] < explainer.as_of]
    bought = set(zip(past["user_id"], past["item_id"], strict=True))
    for section, is_bought in (("new", False), ("again", True)):
        settings = CampaignSettings(channel="push", section=section)
        made = plan_campaign(explainer, audience=Audience(consent), settings=settings, user_ids=USERS)
        offered = {(message.user_id, offer.offer.item_id) for message in made.messages for offer in message.offers}
        assert offered
        assert all((pair in bought) == is_bought for pair in offered)


def test_files_hold_verified_lines_and_a_link(explainer: Explainer, plan: CampaignPlan, tmp_path: Path) -> None:
    files = write_plan(
        plan, tmp_path, lines=campaign_lines(explainer, "en"), titles=explainer.titles, shop_name="Corner <shop>"
    )
    table = pd.read_csv(files["plan.csv"], dtype=str)
    assert set(table["group"]) == {"treated", "holdout"}
    messages = pd.read_csv(files["messages.csv"], dtype=str)
    assert sorted(messages["user_id"]) == sorted(message.user_id for message in plan.of("treated"))
    first, planned = messages.iloc[0], plan.of("treated")[0]
    assert first["subject"] == planned.offers[0].subject
    assert f"{planned.offers[0].line}\n{planned.offers[0].sentence}" in first["text"]
    assert first["text"].endswith(f"Unsubscribe: https://shop.example/unsubscribe?user={first['user_id']}")
    assert "Corner &lt;shop&gt;" in first["html"]
    record = json.loads(files["plan.json"].read_text())
    assert record["summary"]["holdout"] == len(plan.of("holdout"))
    assert record["settings"]["seed"] == 0
    assert record["messages"][0]["offers"][0]["explanation"]["verdict"]["ok"]
    assert first["html"] in files["preview.html"].read_text()
    hostile = dict.fromkeys(explainer.titles, '=HYPERLINK("http://evil.example","x")')
    files = write_plan(plan, tmp_path, lines=campaign_lines(explainer, "en"), titles=hostile)
    assert pd.read_csv(files["plan.csv"], dtype=str)["title"].str.startswith("'=").all()  # no formula in a spreadsheet


def test_push_and_coupon_lines(explainer: Explainer, consent: Path, coupon: Offer, tmp_path: Path) -> None:
    for channel in ("push", "coupon"):
        settings = CampaignSettings(channel=channel, holdout=0.0)
        made = plan_campaign(explainer, audience=Audience(consent), settings=settings, coupons=[coupon], user_ids=USERS)
        files = write_plan(made, tmp_path / channel, lines=campaign_lines(explainer, "en"), titles=explainer.titles)
        messages = pd.read_csv(files["messages.csv"], dtype=str, keep_default_na=False)
        assert len(messages)
        if channel == "push":
            assert (messages["text"].str.len() <= 120).all()
            assert (messages["html"] == "").all()
            assert messages["text"][0] in html.unescape(files["preview.html"].read_text())
            offers = {message.user_id: message.offers for message in made.messages}
            assert {offer.explanation.tone for (offer,) in offers.values()} == {"formal"}
            for row in messages.itertuples():
                (offer,) = offers[row.user_id]  # a notification tells one, so no other one has a cost
                if row.subject == offer.line:
                    assert row.text == offer.sentence
                else:  # a title that is not the whole line would send a coupon without its code
                    assert row.text.startswith((offer.rest, offer.line))
                    assert "coupon A50" in row.text or "until" in row.text.casefold()
                    assert "until" not in row.subject, "the text tells the last day"
        else:
            title = explainer.titles[coupon.item_id]
            title = title[0].upper() + title[1:]
            assert set(messages["text"]) == {f"“{title}”: $0.50 off with coupon A50 until 10 December"}
            assert set(messages["subject"]) == {""}
            (page,) = set(messages["html"])
            assert title in page
            assert "<br>" not in page  # a receipt has no reasons, in either form


def test_the_command_line(shop_artifacts: Path, consent: Path, tmp_path: Path) -> None:
    pd.DataFrame({"user_id": USERS[:3]}).to_csv(tmp_path / "users.csv", index=False)
    arguments = ["campaign", "plan", "--consent", str(consent), "--users", str(tmp_path / "users.csv"), "--out",
                 str(tmp_path / "out"), "--artifacts", str(shop_artifacts), "--json"]  # fmt: skip
    done = CliRunner().invoke(app, [*arguments, "--unsubscribe-url", LINK, "--holdout", "0"])
    assert json.loads(done.stdout.strip().splitlines()[-1])["treated"] == 3
    refused = CliRunner().invoke(app, arguments)
    assert "unsubscribe_url has no {user_id}" in str(refused.exception)
    assert "Correct --unsubscribe-url." in str(refused.exception)
    (tmp_path / "users.csv").write_text("household\n1\n")
    refused = CliRunner().invoke(app, [*arguments, "--unsubscribe-url", LINK])
    assert "users.csv has the columns household but user_id are needed" in str(refused.exception)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("C,00,2017-12-10,2017-12-01,1,", "first_day and last_day are days"),
        ("C,00,1 May,2017-12-01,1,", "first_day and last_day are days"),
        ("C,zz,2017-12-01,2017-12-02,1,", "item_id is an item of the catalogue"),
        ("C,00,2017-12-01,2017-12-02,,", "one of amount_off"),
        ("C,00,2017-12-01,2017-12-02,1,20", "one of amount_off"),
        ("C,00,2017-12-01,2017-12-02,,150", "one of amount_off"),
        ("C,00,2017-12-01,2017-12-02,-1,", "one of amount_off"),
    ],
)
def test_wrong_coupons_are_refused(tmp_path: Path, row: str, rule: str) -> None:
    path = tmp_path / "coupons.csv"
    path.write_text(f"coupon_id,item_id,first_day,last_day,amount_off,percent_off\n{row}\n")
    with pytest.raises(TableError, match=f"coupons.csv: row 1 breaks the rule '{rule}"):
        read_coupons(path, ["00"])


def test_coupons_are_read(tmp_path: Path) -> None:
    path = tmp_path / "coupons.csv"
    path.write_text("coupon_id,item_id,first_day,last_day,percent_off,code\nC,00,2017-12-01,2017-12-02,20,\n")
    (coupon,) = read_coupons(path, ["00"])
    assert coupon == Offer("C", "coupon", "00", {"since": "2017-12-01", "until": "2017-12-02", "percent_off": 0.2})
    assert coupon.expected_cost(0.5, 10.0) == pytest.approx(1.0)
    row = "C,00,2017-12-01,2017-12-02,20,\n"
    path.write_text(f"coupon_id,item_id,first_day,last_day,percent_off,code\n{row}{row.replace('C', 'D')}")
    with pytest.raises(TableError, match="item '00' has a second coupon, 'D', on the same days"):
        read_coupons(path, ["00"])
    path.write_text("coupon_id,item_id\nC,00\n")
    with pytest.raises(TableError, match=r"but coupon_id, item_id, first_day, last_day and amount_off"):
        read_coupons(path, ["00"])


def test_one_reason_of_a_message_tells_how_often_and_the_others_when(
    explainer: Explainer, consent: Path, coupon: Offer
) -> None:
    coupons = [Offer(row.item_id, "coupon", row.item_id, coupon.facts) for row in explainer.rank(USERS[0], k=40)]
    settings = CampaignSettings(name="often", unsubscribe_url=LINK, max_offers=5, holdout=0)
    found = plan_campaign(explainer, audience=Audience(consent), settings=settings, coupons=coupons, user_ids=USERS)
    n_dates = 0
    for message in found.messages:
        own = [each for each in message.offers if [c.kind for c in each.explanation.reasons] == ["repeat_item"]]
        dated = [
            each.sentence for each in own if re.fullmatch(r"You (?:last )?bought this on \d+ \w+\.", each.sentence)
        ]
        n_dates += len(dated)
        assert len(own) - len(dated) <= 1
        for each in own:
            (claim,) = each.explanation.reasons
            day = pd.Timestamp(str(claim.facts["last"])).strftime("%-d %B")
            assert each.sentence not in dated or each.sentence.endswith(f"on {day}.")
            assert claim.facts["count"] != 1 or each.sentence in dated, "bought once is no news"
            assert re.match(r"You (?:have |last )?bought this ", each.sentence), "the line above names the item"
        assert not any(re.search(r"\d[.,]\d\d", each.sentence) for each in message.offers), (
            "a price beside a reduction may be the one before or after it"
        )
    assert n_dates > 3
