"""A claim kind outside the package: its class, its SQL and its words are all that it needs."""

from __future__ import annotations

import json
from importlib import util
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain import Explainer
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence, Subjects, registry
from llm_explain.evaluation.audit.tables import Audit, stated_claims
from llm_explain.policy.policy import Policy
from llm_explain.policy.suppressions import Suppressions
from llm_explain.records import Claim
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.writing.prompt_lint import Linter, faulty
from llm_explain.writing.writer import Writer
from scoring.data.history import History
from scoring.data.shop import Shop
from scoring.features.promotions import PromotionCalendar
from tests.llm_explain.claims.scene import CATALOGUE, INDEX, NO_PROMOTIONS, find, snapshot
from tests.llm_explain.spoken_claims import CATALOGUE as SPOKEN
from tests.llm_explain.spoken_claims import CLAIMS

if TYPE_CHECKING:
    from llm_explain.claims import ClaimKind

FOLDER = Path(__file__).parents[2] / "examples" / "weekday_habit" / "weekday_habit"
AS_OF = pd.Timestamp("2017-12-01")  # a Friday
SATURDAYS = pd.date_range("2017-09-30", "2017-11-25", freq="7D")


@pytest.fixture(scope="module")
def kind() -> type[ClaimKind]:
    """Return the class of the example, from its folder."""
    spec = util.spec_from_file_location("weekday_habit", FOLDER / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    import sys

    sys.modules["weekday_habit"] = module
    spec.loader.exec_module(module)
    return module.WeekdayHabit


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path, kind: type[ClaimKind]) -> Explainer:
    return Explainer.load(shop_artifacts, language_model=None, claim_kinds=[kind])


def bought_on(moments: pd.DatetimeIndex, shop: Shop | None = None) -> Subjects:
    rows = pd.DataFrame({"item_id": "tortilla", "timestamp": moments.as_unit("ns")})
    own = History.from_events(rows, CATALOGUE, as_of=AS_OF, user_id="u", shop=shop)
    evidence = ShopEvidence(
        CATALOGUE,
        snapshot=snapshot(),
        promotions=PromotionCalendar(NO_PROMOTIONS, CATALOGUE),
        policy=Policy(),
        shop=shop,
    )
    return Subjects.of(Evidence(evidence, [own]), np.array([0]), np.array([INDEX["tortilla"]]))


def test_the_rule_finds_the_usual_weekday(kind: type[ClaimKind]) -> None:
    # Nine Saturdays and three Wednesdays.
    moments = SATURDAYS.append(pd.DatetimeIndex(["2017-10-04", "2017-10-11", "2017-11-01"])).sort_values()
    found = find(kind, bought_on(moments))
    assert found is not None
    assert found.facts == {"weekday": 5, "share": 0.75, "count": 9}
    assert {"usually", "current"} <= found.licences


def test_a_habit_takes_five_days_of_which_three_fifths_agree(kind: type[ClaimKind]) -> None:
    assert find(kind, bought_on(SATURDAYS[:4])) is None
    mixed = SATURDAYS[:3].append(pd.date_range("2017-10-02", periods=3, freq="8D")).sort_values()
    assert find(kind, bought_on(mixed)) is None


def test_the_weekday_is_that_of_the_shop(kind: type[ClaimKind]) -> None:
    late = SATURDAYS + pd.Timedelta(hours=2)  # Friday evening in New York
    found = find(kind, bought_on(late, Shop(time_zone="America/New_York")))
    assert found is not None
    assert found.facts["weekday"] == 4


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_the_explainer_states_it_in_verified_sentences(explainer: Explainer, locale: str) -> None:
    alone = Suppressions(kinds=frozenset(ClaimKinds.installed()))
    explained = [
        row
        for user_id in explainer.events.user_ids[:15]
        for row in explainer.recommend(user_id, k=4, section=None, locale=locale, suppressions=alone)
        if row.reasons
    ]
    assert len(explained) >= 5
    for row in explained:
        assert [claim.kind for claim in row.reasons] == ["weekday_habit"]
        if row.text is not None:  # a habit of the past has no sentence in the present tense
            assert row.text.verdict.ok
            assert {"en": "days", "es": "los ", "zh": "周"}[locale] in row.text.text.lower()
    assert sum(row.text is not None for row in explained) >= 5


def test_it_joins_reasons_of_the_package(kind: type[ClaimKind]) -> None:
    kinds = ClaimKinds.installed().extended([kind])
    assert kinds.in_order(["promotion", "weekday_habit"]) == ("weekday_habit", "promotion")
    assert [name for name in kinds if not kinds.go_together(["weekday_habit", name])] == [
        "weekday_habit", "due", "back_after_break", "latest_orders", "most_bought", "kept_since",
        "category_affinity", "related_category", "usual_brand", "bought_together", "frequent_item", "similar_item",
    ]  # fmt: skip
    writer = Writer(policy=Policy(), catalogue=SPOKEN, kinds=kinds)
    facts = {"weekday": 5, "share": 0.8, "count": 8}
    own = Claim("weekday_habit", "group:yogurt", "times_bought", 1.0, 0.5, facts, frozenset({"usually", "current"}))
    (text,) = writer.write([SentenceRequest((own, CLAIMS["promotion"]), 0, "u", AS_OF)])
    assert text is not None
    assert "Saturdays" in text.text
    assert "flyer" in text.text


def test_records_with_it_are_plain_json(explainer: Explainer) -> None:
    rows = [
        row.to_dict()
        for user_id in explainer.events.user_ids[:15]
        for row in explainer.recommend(user_id, k=4, section=None)
    ]
    claims = [claim for row in rows for claim in row["reasons"] if claim["kind"] == "weekday_habit"]
    assert claims
    assert json.loads(json.dumps(claims)) == claims


def test_the_audit_repeats_it_in_sql(explainer: Explainer, shop_artifacts: Path) -> None:
    pytest.importorskip("duckdb")
    audit = Audit(shop_artifacts / "tables", explainer.as_of, kinds=explainer.kinds)
    alone = Suppressions(kinds=frozenset(ClaimKinds.installed()))
    explained = [
        row
        for user_id in explainer.events.user_ids[:15]
        for row in explainer.recommend(user_id, k=4, section=None, suppressions=alone)
        if row.reasons
    ]
    records = [row.to_dict() for row in explained]
    assert len(records) >= 5
    assert audit.faults(records) == []
    claims = [claim for row in explained for claim in row.reasons]
    assert audit.degrees(stated_claims(records)) == [claim.licences for claim in claims]
    for record, name, wrong in zip(records, ("weekday", "share", "count"), (7, 0.1, 99), strict=False):
        record["reasons"][0]["facts"][name] = wrong
    assert len(audit.faults(records)) == 3


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_its_words_pass_the_linter(kind: type[ClaimKind], locale: str) -> None:
    kinds = ClaimKinds.installed().extended([kind])
    linter = Linter(locale, kinds)
    clauses = [clause for clause in linter.clauses if clause[2] == ("weekday_habit",)]
    assert len(clauses) >= 5
    assert not faulty(linter.sentence(*clause) for clause in clauses)


def test_an_installed_package_needs_no_configuration(kind: type[ClaimKind], monkeypatch: pytest.MonkeyPatch) -> None:
    offer = EntryPoint("weekday_habit", "weekday_habit:WeekdayHabit", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [offer] if group == offer.group else [])
    assert ClaimKinds.installed.__wrapped__(ClaimKinds)[kind.name].sql == FOLDER / "weekday_habit.sql"
