"""The claims against the audit, in both directions, and the audit against falsified claims."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.partition import partition
from llm_explain.attribution.values import Attribution, PastItem
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence, Subjects, derive, neutral
from llm_explain.claims.kind import EVENT_KIND
from llm_explain.evaluation.audit import Audit, attribution_faults, selection_faults
from llm_explain.policy.policy import Policy
from llm_explain.records import Claim
from llm_explain.text.lexicon import load_lexicon
from scoring.data.catalogue import Catalogue
from scoring.data.history import EventLog, History
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot
from tests.llm_explain.claims.crowd_shop import AS_OF, crowd_shop

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer

REPOSITORY = Path(__file__).parents[4]
REAL_ARTIFACTS = REPOSITORY / "artifacts" / "completejourney"
KINDS = ClaimKinds.installed()
OWN_PARTS = sorted({part for kind in KINDS.values() if kind.scope != "context" for part in kind.parts})
TERMS = sorted({part for kind in KINDS.values() if kind.scope == "context" for part in kind.parts})
NAMING = {"similar_item", "frequent_item", "bought_together", "companion", "related_title"}
"""Kinds that name another item, which the audit cannot choose."""

ELSEWHERE = {"related_title", "most_bought"}
"""Kinds that need sizes in titles or a log of a year: tests/llm_explain/claims/test_lines.py compares them with SQL."""

MOMENT = AS_OF - pd.Timedelta(days=2)
Record = dict[str, Any]


def attribution_of_ones(history: History, catalogue: Catalogue, item_index: int) -> Attribution:
    """Return an attribution in which every part of every player raises the score by one."""
    own = int(catalogue.category_index[item_index])
    has_own = own in set(catalogue.category_index[history.item_index].tolist())
    groups = partition(history, catalogue, alone=(own,) if has_own else ())
    past = np.unique(history.item_index)
    items = [
        tuple(
            PastItem(int(item), f"links:{catalogue.item_ids[item]}", {"links": 0.5})
            for item in past[np.isin(catalogue.category_index[past], categories)][:3]
        )
        for categories in groups.categories
    ]
    parts = [
        dict.fromkeys(OWN_PARTS if categories == (own,) else ("tower", "links"), 1.0)
        for categories in groups.categories
    ] + [{term: 1.0} for term in TERMS]
    values = np.array([sum(each.values()) for each in parts])
    return Attribution(
        (*groups.players, *(f"context:{term}" for term in TERMS)),
        values,
        tuple(parts),
        0.0,
        float(values.sum()),
        (*groups.categories, *(() for _ in TERMS)),
        (*items, *(() for _ in TERMS)),
    )


def cited(attribution: Attribution, claims: list[Claim]) -> list[Record]:
    """Return the attributions of a record that states the claims."""
    for claim in claims:
        attribution = attribution.citing(claim.player, claim.part)
    return attribution.to_records()


def records_of(
    tables: Tables, as_of: pd.Timestamp, moment: pd.Timestamp, *, kinds: ClaimKinds | None = None, **how_many: int
) -> list[Record]:
    """Return records of random pairs of a shop that no scorer was trained on."""
    catalogue = Catalogue(tables.items)
    shop = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(tables, catalogue, moment),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=Policy(),
        shop=tables.shop,
    )
    return records_from(shop, EventLog(tables.events, catalogue, tables.shop), as_of, kinds=kinds, **how_many)


def records_from(
    shop: ShopEvidence,
    log: EventLog,
    as_of: pd.Timestamp,
    *,
    n_users: int,
    n_items: int,
    seed: int = 0,
    kinds: ClaimKinds | None = None,
) -> list[Record]:
    """Return records of random pairs, half of the items from the user's history, with every claim that holds."""
    catalogue = shop.catalogue
    rng = np.random.default_rng(seed)
    sold = np.flatnonzero(shop.snapshot.n_events)
    by_users = sold[np.argsort(-shop.snapshot.users_in_window[sold], kind="stable")]
    records = []
    for user_id in rng.choice(log.user_ids, size=n_users, replace=False):
        history = log.history(str(user_id), as_of)
        known = history.item_index if len(history) else sold
        items = np.unique(
            np.r_[rng.choice(known, n_items // 2), rng.choice(by_users[:1000], n_items - n_items // 2)]
        ).astype(np.int64)
        given = [attribution_of_ones(history, catalogue, int(item_index)) for item_index in items]
        subjects = Subjects.of(Evidence(shop, [history]), np.zeros(len(items), dtype=np.int64), items)
        in_force, degrees = kinds or ClaimKinds.installed(), load_lexicon("en").degrees
        claims = derive(subjects, given, kinds=in_force, degrees=degrees)
        of_badges = [kind for kind in in_force.values() if not kind.is_reason]
        told = [
            neutral(subjects, kinds=in_force, degrees=degrees, may_tell=lambda *_: True, among=[kind])
            for kind in of_badges
        ]
        records += [
            {
                "user_id": str(user_id),
                "item_id": str(catalogue.item_ids[item_index]),
                "as_of": as_of.isoformat(),
                "score": attribution.score,
                "base_value": attribution.base_value,
                "attributions": cited(attribution, own),
                "reasons": [{**claim.to_dict(), "licences": sorted(claim.licences)} for claim in own],
                "statements": [{**fact.to_dict(), "licences": sorted(fact.licences)} for fact in facts if fact],
            }
            for item_index, attribution, own, facts in zip(items, given, claims, zip(*told, strict=True), strict=True)
        ]
    return records


def claims_of(record: Record) -> list[Record]:
    """Return the reasons of a record and what a badge could state."""
    return [*record["reasons"], *record["statements"]]


def count_kinds(records: list[Record]) -> Counter[str]:
    """Return how many claims of each kind records have."""
    return Counter(claim["kind"] for record in records for claim in claims_of(record))


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Return the shop with a crowd."""
    return crowd_shop()


@pytest.fixture(scope="module")
def records(tables: Tables) -> list[Record]:
    """Return every claim that holds for 20 items of 60 users."""
    return records_of(tables, AS_OF, MOMENT, n_users=60, n_items=20)


@pytest.fixture(scope="module")
def audit(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Return the audit of the shop with a crowd."""
    folder = tmp_path_factory.mktemp("tables")
    tables.write(folder)
    return Audit(folder, MOMENT)


def test_an_item_without_a_title_is_like_no_other(audit: Audit) -> None:
    pairs = [
        ("'a', 'Tea'", "'b', null"),
        ("'a', null", "'b', null"),
        ("'a', ''", "'b', ''"),
        ("'a', 'Tea'", "'b', 'Tea'"),
    ]
    found = [audit.connection.execute(f"select is_alike({one}, {other})").fetchall() for one, other in pairs]
    assert found == [[(False,)], [(False,)], [(False,)], [(True,)]]


def test_every_claim_is_true_of_the_tables(audit: Audit, records: list[Record]) -> None:
    assert audit.faults(records) == []
    assert audit.licence_faults(records) == []
    counts = count_kinds(records)
    assert {kind: counts[kind] for kind in {*KINDS} - ELSEWHERE if counts[kind] < 15} == {}


def test_no_claim_is_missed(audit: Audit, records: list[Record]) -> None:
    """Ask the audit about every kind and player: where its rule holds, ``derive`` must have found the claim.

    Claims about views and other signals are left out: the audit needs the kind of event that they name.
    """
    asked, expected = [], 0
    for record in records:
        found = {(claim["kind"], claim["player"]) for claim in claims_of(record) if EVENT_KIND not in claim["facts"]}
        subjects = [
            {"kind": kind, "player": player["player"], "facts": {}}
            for player in record["attributions"]
            for kind in KINDS
            if kind not in NAMING and _may_cite(kind, player)
        ]
        expected += sum(kind not in NAMING for kind, _ in found)
        asked += [{**record, "reasons": [], "statements": [each]} for each in subjects]
    held = [fault for fault in audit.faults(asked) if "the rule does not hold" not in fault]
    assert len(held) == expected


def _may_cite(kind: str, player: Record) -> bool:
    part = KINDS[kind].parts[0]
    return (
        player["player"] != "rest"
        and part in player["parts"]
        and player["player"].startswith("context" if KINDS[kind].scope == "context" else "group")
    )


def falsified(value: str | float) -> str | float:
    """Return a value that is slightly wrong."""
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] != "1" else "2")
    return value + (1 if isinstance(value, int) else 0.03)


