"""The pipeline explains any subject: a small job about users, without an item, goes through every step."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.values import Attribution, PastItem
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence, Subjects
from llm_explain.evaluation.audit.tables import Audit
from llm_explain.pipeline import NOTHING_TO_SAY, Pipeline, cites_an_item
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import TONES, Tone
from llm_explain.text.surfaces import resolve
from llm_explain.verifier import Verifier
from llm_explain.writing.writer import Writer
from scoring.data.history import History
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from tests.llm_explain.claims.scene import AS_OF, CATALOGUE, ITEMS, NO_PROMOTIONS, bought, snapshot
from tests.llm_explain.user_job import ShopVisits

KINDS = ClaimKinds([ShopVisits()])
FRAMES = {"ann": bought("milk", 200, 40, 20, 10), "bob": bought("milk", 300)}


def pipeline(tone: Tone = "friendly", *, policy: Policy | None = None, suppressions: Suppressions = NO_SUPPRESSIONS):
    policy = policy or Policy()
    shop = ShopEvidence(
        CATALOGUE, snapshot=snapshot(), promotions=PromotionCalendar(NO_PROMOTIONS, CATALOGUE), policy=policy
    )
    writer = Writer(policy=policy, catalogue=CATALOGUE, kinds=KINDS, sources=("lm", "template"))
    _, limits = resolve("en", surface=None, tone=tone, max_length=None)
    return Pipeline(shop, writer, {"scorer": "churn"}, tone, "en", limits, None, suppressions)


def visitors(jobs: Pipeline) -> Subjects:
    """Return two users: one with four visits, of which three are recent, and one who came long ago."""
    histories = [History.from_events(rows, CATALOGUE, as_of=AS_OF, user_id=user_id) for user_id, rows in FRAMES.items()]
    return Subjects.of(Evidence(jobs.shop, histories), np.arange(2))


def stays(value: float) -> Attribution:
    """Return the attribution of a score with one feature."""
    return Attribution(("feature:visits",), np.array([value]), ({"visits": value},), -1.0, value - 1.0, ((),))


def test_links_of_nearly_no_weight_cite_no_item() -> None:
    given = stays(0.5)
    for phi, cites in ((0.001, False), (0.02, True)):
        item = PastItem(0, "links:milk", {"links": phi})
        assert cites_an_item(replace(given, items=((item,),)), PolicySettings().min_item_share) == cites


@pytest.mark.parametrize("tone", TONES)
def test_a_user_is_explained_in_a_verified_sentence(tone: Tone) -> None:
    jobs = pipeline(tone)
    ann, bob = jobs.explain_subjects(visitors(jobs), [stays(0.5), stays(0.5)])
    assert ann.text is not None
    assert ann.text.verdict.ok
    assert "3 times in the past 90 days" in ann.text.text
    assert [(claim.kind, claim.player, claim.phi, claim.share) for claim in ann.reasons] == [
        ("shop_visits", "feature:visits", 0.5, 1.0)
    ]
    assert ann.reasons[0].facts == {"count": 3, "window_days": 90}
    assert (bob.text, bob.reasons, bob.reason_code) == (None, (), NOTHING_TO_SAY)


def test_the_record_names_the_user_and_no_item() -> None:
    jobs = pipeline()
    record = jobs.explain_subjects(visitors(jobs), [stays(0.5), stays(0.5)])[0].to_dict()
    assert record["subject"] == {"type": "user", "user_id": "ann"}
    assert (record["item_id"], record["rank"], record["user_id"]) == (None, None, "ann")
    assert record["as_of"] == "2017-12-01T00:00:00+00:00"
    assert json.loads(json.dumps(record)) == record


def test_what_lowers_the_score_is_no_reason() -> None:
    jobs = pipeline()
    assert jobs.explain_subjects(visitors(jobs), [stays(-0.5), stays(0.5)])[0].reasons == ()


def test_policy_and_suppressions_hold_for_users_too() -> None:
    vetoed = pipeline(policy=Policy(PolicySettings(vetoed_kinds=("shop_visits",))))
    assert vetoed.explain_subjects(visitors(vetoed), [stays(0.5), stays(0.5)])[0].reasons == ()
    suppressed = pipeline(suppressions=Suppressions(kinds=frozenset({"shop_visits"})))
    assert suppressed.explain_subjects(visitors(suppressed), [stays(0.5), stays(0.5)])[0].reasons == ()


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("You came to us 3 times in the past 90 days.", True),
        ("You came to us 4 times in the past 90 days.", False),
        ("You came to us 3 times in the past 30 days.", False),
        ("You came to us 3 times in the past 90 days, and you buy milk.", False),
        ("You bought this 3 times in the past 90 days.", False),
    ],
)
def test_the_verifier_reads_sentences_about_users(text: str, *, is_true: bool) -> None:
    jobs = pipeline()
    (ann, _) = jobs.explain_subjects(visitors(jobs), [stays(0.5), stays(0.5)])
    lexicon = load_lexicon("en", KINDS)
    spec = Realiser(lexicon).specify(ann.reasons, title="", as_of=AS_OF.date())
    assert Verifier(lexicon).verify(text, spec).ok == is_true


def test_the_audit_repeats_claims_about_users_in_sql(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    rows = [frame.assign(user_id=user_id) for user_id, frame in FRAMES.items()]
    Tables(pd.concat(rows, ignore_index=True), ITEMS).write(tmp_path)
    audit = Audit(tmp_path, AS_OF, kinds=KINDS)
    jobs = pipeline()
    record = jobs.explain_subjects(visitors(jobs), [stays(0.5), stays(0.5)])[0].to_dict()
    assert audit.faults([record]) == []
    record["reasons"][0]["facts"]["count"] = 4
    assert audit.faults([record]) == ["user ann, item None, shop_visits: count is 4 but the tables give 3"]


def test_kinds_about_items_say_nothing_of_users() -> None:
    jobs = pipeline()
    assert visitors(jobs).type == "user"
    assert ClaimKinds.installed().about("user") == []
    assert ClaimKinds.installed().neutral("user") == ()