@pytest.mark.parametrize("kind", sorted({*KINDS} - ELSEWHERE))
def test_the_audit_finds_every_falsified_fact(audit: Audit, records: list[Record], kind: str) -> None:
    record, claim = next((record, claim) for record in records for claim in claims_of(record) if claim["kind"] == kind)
    for name, value in claim["facts"].items():
        wrong = copy.deepcopy({**record, "reasons": [claim], "statements": []})
        wrong["reasons"][0]["facts"][name] = falsified(value)
        faults = audit.faults([wrong])
        assert faults
        assert f"item {record['item_id']}, {kind}: " in faults[-1]


def test_the_audit_finds_claims_without_ground(audit: Audit, records: list[Record]) -> None:
    claim = next(claim for record in records for claim in record["reasons"] if claim["kind"] == "repeat_item")
    stranger = next(
        record
        for record in records
        if not any(own["player"].startswith("group:") and own["kind"] != "similar_item" for own in record["reasons"])
    )
    (fault,) = audit.faults([{**stranger, "reasons": [], "statements": [claim]}])
    assert "the rule does not hold" in fault


def test_the_audit_checks_the_attribution() -> None:
    player = {"player": "group:milk", "phi": 0.4, "parts": {"tower": 0.3, "due": 0.1}}
    reason = {
        "kind": "related_category",
        "player": "group:milk",
        "part": "tower",
        "phi": 0.3,
        "share": 0.75,
        "facts": {},
    }
    record = {
        "user_id": "u", "item_id": "i", "score": 0.4, "base_value": 0.0, "attributions": [player], "reasons": [reason],
    }  # fmt: skip
    assert list(attribution_faults(record)) == list(selection_faults(record)) == []
    assert "the score is 0.5" in next(attribution_faults({**record, "score": 0.5}))
    assert "share is 0.7 but" in next(attribution_faults({**record, "reasons": [{**reason, "share": 0.7}]}))
    assert "cites 0.3" in next(attribution_faults({**record, "reasons": [{**reason, "part": "due"}]}))
    twice = list(selection_faults({**record, "reasons": [reason, {**reason, "share": 0.05}]}))
    assert ["two reasons of one kind" in twice[0], "two reasons for one part" in twice[1], "share of" in twice[2]] == [
        True, True, True,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def real() -> tuple[Explainer, Audit]:
    """Return the explainer of the real purchases, and their audit."""
    from llm_explain.explainer import Explainer

    explainer = Explainer.load(REAL_ARTIFACTS, language_model=None)
    return explainer, Audit(REAL_ARTIFACTS / "tables", explainer.as_of)


@pytest.mark.slow
def test_eight_hundred_real_pairs(real: tuple[Explainer, Audit]) -> None:
    explainer, audit = real
    found = explainer.shop
    shop = ShopEvidence(
        found.catalogue, snapshot=found.snapshot, promotions=found.promotions, policy=Policy(), shop=found.shop
    )
    records = records_from(shop, explainer.events, explainer.as_of, n_users=100, n_items=8)
    assert len(records) > 750
    assert audit.faults(records) == []
    assert set(count_kinds(records)) >= set(KINDS) - {
        "new_arrival",
        "lower_price",
        "most_bought",
    }  # hardly anything is new, no price is stated, and the log is shorter than the year that the last one needs


@pytest.mark.slow
def test_the_records_of_the_real_scorer(real: tuple[Explainer, Audit]) -> None:
    assert_true_records(*real, n_users=60)


def test_the_records_of_a_trained_scorer(shop_artifacts: Path) -> None:
    from llm_explain.explainer import Explainer

    explainer = Explainer.load(shop_artifacts, language_model=None)
    assert_true_records(explainer, Audit(shop_artifacts / "tables", explainer.as_of), n_users=30)


def assert_true_records(explainer: Explainer, audit: Audit, *, n_users: int) -> None:
    """Fail if a reason of lists of random users is false."""
    rng = np.random.default_rng(3)
    user_ids = rng.choice(explainer.events.user_ids, size=n_users, replace=False)
    records = [each.to_dict() for user_id in user_ids for each in explainer.recommend(str(user_id), k=10)]
    assert len(records) == 10 * n_users
    assert audit.faults(records) == []
    assert [fault for record in records for fault in selection_faults(record)] == []
    assert sum(bool(record["text"]) for record in records) > len(records) / 2


def test_shares_are_those_of_the_masked_attribution(shop_artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_explain.explainer import Explainer

    monkeypatch.setattr(Policy, "is_sensitive_category", lambda policy, name: name in {"apples", "bread", "coffee"})
    explainer = Explainer.load(shop_artifacts, language_model=None)
    records = [each.to_dict() for user in explainer.events.user_ids for each in explainer.recommend(user, k=40)]
    assert [fault for record in records for fault in attribution_faults(record)] == []
    assert sum(bool(record["reasons"]) for record in records) > 50
